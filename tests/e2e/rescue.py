"""Recovery seen from outside, with hashlib, python3-cryptography and PyNaCl
and nothing of this project's but the list of words.

rescue.py line ADDRESS KIT: dials a device as whoever holds the kit does, by a
Noise_XXpsk0_25519_ChaChaPoly_BLAKE2b of its own, and asks for the roots of
the set; and as others do: with another psk, with another static key.
rescue.py snapshot FILE KIT: opens a snapshot and counts what is in it.
rescue.py keys FILE KIT: prints the keys of groups that are in a snapshot.
"""
import hashlib
import hmac
import os
import re
import socket
import struct
import sys

from cryptography.hazmat.primitives.asymmetric.x25519 import (
    X25519PrivateKey, X25519PublicKey)
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.serialization import (
    Encoding, PublicFormat)
from nacl import bindings

here = os.path.dirname(os.path.abspath(__file__))


def check(label, good):
    print(("ok: " if good else "FAILED: ") + label)
    if not good:
        sys.exit(1)


def blake(data, n, key=b""):
    return hashlib.blake2b(data, digest_size=n, key=key).digest()


def public(secret):
    return X25519PrivateKey.from_private_bytes(secret).public_key() \
        .public_bytes(Encoding.Raw, PublicFormat.Raw)


def dh(secret, other):
    return X25519PrivateKey.from_private_bytes(secret).exchange(
        X25519PublicKey.from_public_bytes(other))


class Kit:
    """The keys out of the 24 words (BIP-39's entropy is the seed)."""

    def __init__(self, path):
        with open(here + "/../../client/kit/bip39_words.c",
                  encoding="utf-8") as f:
            words = re.findall(r'"([a-z]+)"', f.read())
        assert len(words) == 2048
        bits = 0
        with open(path, encoding="utf-8") as f:
            for word in f.read().split():
                bits = bits << 11 | words.index(word)
        seed = (bits >> 8).to_bytes(32, "big")
        assert hashlib.sha256(seed).digest()[0] == bits & 255
        sign = blake(b"fob/1 recovery sign\0", 32, seed)
        self.sign = bindings.crypto_sign_seed_keypair(sign)[0]
        self.secret = blake(b"fob/1 recovery wrap\0", 32, seed)
        self.wrap = public(self.secret)

    def psk(self):
        return blake(b"fob/1 rescue psk\0" + self.sign + self.wrap, 32)


class Noise:
    """The initiator of XXpsk0, by revision 34 of the specification."""

    def __init__(self, psk, static):
        name = b"Noise_XXpsk0_25519_ChaChaPoly_BLAKE2b"
        self.h = self.ck = name + bytes(64 - len(name))
        self.psk, self.s = psk, static
        self.k, self.n = None, 0
        self.mix_hash(b"fob/1 rescue\0")

    def mix_hash(self, data):
        self.h = blake(self.h + data, 64)

    def hkdf(self, data, count):
        def mac(key, text):
            return hmac.new(key, text, lambda: hashlib.blake2b()).digest()
        temp, out, last = mac(self.ck, data), [], b""
        for i in range(count):
            last = mac(temp, last + bytes([i + 1]))
            out.append(last)
        return out

    def mix_key(self, data):
        self.ck, k = self.hkdf(data, 2)
        self.k, self.n = k[:32], 0

    def mix_psk(self):
        self.ck, temp, k = self.hkdf(self.psk, 3)
        self.mix_hash(temp)
        self.k, self.n = k[:32], 0

    def nonce(self):
        self.n += 1
        return bytes(4) + struct.pack("<Q", self.n - 1)

    def encrypt(self, text):
        out = ChaCha20Poly1305(self.k).encrypt(self.nonce(), text, self.h)
        self.mix_hash(out)
        return out

    def decrypt(self, sealed):
        out = ChaCha20Poly1305(self.k).decrypt(self.nonce(), sealed, self.h)
        self.mix_hash(sealed)
        return out

    def first(self):
        self.mix_psk()
        self.e = os.urandom(32)
        e = public(self.e)
        self.mix_hash(e)
        self.mix_key(e)  # because of the psk: section 9.2
        return e + self.encrypt(b"")

    def second(self, message):
        re_ = message[:32]
        self.mix_hash(re_)
        self.mix_key(re_)
        self.mix_key(dh(self.e, re_))
        self.remote = self.decrypt(message[32:80])
        self.mix_key(dh(self.e, self.remote))
        assert self.decrypt(message[80:]) == b""
        self.re = re_

    def third(self):
        out = self.encrypt(public(self.s))
        self.mix_key(dh(self.s, self.re))
        out += self.encrypt(b"")
        mine, theirs = self.hkdf(b"", 2)
        self.keys = [mine[:32], theirs[:32]]
        return out


class Packets:
    def __init__(self, conn, keys):
        self.conn, self.keys, self.n = conn, keys, [0, 0]

    def nonce(self, side):
        self.n[side] += 1
        return bytes(4) + struct.pack("<Q", self.n[side] - 1)

    def send(self, kind, message=b""):
        plain = struct.pack(">BH", kind, len(message)) + message
        plain += bytes(-len(plain) % 64)
        sealed = ChaCha20Poly1305(self.keys[0]).encrypt(
            self.nonce(0), plain, b"")
        self.conn.sendall(struct.pack(">H", len(sealed)) + sealed)

    def receive(self):
        n = struct.unpack(">H", take(self.conn, 2))[0]
        plain = ChaCha20Poly1305(self.keys[1]).decrypt(
            self.nonce(1), take(self.conn, n), b"")
        kind, n = struct.unpack(">BH", plain[:3])
        return kind, plain[3:3 + n]


