"""Encrypted backups as other applications write them, made with
python3-cryptography and PyNaCl and nothing of this project's:
sealed.py FOLDER PASSWORD [BYTES PASSES], the last two for Ente's key."""
import base64
import hashlib
import json
import os
import sys

from cryptography.hazmat.primitives import hashes, padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from nacl import bindings
from nacl.pwhash import argon2id

folder, password = sys.argv[1], sys.argv[2].encode()
memory = int(sys.argv[3]) if len(sys.argv) > 3 else 64 << 20
passes = int(sys.argv[4]) if len(sys.argv) > 4 else 3
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


def write(name, content):
    with open(os.path.join(folder, name), "wb") as f:
        f.write(content)


def encode(value):
    return json.dumps(value, ensure_ascii=False).encode()


def b64(raw):
    return base64.b64encode(raw).decode()


def pbkdf2(kind, salt, count):
    return PBKDF2HMAC(kind, 32, salt, count).derive(password)


def gcm(key, text, more=None):
    nonce = os.urandom(12)
    return nonce, AESGCM(key).encrypt(nonce, text, more)


def aegis():
    entry = {"type": "totp", "uuid": "x", "name": "mé", "issuer": "Aegis",
             "note": "n", "favorite": True, "icon": None, "groups": ["g"],
             "info": {"secret": SECRET, "algo": "SHA1", "digits": 8,
                      "period": 30}}
    content = {"version": 3, "entries": [entry],
               "groups": [{"uuid": "g", "name": "Work"}]}
    master, salt = os.urandom(32), os.urandom(32)
    key = hashlib.scrypt(password, salt=salt, n=32768, r=8, p=1, dklen=32,
                         maxmem=1 << 26)
    nonce, wrapped = gcm(key, master)
    other, sealed = gcm(master, encode(content))
    slot = {"type": 1, "uuid": "s", "key": wrapped[:32].hex(),
            "key_params": {"nonce": nonce.hex(), "tag": wrapped[32:].hex()},
            "n": 32768, "r": 8, "p": 1, "salt": salt.hex(),
            "repaired": True, "is_backup": False}
    write("aegis", encode({
        "version": 1,
        "header": {"slots": [slot], "params": {
            "nonce": other.hex(), "tag": sealed[-16:].hex()}},
        "db": b64(sealed[:-16])}))


def twofas():
    salt = os.urandom(256)
    service = {"name": "2FAS", "secret": SECRET, "otp": {
        "account": "me", "issuer": "2FAS", "digits": 8, "period": 30,
        "algorithm": "SHA1", "tokenType": "TOTP"}}
    nonce, sealed = gcm(pbkdf2(hashes.SHA256(), salt, 10000),
                        encode([service]))
    write("2fas", encode({
        "services": [], "groups": [], "schemaVersion": 4,
        "servicesEncrypted": ":".join(map(b64, (sealed, salt, nonce)))}))


def andotp():
    salt, count = os.urandom(12), 140000
    token = {"secret": SECRET, "issuer": "andOTP", "label": "me", "digits": 8,
             "type": "TOTP", "algorithm": "SHA1", "period": 30, "tags": []}
    nonce, sealed = gcm(pbkdf2(hashes.SHA1(), salt, count), encode([token]))
    write("andotp", count.to_bytes(4, "big") + salt + nonce + sealed)


def ente():
    salt = os.urandom(16)
    line = f"otpauth://totp/Ente:me?secret={SECRET}&issuer=Ente&digits=8\n"
    key = argon2id.kdf(32, password, salt, opslimit=passes, memlimit=memory)
    state = bindings.crypto_secretstream_xchacha20poly1305_state()
    header = bindings.crypto_secretstream_xchacha20poly1305_init_push(
        state, key)
    sealed = bindings.crypto_secretstream_xchacha20poly1305_push(
        state, line.encode())
    write("ente", encode({
        "version": 1, "kdfParams": {"memLimit": memory, "opsLimit": passes,
                                    "salt": b64(salt)},
        "encryptedData": b64(sealed), "encryptionNonce": b64(header)}))


def stratum():
    salt, iv = os.urandom(20), os.urandom(16)
    content = {"Authenticators": [{
        "Type": 2, "Issuer": "Stratum", "Username": "me", "Secret": SECRET,
        "Algorithm": 0, "Digits": 8, "Period": 30, "Counter": 0}]}
    pad = padding.PKCS7(128).padder()
    text = pad.update(encode(content)) + pad.finalize()
    cipher = Cipher(algorithms.AES(pbkdf2(hashes.SHA1(), salt, 64000)),
                    modes.CBC(iv)).encryptor()
    write("stratum", b"AuthenticatorPro" + salt + iv + cipher.update(text) +
          cipher.finalize())


def proton():
    salt = os.urandom(16)
    uri = f"otpauth://totp/me?secret={SECRET}&issuer=Proton&digits=8"
    content = {"version": 1, "entries": [{
        "id": "1", "content": {"uri": uri, "entry_type": "Totp",
                               "name": "me"}, "note": None}]}
    key = argon2id.kdf(32, password, salt, opslimit=2, memlimit=19456 << 10)
    nonce, sealed = gcm(key, encode(content),
                        b"proton.authenticator.export.v1")
    write("proton", encode({"version": 1, "salt": b64(salt),
                            "content": b64(nonce + sealed)}))


for make in (aegis, twofas, andotp, ente, stratum, proton):
    make()
