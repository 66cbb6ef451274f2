"""Runs a program that shows QR codes on a terminal of its own, a page a key:
series.py KEYS FILE PROGRAM ARGUMENT... presses the keys one after another, as
each page is complete, and writes what was on the screen after each, with a
line of '=' between, to FILE. Key K kills the program with SIGTERM. Prints
whether the terminal's settings are as before, whether its first screen is
back, and the status."""
import codecs
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time

keys, path = sys.argv[1:3]
pid, fd = pty.fork()
if pid == 0:
    time.sleep(0.2)
    os.execv(sys.argv[3], sys.argv[3:])
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 80, 160, 0, 0))
before = termios.tcgetattr(fd)
shown, seen, pages = "", 0, []
end = time.time() + 20
text = codecs.getincrementaldecoder("utf-8")("replace")
while time.time() < end:
    if keys and re.search(r"\d+ of \d+.*\)$", shown[seen:]):
        pages.append(shown[seen:])
        seen = len(shown)
        if keys[0] == "K":
            os.kill(pid, signal.SIGTERM)
        else:
            os.write(fd, {"R": b"\x1b[C", "L": b"\x1b[D"}.get(
                keys[0], keys[0].encode()))
        keys = keys[1:]
    if not select.select([fd], [], [], 0.1)[0]:
        continue
    try:
        data = os.read(fd, 65536)
    except OSError:
        break
    shown += text.decode(data).replace("\r\n", "\n")
else:
    os.kill(pid, signal.SIGKILL)
try:
    after = termios.tcgetattr(fd)
except termios.error:
    after = None
_, status = os.waitpid(pid, 0)
with open(path, "w", encoding="utf-8") as out:
    out.write("\n====\n".join(pages))
print("settings", "restored" if after in (None, before) else "changed")
print("screen", "back" if shown.rfind("\x1b[?1049l") > shown.rfind("\x1b[?1049h")
      else "lost")
print("status", os.waitstatus_to_exitcode(status))
