#!/usr/bin/env python3
"""A security key without the key: the OATH applet, written from Yubico's
YKOATH Protocol Specification, behind vsmartcard-vpcd, which pcscd takes for a
reader. oath_card.py PORT [OPTION=VALUE]...

  version=5.4.3   of the firmware
  code=TEXT       it has this access code
  slots=32        how many accounts it has room for
  trouble=KIND,...  hostile or broken: see trouble(); SIGUSR2: the next one

SIGUSR1 takes the card out at its next PUT or DELETE, with the answer unsent.
It prints "ready" when the reader has it.
"""
import hashlib
import hmac
import os
import signal
import socket
import struct
import sys
import time

OFF, ON, RESET, ATR = 0, 1, 2, 4
OATH = bytes.fromhex("a0000005272101")
HASHES = {1: "sha1", 2: "sha256", 3: "sha512"}
PIECE = 255
OK, MORE = 0x9000, 0x6100
LOCKED, NO_OBJECT, SYNTAX = 0x6982, 0x6984, 0x6a80
NO_APPLET, FULL, NO_INSTRUCTION = 0x6a82, 0x6a84, 0x6d00


class Refused(Exception):
    """A status word, in place of an answer."""


def make_atr():
    """T=1 and some historical bytes (ISO 7816-3 section 8)."""
    text = b"fob test"
    atr = bytes([0x3b, 0x80 | len(text), 0x01]) + text
    check = 0
    for byte in atr[1:]:
        check ^= byte
    return atr + bytes([check])


def tlv(tag, value):
    if len(value) < 0x80:
        return bytes([tag, len(value)]) + value
    if len(value) < 0x100:
        return bytes([tag, 0x81, len(value)]) + value
    return bytes([tag, 0x82]) + struct.pack(">H", len(value)) + value


def fields(data):
    """(tag, value) in order; the property is a tag and a value, no length."""
    while data:
        if len(data) < 2:
            raise Refused(SYNTAX)
        tag, length, at = data[0], data[1], 2
        if tag == 0x78:
            yield tag, data[1:2]
            data = data[2:]
            continue
        if length == 0x81:
            length, at = data[2], 3
        if len(data) < at + length:
            raise Refused(SYNTAX)
        yield tag, data[at:at + length]
        data = data[at + length:]


class Account:
    def __init__(self, kind, digits, key, touch, counter):
        self.kind, self.digits, self.key = kind, digits, key
        self.touch, self.counter = touch, counter

    def hotp(self):
        return self.kind & 0xf0 == 0x10

    def calculate(self, challenge, truncate):
        if self.hotp():
            challenge = struct.pack(">Q", self.counter)
            self.counter += 1
        mac = hmac.new(self.key, challenge, HASHES[self.kind & 0x0f]).digest()
        if not truncate:
            return tlv(0x75, bytes([self.digits]) + mac)
        at = mac[-1] & 0x0f
        short = bytes([mac[at] & 0x7f]) + mac[at + 1:at + 4]
        return tlv(0x76, bytes([self.digits]) + short)


