"""Crowds and looks, for faults.sh.

faults.py hold SOCKET ADDRESS LOCAL TCP: so many connections to the Unix socket
and to ADDR:PORT, a closed one is made anew.
faults.py used PID: descriptors and private KiB of a process.
"""
import os
import select
import socket
import sys
import time


def connect(where):
    s = socket.socket(socket.AF_UNIX if isinstance(where, str) else
                      socket.AF_INET)
    s.setblocking(False)
    try:
        s.connect(where)
    except OSError:
        pass
    return s


def hold(path, address, local, tcp):
    host, _, port = address.rpartition(":")
    where = {}
    for target, n in ((path, int(local)), ((host, int(port)), int(tcp))):
        for _ in range(n):
            where[connect(target)] = target
    print("there", flush=True)
    while True:
        ready, _, _ = select.select(list(where), [], [])
        for s in ready:
            try:
                gone = not s.recv(100)
            except BlockingIOError:
                gone = False
            except OSError:
                gone = True
            if gone:
                target = where.pop(s)
                s.close()
                where[connect(target)] = target
        time.sleep(0.05)


def used(pid):
    with open(f"/proc/{pid}/status") as file:
        private = next(line.split()[1] for line in file
                       if line.startswith("RssAnon:"))
    try:
        print(len(os.listdir(f"/proc/{pid}/fd")), private)
    except PermissionError:
        print("unknown", private)


{"hold": hold, "used": used}[sys.argv[1]](*sys.argv[2:])
