"""200 connections of one stranger, held open; a closed one comes again in a second.

crowd.py PORT SECONDS: says "there" once all have been made.
"""
import selectors
import socket
import sys
import time

port, end = int(sys.argv[1]), time.time() + float(sys.argv[2])
waiting = selectors.DefaultSelector()


def connect():
    s = socket.socket()
    s.setblocking(False)
    s.connect_ex(("127.0.0.1", port))
    waiting.register(s, selectors.EVENT_READ)


for _ in range(200):
    connect()
print("there", flush=True)
again = []
while time.time() < end:
    while again and again[0] < time.time():
        again.pop(0)
        connect()
    for key, _ in waiting.select(0.2):
        try:
            gone = key.fileobj.recv(100) == b""
        except BlockingIOError:
            continue
        except OSError:
            gone = True
        if gone:
            waiting.unregister(key.fileobj)
            key.fileobj.close()
            again.append(time.time() + 1)
    time.sleep(0.01)