class Applet:
    def __init__(self, options):
        self.version = bytes(map(int, options["version"].split(".")))
        self.slots = int(options["slots"])
        self.troubles = options["trouble"].split(",")
        self.device = os.urandom(8)
        self.accounts = {}
        self.key = None
        if options["code"]:
            self.key = hashlib.pbkdf2_hmac(
                "sha1", options["code"].encode(), self.device, 1000, 16)
        self.power()

    @property
    def trouble(self):
        return self.troubles[0]

    def power(self):
        self.selected = False
        self.open = self.key is None
        self.challenge = b""
        self.rest = b""

    def select(self, data):
        self.power()
        if data != OATH or self.trouble == "no-applet":
            raise Refused(NO_APPLET)
        self.selected = True
        answer = tlv(0x79, self.version) + tlv(0x71, self.device)
        if self.key:
            self.challenge = os.urandom(8)
            answer += tlv(0x74, self.challenge) + tlv(0x7b, b"\x01")
        return answer

    def put(self, data):
        name = key = None
        touch, counter = False, 0
        for tag, value in fields(data):
            if tag == 0x71:
                name = value
            elif tag == 0x73:
                key = value
            elif tag == 0x78:
                touch = bool(value[0] & 2)
            elif tag == 0x7a:
                counter = struct.unpack(">I", value)[0]
        if not name or len(name) > 64 or not key or len(key) < 2 + 14:
            raise Refused(SYNTAX)
        if key[0] & 0x0f not in HASHES or key[0] & 0xf0 not in (0x10, 0x20):
            raise Refused(SYNTAX)
        if not 6 <= key[1] <= 8:
            raise Refused(SYNTAX)
        if name not in self.accounts and len(self.accounts) >= self.slots:
            raise Refused(FULL)
        self.accounts[name] = Account(key[0], key[1], key[2:], touch, counter)
        return b""

    def delete(self, data):
        (_, name), = fields(data)
        if self.accounts.pop(name, None) is None:
            raise Refused(NO_OBJECT)
        return b""

    def list(self, _):
        return b"".join(tlv(0x72, bytes([a.kind]) + name)
                        for name, a in self.accounts.items())

    def calculate(self, data, truncate):
        (_, name), (_, challenge) = fields(data)
        if name not in self.accounts:
            raise Refused(NO_OBJECT)
        return self.accounts[name].calculate(challenge, truncate)

    def calculate_all(self, data, truncate):
        (_, challenge), = fields(data)
        answer = b""
        for name, account in self.accounts.items():
            answer += tlv(0x71, name)
            if account.hotp():
                answer += tlv(0x77, bytes([account.digits]))
            elif account.touch:
                answer += tlv(0x7c, bytes([account.digits]))
            else:
                answer += account.calculate(challenge, truncate)
        return answer

    def validate(self, data):
        parts = dict(fields(data))
        if not self.key:
            raise Refused(NO_OBJECT)
        proof = hmac.new(self.key, self.challenge, "sha1").digest()
        if not hmac.compare_digest(proof, parts.get(0x75, b"")):
            raise Refused(SYNTAX)
        self.open = True
        key = b"another" if self.trouble == "no-proof" else self.key
        return tlv(0x75, hmac.new(key, parts[0x74], "sha1").digest())

    def set_code(self, data):
        parts = dict(fields(data))
        if not parts.get(0x73):
            self.key = None
            return b""
        key = parts[0x73][1:]
        proof = hmac.new(key, parts[0x74], "sha1").digest()
        if not hmac.compare_digest(proof, parts[0x75]):
            raise Refused(NO_OBJECT)
        self.key = key
        return b""

    def reset(self):
        self.accounts, self.key = {}, None
        self.device = os.urandom(8)
        self.power()
        return b""

    def run(self, ins, p1, p2, data):
        if ins == 0xa4 and p1 == 0x04:
            return self.select(data)
        if not self.selected:
            raise Refused(NO_INSTRUCTION)
        if ins == 0xa3:
            return self.validate(data)
        if ins == 0x04 and (p1, p2) == (0xde, 0xad):
            return self.reset()
        if not self.open:
            raise Refused(LOCKED)
        if ins == 0xa2:
            return self.calculate(data, p2 == 1)
        if ins == 0xa4:
            return self.calculate_all(data, p2 == 1)
        table = {0x01: self.put, 0x02: self.delete, 0x03: self.set_code,
                 0xa1: self.list}
        if ins not in table:
            raise Refused(NO_INSTRUCTION)
        return table[ins](data)

    def answer(self, apdu):
        ins, p1, p2 = apdu[1:4]
        data = apdu[5:5 + apdu[4]] if len(apdu) > 5 else b""
        if ins == 0xa5:
            whole = self.rest
        else:
            try:
                whole = self.run(ins, p1, p2, data)
            except Refused as refused:
                return struct.pack(">H", refused.args[0])
        if ins == 0xa1:
            whole = trouble(self.trouble, whole)
        piece, self.rest = whole[:PIECE], whole[PIECE:]
        if self.trouble == "endless" and ins in (0xa1, 0xa5):
            self.rest = bytes(PIECE)
            piece = bytes(PIECE)
        status = MORE | min(len(self.rest), 255) if self.rest else OK
        return piece + struct.pack(">H", status)


def trouble(kind, answer):
    """What a card should not say to LIST."""
    return {
        "short": answer + b"\x72\x7f\x21",
        "long": tlv(0x72, b"\x21" + b"x" * 65),
        "names": tlv(0x72, b"\x21\x1b]0;owned\x07\xff"),
        "many": tlv(0x72, b"\x21y") * 300,
    }.get(kind, answer)


def receive(line):
    # vpcd sends length and message apart, and waits for our word in between.
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
    head = line.recv(2, socket.MSG_WAITALL)
    if len(head) < 2:
        return None
    return line.recv(struct.unpack(">H", head)[0], socket.MSG_WAITALL)


def connect(port):
    """pcscd, which listens, may have started a moment ago."""
    for _ in range(200):
        try:
            return socket.create_connection(("127.0.0.1", port))
        except ConnectionRefusedError:
            time.sleep(0.02)
    sys.exit("nobody listens")


def main():
    options = {"version": "5.4.3", "code": "", "slots": "32", "trouble": ""}
    for option in sys.argv[2:]:
        name, _, value = option.partition("=")
        options[name] = value
    applet = Applet(options)
    pulled = []
    signal.signal(signal.SIGUSR1, lambda *_: pulled.append(1))
    signal.signal(signal.SIGUSR2, lambda *_: applet.troubles.pop(0))
    line = connect(int(sys.argv[1]))
    print("ready", flush=True)
    while True:
        message = receive(line)
        if message is None:
            return
        if message == bytes([ATR]):
            reply = make_atr()
        elif len(message) == 1:
            if message[0] in (ON, RESET):
                applet.power()
            continue
        else:
            reply = applet.answer(message)
            if pulled and message[1] in (0x01, 0x02):
                return
        line.sendall(struct.pack(">H", len(reply)) + reply)


main()
