"""Makes messages.csv: every fourth message of the SMS Spam Collection, whose file is the argument."""
import csv
import pathlib
import sys

lines = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8").split("\n")
messages = [line.split("\t", 1) for line in lines if "\t" in line]
messages = [(kind, text) for kind, text in messages if kind in ("ham", "spam")]
with open(pathlib.Path(__file__).with_name("messages.csv"), "w", newline="", encoding="utf-8") as out:
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("kind", "message"))
    writer.writerows(messages[::4])
