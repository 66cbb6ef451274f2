"""Half blocks from a terminal, back into a picture (PBM) of 4 times the size.
Reads what fob qr draws without colours: light modules are drawn."""
import sys

LIGHT = {"\u2588": (1, 1), "\u2580": (1, 0), "\u2584": (0, 1), " ": (0, 0)}
SCALE = 4
rows = []
for line in sys.stdin.read().split("\n"):
    if not line:
        continue
    rows.append([LIGHT[c][0] for c in line])
    rows.append([LIGHT[c][1] for c in line])
print("P1", len(rows[0]) * SCALE, len(rows) * SCALE, sep="\n")
for row in rows:
    bits = " ".join("0" if light else "1"
                    for light in row for _ in range(SCALE))
    for _ in range(SCALE):
        print(bits)
