"""Opens what fob exports by other means than its own: opened.py FORMAT FILE
PASSWORD prints each account as "issuer/account SECRET type ALGORITHM digits
period", in base32, sorted; of HOTP the counter stands for the period. An empty
password is the plain form. opened() gives outside.py these, and what else the
format says of them: note, tags, favourite, pin."""
import base64
import csv
import ctypes
import ctypes.util
import hashlib
import hmac
import io
import json
import sys
import urllib.parse
import xml.etree.ElementTree

import nacl.bindings
import nacl.pwhash.argon2id
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt


def b64(text):
    return base64.b64decode(text, validate=True)


def b32(secret):
    return base64.b32encode(bytes(v & 255 for v in secret)).decode().rstrip("=")


STEAM = ("steam", "SHA1", 5, 30)


def account(issuer, name, secret, kind, algorithm, digits, moving, **more):
    """What stands beside an account: note, tags, favourite, pin."""
    return {"names": (issuer, name),
            "code": (secret, kind, algorithm, digits, moving),
            "note": more.get("note") or "", "tags": set(more.get("tags", ())),
            "favourite": more.get("favourite", False),
            "pin": more.get("pin") or ""}


def of_uri(names, text, **more):
    """The names are said elsewhere."""
    _, _, *code, pin = uri(text)
    return account(*names, *code, pin=pin, **more)


def uri(text):
    parts = urllib.parse.urlsplit(text)
    if parts.scheme == "steam":
        return "Steam", "", parts.netloc, *STEAM, ""
    query = dict(urllib.parse.parse_qsl(parts.query, strict_parsing=True))
    if parts.scheme == "motp":
        secret = base64.b32encode(bytes.fromhex(query["secret"])).decode()
        issuer, _, label = parts.netloc.partition(":")
        return (urllib.parse.unquote(issuer), urllib.parse.unquote(label),
                secret.rstrip("="), "motp", "MD5", 6, 10, "")
    label = urllib.parse.unquote(parts.path.removeprefix("/"))
    issuer = query.get("issuer", "")
    # A colon in front keeps an account with colons from being split.
    secret = query["secret"].rstrip("=")
    names = issuer, label.removeprefix(issuer + ":"), secret
    if parts.netloc == "steam" or query.get("encoder") == "steam":
        return *names, *STEAM, ""
    pin = query.get("pin", "")
    pin = base64.b32decode(pin + "=" * (-len(pin) % 8)).decode()
    if parts.netloc == "yaotp":
        return *names, "yandex", "SHA256", 8, 30, pin
    moving = "counter" if parts.netloc == "hotp" else "period"
    return (*names, parts.netloc, query.get("algorithm", "SHA1"),
            int(query.get("digits", 6)), int(query.get(moving, 30)), pin)


def uris(text):
    return [of_uri(uri(line)[:2], line) for line in text.splitlines()]


def argon2id(password, salt, passes, kib):
    return nacl.pwhash.argon2id.kdf(32, password, salt, passes, kib * 1024)


def argon2id_lanes(password, salt, passes, kib, lanes):
    """libsodium has one lane only."""
    library = ctypes.CDLL(ctypes.util.find_library("argon2"))
    key = ctypes.create_string_buffer(32)
    n = ctypes.c_size_t
    error = library.argon2id_hash_raw(
        passes, kib, lanes, password, n(len(password)), salt, n(len(salt)),
        key, n(32))
    assert error == 0
    return key.raw


def aegis(data, password):
    root = json.loads(data)
    content = root["db"]
    if password:
        slot = root["header"]["slots"][0]
        key = Scrypt(bytes.fromhex(slot["salt"]), 32, slot["n"], slot["r"],
                     slot["p"]).derive(password)

        def opened(key, params, sealed):
            return AESGCM(key).decrypt(bytes.fromhex(params["nonce"]),
                                       sealed + bytes.fromhex(params["tag"]),
                                       None)

        master = opened(key, slot["key_params"], bytes.fromhex(slot["key"]))
        content = json.loads(opened(master, root["header"]["params"],
                                    b64(content)))
    groups = {g["uuid"]: g["name"] for g in content["groups"]}
    return [account(e["issuer"], e["name"], e["info"]["secret"], e["type"],
                    e["info"]["algo"], e["info"]["digits"],
                    e["info"]["counter" if e["type"] == "hotp" else "period"],
                    note=e["note"], favourite=e["favorite"],
                    tags=[groups[g] for g in e["groups"]],
                    pin=e["info"].get("pin"))
            for e in content["entries"]]


