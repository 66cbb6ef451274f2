"""Security keys made of software, for fob-fido-soft: CTAP 2.1 as far as a
client of hmac-secret sees it, written from the specification.

authenticator.py FOLDER LOG KEY...: a socket FOLDER/NAME for each KEY, which is
NAME[,pin=PIN][,protocol=1|2][,plain][,untouched][,old]: with a PIN; with that
PIN/UV protocol; without PIN tokens of CTAP 2.1; never touched; without
hmac-secret. A line in LOG for each touch.
"""
import hashlib
import hmac
import os
import selectors
import socket
import struct
import sys

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

CBOR, CANCEL = 0x10, 0x11
OK, INVALID_COMMAND, MISSING, EXCLUDED = 0, 0x01, 0x14, 0x19
NO_CREDENTIALS, PIN_INVALID, PIN_BLOCKED = 0x2e, 0x31, 0x32
PIN_AUTH_INVALID, PIN_AUTH_BLOCKED, PIN_REQUIRED = 0x33, 0x34, 0x36


class Refused(Exception):
    pass


# --- CBOR, RFC 8949, of what CTAP uses ---

def head(kind, n):
    if n < 24:
        return bytes([kind << 5 | n])
    if n < 256:
        return bytes([kind << 5 | 24, n])
    return bytes([kind << 5 | 25]) + struct.pack(">H", n)


def encode(v):
    if v is True or v is False:
        return b"\xf5" if v else b"\xf4"
    if isinstance(v, int):
        return head(0, v) if v >= 0 else head(1, -1 - v)
    if isinstance(v, bytes):
        return head(2, len(v)) + v
    if isinstance(v, str):
        return head(3, len(v.encode())) + v.encode()
    if isinstance(v, list):
        return head(4, len(v)) + b"".join(encode(x) for x in v)
    pairs = sorted((encode(k), encode(x)) for k, x in v.items())
    return head(5, len(v)) + b"".join(k + x for k, x in pairs)


def decode(data, at=0):
    kind, n = data[at] >> 5, data[at] & 31
    at += 1
    if kind == 7:
        return {20: False, 21: True}[n], at
    if n >= 24:
        size = 1 << (n - 24)
        n = int.from_bytes(data[at:at + size], "big")
        at += size
    if kind < 2:
        return n if kind == 0 else -1 - n, at
    if kind < 4:
        part = data[at:at + n]
        return (part if kind == 2 else part.decode()), at + n
    items = []
    for _ in range(n if kind == 4 else 2 * n):
        item, at = decode(data, at)
        items.append(item)
    if kind == 4:
        return items, at
    return dict(zip(items[::2], items[1::2])), at


# --- keys ---

def aes(key, iv, data, seal):
    cipher = Cipher(algorithms.AES(key), modes.CBC(iv))
    worker = cipher.encryptor() if seal else cipher.decryptor()
    return worker.update(data) + worker.finalize()


def mac(key, data):
    return hmac.new(key, data, hashlib.sha256).digest()


def cose(key, algorithm):
    n = key.public_key().public_numbers()
    return {1: 2, 3: algorithm, -1: 1, -2: n.x.to_bytes(32, "big"),
            -3: n.y.to_bytes(32, "big")}


class Shared:
    """PIN/UV auth protocols one and two, CTAP 2.1 sections 6.5.6, 6.5.7."""

    def __init__(self, ours, theirs, protocol):
        numbers = ec.EllipticCurvePublicNumbers(
            int.from_bytes(theirs[-2], "big"),
            int.from_bytes(theirs[-3], "big"), ec.SECP256R1())
        z = ours.exchange(ec.ECDH(), numbers.public_key())
        self.two = protocol == 2
        if self.two:
            self.mac_key, self.aes_key = (
                HKDF(hashes.SHA256(), 32, bytes(32), info).derive(z)
                for info in (b"CTAP2 HMAC key", b"CTAP2 AES key"))
        else:
            self.mac_key = self.aes_key = hashlib.sha256(z).digest()

    def seal(self, data):
        if not self.two:
            return aes(self.aes_key, bytes(16), data, True)
        iv = os.urandom(16)
        return iv + aes(self.aes_key, iv, data, True)

    def open(self, data):
        if not self.two:
            return aes(self.aes_key, bytes(16), data, False)
        return aes(self.aes_key, data[:16], data[16:], False)

    def check(self, data, tag, key=None):
        got = mac(key or self.mac_key, data)
        if (got if self.two else got[:16]) != tag:
            raise Refused(PIN_AUTH_INVALID)


