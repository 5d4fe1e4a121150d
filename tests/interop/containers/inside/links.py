"""links.py FOLDER N: N links to one file, N renames, half onto one another."""

import os
import sys

os.chdir(sys.argv[1])
count = int(sys.argv[2])
with open("original", "w", encoding="utf-8") as file:
    file.write("the one file\n")
os.mkdir("links")
os.mkdir("moved")
for i in range(count):
    os.link("original", f"links/{i}")
for i in range(count // 2):
    os.rename(f"links/{i}", f"moved/{i}")
    with open(f"links/{i}", "w", encoding="utf-8") as file:
        file.write("another")
for i in range(count // 2, count):  # onto the files just made, which go
    target = f"links/{i - count // 2}"
    os.rename(f"links/{i}", target)
    assert os.stat(target).st_ino == os.stat("original").st_ino
    os.unlink(target)
os.rmdir("links")
print("ok")
