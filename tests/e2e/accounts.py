"""Random TOTP accounts, a line each: name, base32 secret, algorithm, digits,
period, URI. accounts.py COUNT SEED"""
import base64
import random
import sys

count, seed = int(sys.argv[1]), int(sys.argv[2])
r = random.Random(seed)
for i in range(count):
    secret = r.randbytes(r.choice([10, 16, 20, 32, 40, 64]))
    text = base64.b32encode(secret).decode().rstrip("=")
    algorithm = r.choice(["SHA1", "SHA256", "SHA512"])
    digits = r.choice([6, 7, 8])
    period = r.choice([15, 30, 30, 60, 90])
    name = f"account{i:04}"
    uri = (f"otpauth://totp/random:{name}?secret={text}"
           f"&algorithm={algorithm}&digits={digits}&period={period}")
    print(name, text, algorithm, digits, period, uri, sep="\t")
