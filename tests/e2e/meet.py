"""A join with a person at both terminals.

meet.py INVITER-SOCKET JOINER-SOCKET ADDRESS NAME ANSWER: answers the inviter's
question and the newcomer's with the passphrase `correct horse`. Prints a JSON
object: what both screens showed, the four words of each, both exit codes.
"""
import json
import os
import pty
import re
import select
import sys
import time

inviter, joiner, address, name, answer = sys.argv[1:6]
fob = os.environ["FOB_BUILD"] + "/fob"


class Screen:
    def __init__(self, *arguments):
        self.text = ""
        self.status = None
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execv(fob, [fob, *arguments])

    def read(self, seconds):
        if self.status is not None:
            return
        if not select.select([self.fd], [], [], seconds)[0]:
            return
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            data = b""
        if data:
            self.text += data.decode("utf-8", "replace")
        else:
            self.status = os.waitstatus_to_exitcode(
                os.waitpid(self.pid, 0)[1])

    def until(self, pattern, other=None):
        end = time.time() + 20
        while time.time() < end:
            found = re.search(pattern, self.text)
            if found or self.status is not None:
                return found
            self.read(0.05)
            if other:
                other.read(0)
        return None

    def type(self, text):
        os.write(self.fd, text.encode() + b"\n")

    def finish(self, other):
        end = time.time() + 20
        while self.status is None and time.time() < end:
            self.read(0.05)
            other.read(0)


host = Screen("--socket", inviter, "invite")
if host.until("assphrase"):
    host.type("correct horse")
code = host.until(r"(?m)^(\d{3}-\d{3}-\d{3})\s")
if not code:
    sys.exit("no code: " + host.text)
guest = Screen("--socket", joiner, "join", code.group(1), "--at", address,
               "--name", name)
if guest.until("assphrase", host):
    guest.type("correct horse")
if guest.until("gain: ", host):
    guest.type("correct horse")
asked = host.until(r"may it join\?", guest)
words = r"(?:words|device): ((?:[a-z]+ ){3}[a-z]+)"
there = guest.until(words, host)
here = re.search(words, host.text)
if asked:
    host.type(answer)
guest.finish(host)
host.finish(guest)
print(json.dumps({
    "host": host.text, "guest": guest.text, "asked": bool(asked),
    "host_words": here.group(1) if here else "",
    "guest_words": there.group(1) if there else None,
    "host_status": host.status, "guest_status": guest.status}))
