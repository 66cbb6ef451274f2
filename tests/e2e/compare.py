"""Are these codes those of oathtool? compare.py ACCOUNTS CODES TIME"""
import json
import subprocess
import sys

accounts, codes, at = sys.argv[1:]
with open(codes, encoding="utf-8") as f:
    have = {c["account"]: c["code"] for c in json.load(f)
            if c["issuer"] == "random"}
equal = different = 0
for line in open(accounts, encoding="utf-8"):
    name, secret, algorithm, digits, period, _ = line.split("\t")
    wanted = subprocess.run(
        ["oathtool", f"--totp={algorithm.lower()}", "-b", "-d", digits,
         "-s", period + "s", "-N", "@" + at, "-"],
        input=secret, capture_output=True, text=True).stdout.strip()
    if have.get(name) == wanted:
        equal += 1
    else:
        different += 1
        if different <= 3:
            print(f"{name}: {have.get(name)}, not {wanted}")
print(equal, "equal")
