"""Bytes of strangers on the peer port, and frames of the bad on the socket.

strangers.py PORT SOCKET PID: a daemon listens on 127.0.0.1:PORT and at SOCKET.
Prints a line for each check, and ends with 1 if one failed.
"""
import os
import socket
import struct
import sys
import time

port, path, pid = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
failed = 0


def report(good, label, more=""):
    global failed
    failed += not good
    print(f"{'ok' if good else 'FAILED'}: {label}{more}", flush=True)


def memory():
    """Kilobytes of the daemon that belong to it alone."""
    with open(f"/proc/{pid}/status") as status:
        return sum(int(line.split()[1]) for line in status
                   if line.startswith(("RssAnon:",)))


def peer():
    return socket.create_connection(("127.0.0.1", port))


def client():
    s = socket.socket(socket.AF_UNIX)
    s.connect(path)
    return s


def answer(s, seconds):
    """What comes until the other side closes, and when it did."""
    begin = time.time()
    s.settimeout(seconds)
    got = b""
    try:
        while data := s.recv(65536):
            got += data
    except TimeoutError:
        return got, None
    except ConnectionError:
        pass
    return got, time.time() - begin


def closes(label, s, data, most=1.0, least=0.0):
    try:
        s.sendall(data)
    except ConnectionError:
        pass
    got, took = answer(s, most + 1)
    s.close()
    report(got == b"" and took is not None and least <= took <= most, label,
           f": {len(got)} bytes, closed after "
           + (f"{took:.2f} s" if took is not None else "never"))


def slow():
    """A byte a second, of what could be a peer's first message."""
    s = peer()
    s.setblocking(False)
    begin = time.time()
    while time.time() - begin < 15:
        try:
            s.send(b"\x01")
            time.sleep(1)
            if s.recv(100) == b"":
                break
            report(False, "a slow stranger is answered")
        except BlockingIOError:
            continue
        except ConnectionError:
            break
    took = time.time() - begin
    report(8.5 <= took <= 12, "a byte a second is closed at about 10 s",
           f": {took:.1f} s")


before = memory()
closes("HTTP on the peer port", peer(), b"GET / HTTP/1.0\r\n\r\n", 11)
closes("an unknown kind of connection", peer(), b"\x07" + bytes(500))
closes("zeros", peer(), bytes(1000))
closes("a peer's message of zeros", peer(), b"\x01" + bytes(2000))
closes("a peer's message of noise", peer(), b"\x01" + os.urandom(4000))
closes("pairing, but nobody invites", peer(), b"\x02" + os.urandom(300))
closes("recovery of noise", peer(), b"\x03" + os.urandom(300))
closes("a megabyte of noise", peer(), b"\x01" + os.urandom(1 << 20))
report(answer(peer(), 0.3) == (b"", None), "silence for who says nothing")
slow()

for length in (0, 65537, 1 << 31, (1 << 32) - 1):
    closes(f"a frame of length {length}", client(),
           struct.pack(">I", length) + b"x" * 100)
closes("a frame that is no message", client(),
       struct.pack(">I", 8) + b"\xff" * 8, 2)
hanging = client()
hanging.sendall(struct.pack(">I", 60000) + b"\x0a")
many = [client() for _ in range(40)]
more = memory() - before
report(more < 2048, "no memory for them", f": {more} kB more")
for s in many:
    s.close()
_, took = answer(hanging, 45)
report(took is not None, "a frame that never ends is closed",
       f" after {took:.1f} s" if took else "")
sys.exit(1 if failed else 0)
