#!/usr/bin/env python3
"""Pictures of QR codes for the tests, with a writer of PNG (ISO/IEC 15948) of
our own, and binary PGM, from which cjpeg makes JPEG. A code comes as the rows
that `fob-qr --rows` prints.

pictures.py <PLAN; a line of the plan is a picture:

    OUT [--kind KIND] [--size WxH] [--module N] [--at X,Y] [--invert] [ROWS ...]

Several codes stand side by side, each with the light edge that it needs, from
the upper left or from --at; --invert: light on dark."""
import argparse
import struct
import sys
import zlib

QUIET = 4
ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4),
         (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def chunk(name, data):
    body = name + data
    return struct.pack(">I", len(data)) + body + \
        struct.pack(">I", zlib.crc32(body))


def png(width, height, depth, colour, rows, extra=b"", laced=0):
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, laced)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + extra + \
        chunk(b"IDAT", zlib.compress(rows, 6)) + chunk(b"IEND", b"")


def packed(row, depth):
    """Samples of 1 bit: dark is 0."""
    out = bytearray((len(row) * depth + 7) // 8)
    for x, value in enumerate(row):
        if value:
            out[x // 8] |= 0x80 >> x % 8
    return bytes(out)


def plain(grid, pixel):
    return b"".join(b"\0" + b"".join(map(pixel.__getitem__, row))
                    for row in grid)


def encode(kind, grid, width, height):
    grey = [bytes([v]) for v in range(256)]
    if kind == "pgm":
        return b"P5\n%d %d\n255\n" % (width, height) + b"".join(grid)
    if kind == "grey":
        return png(width, height, 8, 0, b"".join(b"\0" + r for r in grid))
    if kind == "laced":
        rows = b"".join(b"\0" + bytes(row[x::dx])
                        for x, y, dx, dy in ADAM7 for row in grid[y::dy])
        return png(width, height, 8, 0, rows, laced=1)
    if kind == "bits":
        rows = b"".join(b"\0" + packed(row, 1) for row in grid)
        return png(width, height, 1, 0, rows)
    if kind == "palette":
        colours = b"".join(bytes([v, v, min(255, v + 60)])
                           for v in range(256))
        return png(width, height, 8, 3, b"".join(b"\0" + r for r in grid),
                   chunk(b"PLTE", colours))
    if kind == "rgb":
        return png(width, height, 8, 2, plain(
            grid, [bytes([v, v // 2, v]) for v in range(256)]))
    if kind == "deep":
        return png(width, height, 16, 6, plain(
            grid, [v * 2 + v * 2 + v * 2 + b"\xff\xff" for v in grey]))
    # Only the dark is drawn, in black or, when inverted, the light in white.
    assert kind in ("clear", "ghost")
    ink = 0 if kind == "clear" else 255
    return png(width, height, 8, 6, plain(
        grid, [bytes([ink] * 3 + [255 if v == ink else 0])
               for v in range(256)]))


def draw(codes, options):
    """Rows of grey values."""
    module = options.module
    sizes = [(len(code) + 2 * QUIET) * module for code in codes]
    width, height = sum(sizes), max(sizes, default=0)
    left, top = options.at
    if options.size:
        width, height = options.size
    grid = [bytearray(b"\xff" * width) for _ in range(height)]
    for code, size in zip(codes, sizes):
        for y, row in enumerate(code):
            line = b"".join((b"\0" if c == "#" else b"\xff") * module
                            for c in row)
            x = left + QUIET * module
            for k in range(module):
                at = top + (QUIET + y) * module + k
                grid[at][x:x + len(line)] = line
        left += size
    if options.invert:
        grid = [bytearray(255 - v for v in row) for row in grid]
    return grid, width, height


def pair(text, by):
    a, b = text.split(by)
    return int(a), int(b)


def picture(parser, line):
    options = parser.parse_intermixed_args(line.split())
    codes = []
    for name in options.codes:
        with open(name, encoding="ascii") as f:
            codes.append(f.read().split())
    grid, width, height = draw(codes, options)
    with open(options.out, "wb") as f:
        f.write(encode(options.kind, grid, width, height))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("out")
    parser.add_argument("codes", nargs="*")
    parser.add_argument("--kind", default="grey")
    parser.add_argument("--size", type=lambda t: pair(t, "x"))
    parser.add_argument("--at", type=lambda t: pair(t, ","), default=(0, 0))
    parser.add_argument("--module", type=int, default=4)
    parser.add_argument("--invert", action="store_true")
    for line in sys.stdin:
        picture(parser, line)


main()
