"""The two binaries that install-runsc changes: a runsc and the dispatcher."""

import os

from program_file import Failure, read

EXE = b"/proc/self/exe"
MAGIC = b"goferd runsc dispatcher: installed paths, version 2\0"
# The slot of dispatcher/installed_paths.cc: the magic, then these.
SLOT_FIELD = 1024
FIELDS = ("gofer", "untouched", "patched", "source", "folders", "state_dir")


def _find_once(data, wanted):
    count = data.count(wanted)
    return data.find(wanted) if count == 1 else -1, count


def patch(data, dispatcher, origin):
    """The bytes of a runsc that starts `dispatcher` in place of itself."""
    position, count = _find_once(data, EXE)
    if count != 1:
        raise Failure(f'{origin} does not fit: it holds "{EXE.decode()}" '
                      f"{count} times, not once", 3)
    return data[:position] + dispatcher.encode() + data[position + len(EXE):]


def fill_slot(binary, origin, fields):
    """The bytes of a dispatcher that knows these paths."""
    position, count = _find_once(binary, MAGIC)
    if count != 1:
        raise Failure(f"{origin} is no runsc-dispatcher")
    slot = b""
    for name in FIELDS:
        value = os.fsencode(fields[name])
        if len(value) >= SLOT_FIELD:
            raise Failure(f"path too long: {fields[name]}")
        slot += value.ljust(SLOT_FIELD, b"\0")
    start = position + SLOT_FIELD
    return binary[:start] + slot + binary[start + len(slot):]


def read_slot(path):
    """What an installed dispatcher knows; None when the file is none."""
    if not os.path.isfile(path):
        return None
    binary = read(path)
    position, count = _find_once(binary, MAGIC)
    if count != 1:
        return None
    values = (binary[position + SLOT_FIELD * i:][:SLOT_FIELD]
              for i in range(1, len(FIELDS) + 1))
    return dict(zip(FIELDS, (os.fsdecode(v.rstrip(b"\0")) for v in values)))
