#!/usr/bin/python3
"""Writes licenses_train.npy and licenses_validation.npy beside this file, for models/char_lstm.yaml
and models/char_gpt.yaml.

    /usr/bin/python3 models/data/licenses.py

The text is that of the licences which Debian's package base-files installs. It is cut into windows of 65
characters, and the last one of a window is the first one of the next. Every tenth window is for validation.
A character is a number: those from the space to "~" are 0 to 94, and everything else is 95.
"""

import os
import struct

SOURCE = "/usr/share/common-licenses"
FOLDER = os.path.dirname(os.path.abspath(__file__))
WINDOW = 64


def code(byte):
    return byte - 32 if 32 <= byte < 127 else 95


def write(name, windows):
    """An array of bytes, [windows, WINDOW + 1], in NumPy's format, version 1.0."""
    head = f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({len(windows)}, {WINDOW + 1}), }}"
    head = head.ljust(117) + "\n"
    with open(os.path.join(FOLDER, name), "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode("ascii"))
        for window in windows:
            file.write(window)


def main():
    names = sorted(os.listdir(SOURCE))
    text = bytearray()
    for name in names:
        path = os.path.join(SOURCE, name)
        if not os.path.islink(path):  # a link is another name of a newest version
            with open(path, "rb") as file:
                text += bytes(code(byte) for byte in file.read())
    windows = [text[k : k + WINDOW + 1] for k in range(0, len(text) - WINDOW, WINDOW)]
    write("licenses_train.npy", [w for k, w in enumerate(windows) if k % 10 != 9])
    write("licenses_validation.npy", windows[9::10])


if __name__ == "__main__":
    main()
