"""Looks for things that must not be somewhere.

canary.py LIST PID [FOLDER...]: LIST has a line for each thing, a label and
its bytes in hex. All memory of the process is read, what it may not read
itself too, and all files of the folders. What is found is printed, a label a
line, with "memory" or the name of the file before it.
"""
import base64
import os
import re
import sys

STEP, OVERLAP = 1 << 22, 4096


def spellings(thing):
    """As it is, and as a program might write it down."""
    text = base64.b32encode(thing).rstrip(b"=")
    return {thing, text, text.lower(), thing.hex().encode(),
            thing.hex().upper().encode(), base64.b64encode(thing).rstrip(b"=")}


def look(where, data):
    for label, patterns in things.items():
        if any(pattern in data for pattern in patterns):
            found.add((where, label))


def memory(pid):
    n = 0
    with open(f"/proc/{pid}/maps") as maps, \
            open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for line in maps:
            first, last = (int(x, 16) for x in
                           re.match(r"(\w+)-(\w+) ", line).groups())
            if "[v" in line:
                continue  # the kernel's own
            for at in range(first, last, STEP):
                try:
                    mem.seek(at)
                    data = mem.read(min(STEP + OVERLAP, last - at))
                except (OSError, ValueError):
                    continue
                n += len(data)
                look("memory", data)
    return n


def files(folder):
    n = 0
    for path, _, names in os.walk(folder):
        for name in names:
            full = os.path.join(path, name)
            if os.path.isfile(full):
                with open(full, "rb") as file:
                    data = file.read()
                n += len(data)
                look(os.path.relpath(full, folder), data)
    return n


things, found = {}, set()
with open(sys.argv[1]) as listed:
    for row in listed:
        name_, hex_ = row.split()
        things[name_] = spellings(bytes.fromhex(hex_))
read = memory(sys.argv[2]), sum(files(folder) for folder in sys.argv[3:])
print(f"read {read[0] >> 10} KiB of memory, {read[1] >> 10} KiB of files",
      file=sys.stderr)
if read[0] < 1 << 20:
    sys.exit("hardly anything could be read")
for where_, label_ in sorted(found):
    print(where_, label_)
