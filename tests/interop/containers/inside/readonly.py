"""readonly.py FOLDER: every kind of change must be refused with EROFS."""

import errno
import os
import socket
import sys

os.chdir(sys.argv[1])


def bind():
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")


CHANGES = (
    lambda: os.open("new", os.O_CREAT | os.O_WRONLY),
    lambda: os.open("a", os.O_WRONLY),
    lambda: os.truncate("a", 0),
    lambda: os.mkdir("new"),
    lambda: os.rmdir("folder"),
    lambda: os.unlink("a"),
    lambda: os.rename("a", "b"),
    lambda: os.link("a", "new"),
    lambda: os.symlink("a", "new"),
    lambda: os.mkfifo("new"),
    lambda: os.chmod("a", 0o600),
    lambda: os.chown("a", 1, 1),
    lambda: os.utime("a"),
)
refused = 0
for change in CHANGES:
    try:
        change()
    except OSError as error:
        refused += error.errno == errno.EROFS
try:
    bind()
    raise SystemExit("bind was not refused")
except OSError:
    pass
with open("a", encoding="utf-8") as a, open("b", encoding="utf-8") as b:
    print(f"{refused} refused, read {a.read()}{b.read()}")
