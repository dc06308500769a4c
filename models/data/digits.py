"""Makes the folder digits: every third picture of scikit-learn's digits.csv.gz, whose path is the argument, as a
PNG file in the folder of its class."""
import csv
import gzip
import pathlib
import struct
import sys
import zlib

SIDE, MOST = 8, 16  # pixels, and the largest value of one


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(pixels):
    rows = b"".join(b"\0" + bytes(pixels[r : r + SIDE]) for r in range(0, len(pixels), SIDE))
    head = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


with gzip.open(sys.argv[1], "rt", newline="") as file:
    table = [[int(float(cell)) for cell in row] for row in csv.reader(file)]
for number in range(0, len(table), 3):
    *values, digit = table[number]
    folder = pathlib.Path(__file__).with_name("digits") / str(digit)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{number:04}.png").write_bytes(png([value * 255 // MOST for value in values]))