def take(conn, n):
    data = b""
    while len(data) < n:
        more = conn.recv(n - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def silent(conn):
    """Nothing comes, and in the end it is closed."""
    conn.settimeout(15)
    try:
        return conn.recv(1) == b""
    except ConnectionError:
        return True


def fields(data):
    """Of a protobuf message: (number, value) in order."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            value |= (data[at] & 127) << shift
            shift += 7
            at += 1
            if data[at - 1] < 128:
                return value
    while at < len(data):
        tag = varint()
        value = varint()
        if tag & 7 == 2:
            value = data[at:at + value]
            at += len(value)
        yield tag >> 3, value


def dial(address, noise):
    host, port = address.rsplit(":", 1)
    conn = socket.create_connection((host.strip("[]"), int(port)), 10)
    conn.sendall(b"\3" + noise.first())
    return conn


def line(address, kit):
    noise = Noise(kit.psk(), kit.secret)
    conn = dial(address, noise)
    noise.second(take(conn, 96))
    conn.sendall(noise.third())
    packets = Packets(conn, noise.keys)
    packets.send(1)
    root = blake(b"", 32)
    hello = b"\x0a\x02\x08\x01"
    roots = b"\x12\x34\x12\x20" + root + b"\x2a\x10" + bytes(16)
    packets.send(2, hello + roots)
    kind, message = packets.receive()
    answer = dict(fields(message))
    check("the handshake, and an answer", kind == 2 and 1 in answer)
    told = dict(fields(answer[2]))
    check("it tells of its set", told[1] == 1 and len(told[2]) == 32 and
          told[3] > 0 and told[2] != root)
    conn.close()

    check("another psk hears nothing",
          silent(dial(address, Noise(os.urandom(32), kit.secret))))
    noise = Noise(kit.psk(), os.urandom(32))
    conn = dial(address, noise)
    noise.second(take(conn, 96))
    conn.sendall(noise.third())
    packets = Packets(conn, noise.keys)
    packets.send(1)
    packets.send(2, hello + roots)
    check("another static key hears nothing", silent(conn))
    host, port = address.rsplit(":", 1)
    conn = socket.create_connection((host.strip("[]"), int(port)), 10)
    conn.sendall(b"\3" + os.urandom(300))
    check("noise hears nothing", silent(conn))


def parts(data, kit):
    """Of an opened snapshot: fields and tag of the chunk, one after another;
    last the length of what was read."""
    header = data[:140]
    key = blake(b"fob/1 snapshot\0" + header, 32,
                dh(kit.secret, header[84:116]))
    state = bindings.crypto_secretstream_xchacha20poly1305_state()
    bindings.crypto_secretstream_xchacha20poly1305_init_pull(
        state, header[116:140], key)
    at = 140
    while True:
        n = struct.unpack(">I", data[at:at + 4])[0]
        at += 4
        if n == 0:
            yield {}, at
            return
        plain, tag = bindings.crypto_secretstream_xchacha20poly1305_pull(
            state, data[at:at + n])
        at += n
        while plain:
            size = struct.unpack(">I", plain[:4])[0]
            yield dict(fields(plain[4:4 + size])), tag
            plain = plain[4 + size:]


def snapshot(path, kit):
    with open(path, "rb") as f:
        data = f.read()
    check("magic and version", data[:16] == b"fob snapshot\0\0\0\1")
    check("sealed for this kit", data[52:84] == kit.wrap)
    items, made, last, at = 0, None, 0, 0
    for part, tag in parts(data, kit):
        if part:
            items += 1 in part
            made, last = part.get(3, made), tag
        else:
            at = tag
    check("the last chunk is marked as such", last ==
          bindings.crypto_secretstream_xchacha20poly1305_TAG_FINAL)
    check("the hash of the file", data[at:] == blake(data[:at], 32))
    statement = dict(fields(dict(fields(made))[1]))
    check("the maker counted the same items", statement[5] == items > 2)


def group_keys(head, vault, kit):
    """What the kit opens of a KEY: the keys themselves."""
    key = list(fields(dict(fields(head)).get(23, b"")))
    kid = dict(key).get(2)
    for number, wrap in key:
        wrap = dict(fields(wrap)) if number == 4 else {}
        if wrap.get(1) != bytes(16):
            continue
        sealing = blake(b"fob/1 wrap\0" + vault + dh(kit.secret, wrap[3]) +
                        wrap[3] + kit.wrap + kid, 32)
        opened = ChaCha20Poly1305(sealing).decrypt(bytes(12), wrap[4], b"")
        assert blake(b"fob/1 kid\0", 16, opened) == kid
        yield opened


def keys(path, kit):
    with open(path, "rb") as f:
        data = f.read()
    for part, _ in parts(data, kit):
        if 1 in part:
            head = dict(fields(dict(fields(part[1]))[1]))[1]
            for key in group_keys(head, data[16:48], kit):
                print(key.hex())


{"line": line, "snapshot": snapshot, "keys": keys}[sys.argv[1]](
    sys.argv[2], Kit(sys.argv[3]))
