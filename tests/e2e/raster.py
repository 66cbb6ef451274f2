"""Makes pictures of the QR codes that fob draws, for zbarimg: raster.py html
FILE FOLDER takes the codes of an HTML page, raster.py screen FILE FOLDER those
of a terminal, drawn in half blocks, each to FOLDER/N.pgm, from 0."""
import re
import sys

SCALE = 4
BLOCKS = {"\u2588": (1, 1), "\u2580": (1, 0), "\u2584": (0, 1), " ": (0, 0)}


def write(path, rows):
    """rows: of 0 dark and 1 light."""
    width = len(rows[0])
    with open(path, "wb") as f:
        f.write(b"P5 %d %d 255\n" % (width * SCALE, len(rows) * SCALE))
        for row in rows:
            f.write(bytes(255 * v for v in row for _ in range(SCALE)) * SCALE)


def of_html(text):
    for box, path in re.findall(
            r'<svg viewBox="-4 -4 (\d+) \d+"[^>]*><path[^>]* d="([^"]*)"', text):
        size = int(box)
        rows = [[1] * size for _ in range(size)]
        x = y = 0
        for op, a, b in re.findall(r"([Mmh])(\d+)(?: ([\d.]+))?", path):
            if op == "M":
                x, y = int(a), int(float(b))
            elif op == "m":
                x += int(a)
            else:
                for i in range(int(a)):
                    rows[y + 4][x + 4 + i] = 0
                x += int(a)
        yield rows


def of_screen(text):
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text).replace("\r", "")
    rows = []
    for line in text.split("\n") + [""]:
        line = line.strip("\n")
        if len(line) > 20 and set(line) <= set(BLOCKS):
            rows.append([BLOCKS[c][0] for c in line])
            rows.append([BLOCKS[c][1] for c in line])
        elif rows:
            yield rows
            rows = []


kind, path, folder = sys.argv[1:]
with open(path, encoding="utf-8") as page:
    found = {"html": of_html, "screen": of_screen}[kind](page.read())
for number, picture in enumerate(found):
    write(f"{folder}/{number}.pgm", picture)
