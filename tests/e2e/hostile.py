"""Files that mean harm, imported as a person would: hostile.py FOLDER PROGRAM
ARGUMENT... makes each in FOLDER and runs the program on it. It tells of what
ends in another way than it should, says nothing of the reason or the place,
takes more than 256 MiB of memory, or changes a vault that nothing went into.
Prints how many accounts should be in the vault after."""
import base64
import io
import json
import os
import re
import resource
import subprocess
import sys
import zipfile

folder, command = sys.argv[1], sys.argv[2:]
MOST = 256 * 1024  # KiB
salt = base64.b64encode(bytes(16)).decode()
good = b"otpauth://totp/%s:a?secret=%s&issuer=%s\n"


def packed(content, name="raivo-otp-export.json"):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr(name, content)
    return out.getvalue()


def bomb():
    return packed(bytes(200 * 1024 * 1024))


def claimed(archive, size=b"\0\0\0\1"):
    """The same, with another size in its directory."""
    at = archive.rindex(b"PK\1\2") + 24
    return archive[:at] + size + archive[at + 4:]


def line(name, secret, more=b""):
    return b"otpauth://totp/%s:a?secret=%s%s\n" % (name, secret, more)


def ente(memory):
    return json.dumps({
        "version": 1, "encryptedData": base64.b64encode(bytes(64)).decode(),
        "encryptionNonce": base64.b64encode(bytes(24)).decode(),
        "kdfParams": {"memLimit": memory, "opsLimit": 4, "salt": salt}})


def aegis(n, version=1):
    params = {"nonce": "00" * 12, "tag": "00" * 16}
    return json.dumps({
        "version": version, "db": salt, "header": {"params": params, "slots": [
            {"type": 1, "uuid": "x", "key": "00" * 32, "key_params": params,
             "n": n, "r": 8, "p": 1, "salt": "00" * 32, "repaired": True}]}})


def bitwarden(kind, passes, memory):
    sealed = f"2.{salt}|{salt}|{base64.b64encode(bytes(32)).decode()}"
    return json.dumps({
        "encrypted": True, "passwordProtected": True, "salt": salt,
        "kdfType": kind, "kdfIterations": passes, "kdfMemory": memory,
        "kdfParallelism": 4, "encKeyValidation_DO_NOT_EDIT": sealed,
        "data": sealed})


def authy(passes):
    return json.dumps({"authenticator_tokens": [{
        "account_type": "a", "digits": 6, "encrypted_seed": salt, "name": "x",
        "key_derivation_iterations": passes, "salt": "s", "unique_id": "1"}]})


def pskc(version):
    return ('<KeyContainer xmlns="urn:ietf:params:xml:ns:keyprov:pskc" '
            f'Version="{version}"><KeyPackage/></KeyContainer>')


