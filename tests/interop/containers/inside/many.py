"""many.py FOLDER N: N files in one folder; those with even numbers go again."""

import os
import sys

os.chdir(sys.argv[1])
count = int(sys.argv[2])
for i in range(count):
    with open(f"file-{i}", "w", encoding="utf-8") as file:
        file.write(f"content {i}\n")
names = os.listdir(".")
assert sorted(names) == sorted(f"file-{i}" for i in range(count))
for i in range(count):
    assert os.stat(f"file-{i}").st_size == len(f"content {i}\n")
for i in range(0, count, 50):
    with open(f"file-{i}", encoding="utf-8") as file:
        assert file.read() == f"content {i}\n"
for i in range(0, count, 2):
    os.unlink(f"file-{i}")
print(len(names), len(os.listdir(".")), "ok")
