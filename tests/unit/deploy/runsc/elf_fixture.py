"""ELF programs made by hand, for the tests of deploy/runsc."""

import os
import struct
import sys

sys.dont_write_bytecode = True
PROJECT = os.path.realpath(os.path.join(os.path.dirname(__file__), "../../../.."))
sys.path.append(os.path.join(PROJECT, "deploy/runsc"))

HEADER_SIZE, SEGMENT_SIZE, SECTION_SIZE = 64, 56, 64
LOAD, NOTE = 1, 4
EXE = b"/proc/self/exe"


def elf(*parts, sections=(), tail=b""):
    """A program of the parts, each a segment's bytes or (segment type, bytes).

    Behind them come the sections' bytes with their headers, then the tail.
    """
    parts = [part if isinstance(part, tuple) else (LOAD, part) for part in parts]
    offset = HEADER_SIZE + SEGMENT_SIZE * len(parts)
    headers, body = b"", b""
    for kind, data in parts:
        headers += struct.pack("<IIQQQQQQ", kind, 5, offset + len(body), 0x400000, 0,
                               len(data), len(data), 1)
        body += data
    rows = b""
    for data in sections:
        rows += struct.pack("<IIQQQQIIQQ", 1, 1, 0, 0, offset + len(body), len(data),
                            0, 0, 1, 0)
        body += data
    header = struct.pack(
        "<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01\x01", 2, 62, 1, 0x400000, HEADER_SIZE,
        offset + len(body) if sections else 0, 0, HEADER_SIZE, SEGMENT_SIZE, len(parts),
        SECTION_SIZE if sections else 0, len(sections), 0)
    return header + headers + body + rows + tail
