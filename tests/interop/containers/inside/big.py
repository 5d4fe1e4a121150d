"""big.py FILE MIB: writes a file; says the sums of what it wrote and reads."""

import hashlib
import os
import sys

path, count = sys.argv[1], int(sys.argv[2])
random = os.urandom(1 << 20)
written, found = hashlib.sha256(), hashlib.sha256()
with open(path, "wb") as file:
    for i in range(count):
        block = i.to_bytes(8, "big") + random[8:]
        file.write(block)
        written.update(block)
    file.flush()
    os.fsync(file.fileno())
with open(path, "rb") as file:
    while part := file.read(1 << 20):
        found.update(part)
print(written.hexdigest(), found.hexdigest())