# name: content, exit status, what is said, accounts that go in
CASES = {
    "empty": (b"", 1, "empty: the file is empty", 0),
    "bomb.zip": (bomb, 1, "member 1 .* 64 MiB", 0),
    "bomb-claim.zip": (lambda: claimed(bomb()), 1, "member 1 .* damaged", 0),
    "claim.zip": (lambda: claimed(packed(b"a"), b"\0\0\0\x80"), 1,
                  "member 1 .* 64 MiB", 0),
    "nested.zip": (lambda: packed(packed(b"a")), 1, "holds an archive", 0),
    "cut.zip": (lambda: packed(b"a")[:-1], 1, "damaged: .*cut off", 0),
    "path.zip": (lambda: packed(line(b"Z", b"MFRGHDA"), "../../list"), 0, "",
                 1),
    "deep.json": (b"[" * 5_000_000, 1, "deep.json: .*not recognised", 0),
    "deep-aegis.json": (
        b'{"version":1,"header":{"slots":null,"params":null},"db":'
        + b'{"a":' * 1_000_000, 1, "deep-aegis.json: .*line 1, column .*nested", 0),
    "wide.json": (b"[" + b"[]," * 10_000_000 + b"[]]", 1, "wide.json", 0),
    "ente-8g": (lambda: ente(8 << 30), 1, "more memory or time", 0),
    "ente-1g": (lambda: ente(1 << 30).replace('"opsLimit": 4',
                                              '"opsLimit": 1'),
                1, "more memory or time .*1024 MiB, passes: 1;", 0),
    "aegis-8g": (lambda: aegis(8 << 20), 1, "more memory or time", 0),
    "bitwarden-8g": (lambda: bitwarden(1, 3, 8192), 1, "more memory or time",
                     0),
    "bitwarden-257": (lambda: bitwarden(1, 3, 257), 1, "more memory or time",
                      0),
    "bitwarden-ages": (lambda: bitwarden(0, 4_000_000_000, 64), 1,
                       "more memory or time", 0),
    "authy-ages": (lambda: authy(2_000_000_000), 1, "more memory or time", 0),
    "andotp-ages": (b"\x7f\xff\xff\xff" + bytes(range(128, 256)), 7,
                    "password", 0),
    "aegis-wrong": (lambda: aegis(1 << 10), 7, "password", 0),
    "aegis-cut": (lambda: aegis(1 << 10)[:-20], 1, "aegis-cut: .*line 1", 0),
    "aegis-9": (lambda: aegis(1 << 10, 9), 1, "newer Aegis", 0),
    "2fas-99": ('{"services":[],"groups":[],"schemaVersion":99}', 1,
                "newer 2FAS", 0),
    "ente-9": (lambda: ente(1 << 20).replace('"version": 1', '"version": 9'),
               1, "newer Ente", 0),
    "proton-9": (f'{{"version":9,"salt":"{salt}","content":"{salt}"}}', 1,
                 "newer Proton", 0),
    "pskc-9": (lambda: pskc("9.0"), 1, "newer PSKC", 0),
    "twice.json": ('{"version":1,\n"version":1,"entries":[],"entries":[]}', 1,
                   "twice.json: .*line 2, column 9: a key", 0),
    "noise": (lambda: b"\x00" + bytes(i * i % 251 for i in range(100_000)),
              7, "noise", 0),
    "letters": (line(b"L0", b"GEZD0NBVGY3TQOJQ") + line(b"L1", b"1EZDGNBVGY")
                + line(b"L8", b"GEZDGNBVGY3TQOJ8") + line(b"L", b"MFRGG2A"),
                0, "(?s)1: L0.*0, 1 and 8.*2: L1.*3: L8", 1),
    "utf8": (line(b"U%ff%fe", b"MFRGG3A") + line(b"\xff\xfe", b"MFRGG4A")
             + line(b"U", b"MFRGG5A"), 0, "(?s)1: U.*UTF-8.*2: .*UTF-8", 1),
    "sizes": (line(b"S0", b"") + line(b"S4096", b"A" * 6554)
              + line(b"S", b"MFRGG6A"), 0,
              "(?s)1: S0.*is empty.*2: S4096.*too long", 1),
    "negative": (b"otpauth://hotp/N:a?secret=MFRGG7A&counter=-1\n"
                 + line(b"P", b"MFRGG7B", b"&period=-30")
                 + line(b"D", b"MFRGG7C", b"&digits=-6")
                 + line(b"N", b"MFRGHAA"), 0,
                 "(?s)1: N.*counter.*2: P.*period.*3: D.*digits", 1),
    "twice": (line(b"T", b"MFRGHBA", b"&secret=MFRGHCA&issuer=A&issuer=B"),
              0, "", 1),
}

# Whole, to be cut and changed.
WHOLE = json.dumps({"version": 1, "header": {"slots": None, "params": None},
                    "db": {"version": 3, "groups": [], "entries": [
                        {"type": "totp", "issuer": "I", "name": "n", "info": {
                            "secret": "MFRGGZDF", "algo": "SHA1", "digits": 6,
                            "period": 30}} for _ in range(3)]}}).encode()
PLACES = 12


def run(name, status, said, *more):
    done = subprocess.run(command + [f"{folder}/{name}", *more],
                          capture_output=True, stdin=subprocess.DEVNULL)
    text = (done.stdout + done.stderr).decode("utf-8", "replace")
    wanted = status if isinstance(status, tuple) else (status,)
    if done.returncode not in wanted or not re.search(said, text):
        print(f"{name}: status {done.returncode}: {text}", file=sys.stderr)


def write(name, content):
    with open(f"{folder}/{name}", "wb") as f:
        f.write(content)


def root():
    """What the vault holds."""
    at = command.index("import")
    return json.loads(subprocess.run(command[:at] + ["status", "--json"],
                                     capture_output=True).stdout)["root"]


before = root()
total = 0
for i in range(PLACES):
    at = (2 * i + 1) * len(WHOLE) // (2 * PLACES)
    write(f"cut-{at}", WHOLE[:at])
    run(f"cut-{at}", 1, f"cut-{at}: .")
    flipped = bytearray(WHOLE)
    flipped[at] ^= 1 << i % 8
    write(f"flipped-{at}", flipped)
    run(f"flipped-{at}", (0, 1, 7), ".", "--dry-run")
for name, (content, status, said, added) in CASES.items():
    content = content() if callable(content) else content
    write(name, content.encode() if isinstance(content, str) else content)
    if added and not total and root() != before:
        print("the vault has changed", file=sys.stderr)
    run(name, status, said)
    total += added
with open(f"{folder}/two-gigabytes", "wb") as f:
    f.truncate(2 << 30)
run("two-gigabytes", 1, "larger than 64 MiB")
with subprocess.Popen(["head", "-c", "2G", "/dev/zero"],
                      stdout=subprocess.PIPE) as pipe:
    done = subprocess.run(command + ["-"], stdin=pipe.stdout,
                          capture_output=True)
    pipe.stdout.close()
    if done.returncode != 1 or b"standard input" not in done.stderr:
        print("from a pipe:", done, file=sys.stderr)
used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
if used > MOST:
    print(f"memory: {used} KiB", file=sys.stderr)
os.remove(f"{folder}/two-gigabytes")
print(total)
