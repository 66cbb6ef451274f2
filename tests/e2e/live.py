"""How long an edit on one device takes to be on the other.

live.py FOLDER FROM TO TIMES: edits the note of the entry `shop` on FROM and
asks TO for it until it is there. Fails when it takes over a second.
"""
import os
import statistics
import subprocess
import sys
import time

folder, here, there, times = sys.argv[1:5]


def fob(name, *arguments):
    return subprocess.run(
        [os.environ["FOB_BUILD"] + "/fob", "--socket",
         f"{folder}/{name}/sock", *arguments], stdin=subprocess.DEVNULL,
        check=True, capture_output=True, text=True).stdout.strip()


took = []
for i in range(int(times)):
    fob(here, "edit", "shop", "--note", f"live {i}")
    begin = time.time()
    while fob(there, "show", "shop", "--field", "note") != f"live {i}":
        if time.time() - begin > 5:
            sys.exit(f"edit {i} did not come in 5 s")
    took.append((time.time() - begin) * 1000)
print(f"    an edit is on the other device {statistics.median(took):.1f} ms "
      f"after it was confirmed (median), {max(took):.1f} ms at most")
if max(took) > 1000:
    sys.exit(1)