class Key:
    def __init__(self, spec, log):
        self.name, *options = spec.split(",")
        options = dict((o.split("=") + [""])[:2] for o in options)
        self.pin = options.get("pin", "").encode()
        self.protocol = int(options.get("protocol", "2"))
        self.plain = "plain" in options
        self.untouched = "untouched" in options
        self.old = "old" in options
        self.tries = 8
        self.log = log
        self.agreement = ec.generate_private_key(ec.SECP256R1())
        self.token = os.urandom(32)
        self.credentials = {}
        self.counter = 0

    def answer(self, message):
        commands = {1: self.make, 2: self.assertion, 4: self.info,
                    6: self.client_pin}
        request = decode(message, 1)[0] if len(message) > 1 else {}
        try:
            if message[0] not in commands:
                raise Refused(INVALID_COMMAND)
            reply = commands[message[0]](request)
        except Refused as e:
            return bytes([e.args[0]])
        if reply is None:
            return None
        return b"\0" + (encode(reply) if reply else b"")

    def info(self, _):
        extensions = [] if self.old else ["hmac-secret"]
        return {1: ["FIDO_2_0", "FIDO_2_1"], 2: extensions, 3: bytes(16),
                4: {"rk": True, "up": True, "clientPin": bool(self.pin),
                    "pinUvAuthToken": not self.plain},
                5: 1200, 6: [self.protocol]}

    def client_pin(self, r):
        command = r[2]
        if command == 1:
            return {3: self.tries}
        if command == 2:
            return {1: cose(self.agreement, -25)}
        if command not in (5, 9):
            raise Refused(INVALID_COMMAND)
        shared = Shared(self.agreement, r[3], r[1])
        if self.tries == 0:
            raise Refused(PIN_BLOCKED)
        self.tries -= 1
        wanted = hashlib.sha256(self.pin).digest()[:16]
        if shared.open(r[6]) != wanted:
            self.agreement = ec.generate_private_key(ec.SECP256R1())
            raise Refused(PIN_INVALID)
        self.tries = 8
        return {2: shared.seal(self.token)}

    def verified(self, r, tag, protocol):
        """Did the person prove to know the PIN?"""
        if tag not in r:
            return False
        got = mac(self.token, r[1] if tag == 8 else r[2])
        if r[protocol] == 1:
            got = got[:16]
        if got != r[tag]:
            raise Refused(PIN_AUTH_INVALID)
        return True

    def touch(self, what):
        if self.untouched:
            return False
        print(self.name, what, file=self.log, flush=True)
        return True

    def data(self, rp, flags, more):
        self.counter += 1
        return hashlib.sha256(rp.encode()).digest() + \
            bytes([flags]) + struct.pack(">I", self.counter) + more

    def make(self, r):
        uv = self.verified(r, 8, 9)
        if self.pin and not uv:
            raise Refused(PIN_REQUIRED)
        if not self.touch("make"):
            return None
        for c in r.get(5, []):
            if self.credentials.get(c["id"], {}).get("rp") == r[2]["id"]:
                raise Refused(EXCLUDED)
        name = os.urandom(48)
        key = ec.generate_private_key(ec.SECP256R1())
        self.credentials[name] = {
            "rp": r[2]["id"], "key": key,
            "secret": (os.urandom(32), os.urandom(32))}
        asked = r.get(6, {}).get("hmac-secret", False) and not self.old
        more = bytes(16) + struct.pack(">H", len(name)) + name + \
            encode(cose(key, -7))
        if asked:
            more += encode({"hmac-secret": True})
        data = self.data(r[2]["id"], 0x41 | uv << 2 | asked << 7, more)
        return {1: "none", 2: data, 3: {}}

    def find(self, r):
        for c in r.get(3, []):
            known = self.credentials.get(c["id"])
            if known and known["rp"] == r[1]:
                return c["id"], known
        raise Refused(NO_CREDENTIALS)

    def secret(self, ask, known, uv):
        shared = Shared(self.agreement, ask[1], ask.get(4, 1))
        shared.check(ask[2], ask[3])
        salt = shared.open(ask[2])
        return shared.seal(mac(known["secret"][uv], salt))

    def assertion(self, r):
        uv = self.verified(r, 6, 7)
        up = r.get(5, {}).get("up", True)
        name, known = self.find(r)
        if up and not self.touch("uv" if uv else "up"):
            return None
        ask = r.get(4, {}).get("hmac-secret")
        more = b""
        if ask and up:
            more = encode({"hmac-secret": self.secret(ask, known, uv)})
        data = self.data(r[1], up | uv << 2 | bool(more) << 7, more)
        signature = known["key"].sign(data + r[2], ec.ECDSA(hashes.SHA256()))
        return {1: {"id": name, "type": "public-key"}, 2: data, 3: signature}


# --- the line ---

def read_exactly(line, n):
    data = b""
    while len(data) < n:
        part = line.recv(n - len(data))
        if not part:
            raise EOFError
        data += part
    return data


def serve(line, key):
    """One message; an answer unless the person never touches the key."""
    command, n = struct.unpack(">BI", read_exactly(line, 5))
    message = read_exactly(line, n)
    if command == CANCEL:
        print(key.name, "cancelled", file=key.log, flush=True)
        return
    reply = key.answer(message)
    if reply is not None:
        line.sendall(struct.pack(">BI", CBOR, len(reply)) + reply)


def main():
    folder, log, *specs = sys.argv[1:]
    selector = selectors.DefaultSelector()
    with open(log, "a", encoding="utf-8") as f:
        for spec in specs:
            key = Key(spec, f)
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(os.path.join(folder, key.name))
            listener.listen()
            selector.register(listener, selectors.EVENT_READ, (True, key))
        parent = os.getppid()
        while os.getppid() == parent:
            for ready, _ in selector.select(1):
                listening, key = ready.data
                if listening:
                    line = ready.fileobj.accept()[0]
                    selector.register(line, selectors.EVENT_READ,
                                      (False, key))
                    continue
                try:
                    serve(ready.fileobj, key)
                except (EOFError, ConnectionError):
                    selector.unregister(ready.fileobj)
                    ready.fileobj.close()


main()