def twofas(data, password):
    root = json.loads(data)
    services = root["services"]

    def opened(text):
        sealed, salt, nonce = map(b64, text.split(":"))
        assert len(salt) == 256
        key = hashlib.pbkdf2_hmac("sha256", password, salt, 10000)
        return AESGCM(key).decrypt(nonce, sealed, None)

    if password:
        assert services == []
        # What the application compares, as it is in its own files.
        assert hashlib.sha256(opened(root["reference"])).hexdigest() == (
            "cef0eb8ede32f858e3c6fbd8753d3f22"
            "093e57fc0d0f1f414dd97a0dba4c4d67")
        services = json.loads(opened(root["servicesEncrypted"]))
    groups = {g["id"]: g["name"] for g in root["groups"]}
    return [account(
        s["otp"]["issuer"], s["otp"]["account"], s["secret"],
        s["otp"]["tokenType"].lower(), s["otp"]["algorithm"],
        s["otp"]["digits"], s["otp"]["counter" if s["otp"]["tokenType"] ==
                                     "HOTP" else "period"],
        tags=[groups[g] for g in [s.get("groupId")] if g]) for s in services]


def bitwarden(data, password):
    root = json.loads(data)

    def expand(key, info):
        return hmac.digest(key, info + b"\x01", "sha256")

    def opened(keys, text):
        assert text.startswith("2.")
        iv, sealed, mac = map(b64, text[2:].split("|"))
        assert hmac.compare_digest(
            mac, hmac.digest(keys[1], iv + sealed, "sha256"))
        cipher = Cipher(algorithms.AES(keys[0]), modes.CBC(iv)).decryptor()
        pad = padding.PKCS7(128).unpadder()
        text = cipher.update(sealed) + cipher.finalize()
        return pad.update(text) + pad.finalize()

    if password:
        key = hashlib.pbkdf2_hmac("sha256", password, root["salt"].encode(),
                                  root["kdfIterations"])
        keys = expand(key, b"enc"), expand(key, b"mac")
        assert len(opened(keys, root["encKeyValidation_DO_NOT_EDIT"])) == 36
        root = json.loads(opened(keys, root["data"]))
    folders = {f["id"]: f["name"] for f in root["folders"]}
    return [of_uri((i["name"], i["login"]["username"]), i["login"]["totp"],
                   note=i["notes"], favourite=i["favorite"],
                   tags=[folders[f] for f in [i["folderId"]] if f])
            for i in root["items"]]


def ente_lines(text):
    for line in text.splitlines():
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(line).query)
        display = json.loads(query["codeDisplay"][0])
        yield of_uri(uri(line)[:2], line, note=display["note"],
                     favourite=display["pinned"], tags=display["tags"])


def ente(data, password):
    if not password:
        return list(ente_lines(data.decode()))
    root = json.loads(data)
    kdf = root["kdfParams"]
    key = argon2id(password, b64(kdf["salt"]), kdf["opsLimit"],
                   kdf["memLimit"] // 1024)
    b = nacl.bindings
    state = b.crypto_secretstream_xchacha20poly1305_state()
    b.crypto_secretstream_xchacha20poly1305_init_pull(
        state, b64(root["encryptionNonce"]), key)
    text, _ = b.crypto_secretstream_xchacha20poly1305_pull(
        state, b64(root["encryptedData"]))
    return list(ente_lines(text.decode()))


def proton(data, password):
    root = json.loads(data)
    if password:
        sealed = b64(root["content"])
        key = argon2id(password, b64(root["salt"]), 2, 19456)
        root = json.loads(AESGCM(key).decrypt(
            sealed[:12], sealed[12:], b"proton.authenticator.export.v1"))
    return [of_uri((uri(e["content"]["uri"])[0], e["content"]["name"]),
                   e["content"]["uri"], note=e["note"])
            for e in root["entries"]]


def stratum(data, password):
    if password:
        assert data[:16] == b"AUTHENTICATORPRO"
        key = argon2id_lanes(password, data[16:32], 3, 65536, 4)
        data = AESGCM(key).decrypt(data[32:44], data[44:], None)
    types = {1: "hotp", 2: "totp", 3: "motp", 4: "steam", 5: "yandex"}
    root = json.loads(data)
    names = {c["Id"]: c["Name"] for c in root["Categories"]}
    assert all(i == hashlib.sha1(n.encode()).hexdigest()[:8]
               for i, n in names.items())
    accounts = []
    for a in root["Authenticators"]:
        kind, secret = types[a["Type"]], a["Secret"]
        algorithm = ("SHA1", "SHA256", "SHA512")[a["Algorithm"]]
        if kind == "motp":
            secret, algorithm = b32(bytes.fromhex(secret)), "MD5"
        accounts.append(account(
            a["Issuer"], a["Username"], secret, kind, algorithm, a["Digits"],
            a["Counter" if kind == "hotp" else "Period"], pin=a["Pin"],
            tags=[names[b["CategoryId"]]
                  for b in root["AuthenticatorCategories"]
                  if b["AuthenticatorSecret"] == a["Secret"]]))
    return accounts


def freeotp_plus(data, _):
    root = json.loads(data)
    assert root["tokenOrder"] == [
        (t["issuerExt"] + ":" if t["issuerExt"] else "") + t["label"]
        for t in root["tokens"]]
    return [account(t.get("issuerAlt", t["issuerExt"]), t["label"],
                    b32(t["secret"]), *(STEAM if t["issuerExt"] == "Steam" else
                                        (t["type"].lower(), t["algo"],
                                         t["digits"],
                                         t["counter" if t["type"] == "HOTP"
                                           else "period"])))
            for t in root["tokens"]]


def keepassxc_csv(data, _):
    rows = csv.DictReader(io.StringIO(data.decode(), newline=""))
    return [of_uri((r["Title"], r["Username"]), r["TOTP"], note=r["Notes"],
                   tags=filter(None, [r["Group"].partition("/")[2]]))
            for r in rows]


def keepassxc_xml(data, _):
    accounts = []
    root = xml.etree.ElementTree.fromstring(data).find("Root/Group")
    groups = [(root, ())] + [(g, (g.findtext("Name"),))
                             for g in root.findall("Group")]
    for group, tags in groups:
        for entry in group.findall("Entry"):
            strings = {s.findtext("Key"): s.findtext("Value")
                       for s in entry.findall("String")}
            accounts.append(of_uri((strings["Title"], strings["UserName"]),
                                   strings["otp"], note=strings["Notes"],
                                   tags=tags))
    return accounts


def varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 127) << shift
        at, shift = at + 1, shift + 7
        if not data[at - 1] & 128:
            return value, at


def fields(data):
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        value, at = varint(data, at)
        if key & 7 == 2:
            value, at = data[at:at + value], at + value
        yield key >> 3, value


def google(data, _):
    accounts = []
    for line in data.decode().splitlines():
        # What the largest QR code holds.
        assert len(line) <= 2953
        query = urllib.parse.urlsplit(line).query
        payload = b64(urllib.parse.parse_qs(query)["data"][0])
        for number, value in fields(payload):
            if number == 1:
                a = dict(fields(value))
                issuer = a.get(3, b"").decode()
                name = a[2].decode().removeprefix(issuer + ":")
                hotp = a.get(6, 2) == 1
                accounts.append(account(
                    issuer, name, b32(a[1]), "hotp" if hotp else "totp",
                    ("SHA1", "SHA1", "SHA256", "SHA512")[a.get(4, 0)],
                    (6, 6, 8)[a.get(5, 0)],
                    a.get(7, 0) if hotp else 30))
    return accounts


READERS = {
    "uri": lambda data, _: uris(data.decode()), "aegis": aegis,
    "2fas": twofas, "bitwarden": bitwarden, "ente": ente, "proton": proton,
    "stratum": stratum, "freeotp-plus": freeotp_plus,
    "keepassxc-csv": keepassxc_csv, "keepassxc-xml": keepassxc_xml,
    "google": google,
}

def opened(form, path, password):
    with open(path, "rb") as f:
        return READERS[form](f.read(), password.encode())


if __name__ == "__main__":
    for found in sorted(opened(*sys.argv[1:]), key=lambda a: a["names"]):
        print("/".join(found["names"]), *found["code"])
