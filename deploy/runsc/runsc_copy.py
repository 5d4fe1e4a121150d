"""The two binaries that install-runsc changes: a runsc and the dispatcher."""

import os

from elf_image import embedded_images, read_image
from program_file import Failure, read

EXE = b"/proc/self/exe"
MISFIT = 3  # exit status: this runsc cannot be served
# What a runsc does and its command lines do not show, by bytes of its program: a
# flag that it knows, a text of its messages, a function that it has.
TRAITS = {
    "directfs": b"directfs",
    "character-device-policy": b"character-device-policy",
    "makes-cwd": b"Create working directory",  # its gofer does, until July 2025
    "create-container-hooks": b"error executing CreateContainer hooks",
    "mount-directfs": b"suppress_directfs",  # of one mount, by an annotation
    "xattr-lists": b"controlFDLisa).listXattr",  # its gofer lists them
}
MAGIC = b"goferd runsc dispatcher: installed paths, version %d\0"
# The slot of dispatcher/installed_paths.cc: the magic, then these.
SLOT_FIELD = 1024
FIELDS = ("gofer", "untouched", "patched", "source", "folders", "state_dir", "flags",
          "directfs", "front")
FILES = ".files"  # behind the name of what a user calls: the folder of the rest
VERSION = 3
FIELD_COUNT = {2: 6, 3: len(FIELDS)}  # older ones can be undone and replaced


def _find_all(data, wanted):
    position = data.find(wanted)
    while position >= 0:
        yield position
        position = data.find(wanted, position + 1)


def find_own_path(data, origin):
    """Where the runsc holds the path by which it starts itself.

    It may embed other programs that hold the same path for themselves; they
    must keep it.
    """
    outer = read_image(data)
    if outer is None:
        raise Failure(f"{origin} does not fit: it is no whole ELF program of 64 bits", MISFIT)
    loaded = [position for position in _find_all(data, EXE)
              if any(part.holds(position, len(EXE)) for part in outer.loaded)]
    inner = embedded_images(data, outer)
    own = [position for position in loaded
           if not any(image.extent.holds(position, len(EXE)) for image in inner)]
    if len(own) == 1:
        return own[0]
    where = f" (at {', '.join(f'{position:#x}' for position in own)})" if own else ""
    embedded = f", not counting {len(loaded) - len(own)} in programs that it embeds" \
        if len(own) != len(loaded) else ""
    raise Failure(f'{origin} does not fit: it holds "{EXE.decode()}" {len(own)} times, '
                  f"not once{where}{embedded}", MISFIT)


def patch(data, dispatcher, origin):
    """The bytes of a runsc that starts `dispatcher` in place of itself."""
    position = find_own_path(data, origin)
    return data[:position] + os.fsencode(dispatcher) + data[position + len(EXE):]


def traits(data):
    """The names of those of TRAITS that this runsc has."""
    return [name for name, sign in TRAITS.items() if sign in data]


def _find_slot(binary, version):
    found = list(_find_all(binary, MAGIC % version))
    return found[0] if len(found) == 1 else None


def fill_slot(binary, origin, fields):
    """The bytes of a dispatcher that knows these paths; the rest is empty."""
    position = _find_slot(binary, VERSION)
    if position is None:
        raise Failure(f"{origin} is no runsc-dispatcher of this version")
    slot = b""
    for name in FIELDS:
        value = os.fsencode(fields.get(name, ""))
        if len(value) >= SLOT_FIELD:
            raise Failure(f"path too long: {fields[name]}")
        slot += value.ljust(SLOT_FIELD, b"\0")
    start = position + SLOT_FIELD
    return binary[:start] + slot + binary[start + len(slot):]


def same_program(one, other):
    """Whether two dispatchers differ in their slots only."""
    size = SLOT_FIELD * (len(FIELDS) + 1)

    def cut(binary):
        position = _find_slot(binary, VERSION)
        return None if position is None else binary[:position] + binary[position + size:]

    return cut(one) is not None and cut(one) == cut(other)


def read_slot(path):
    """What an installed dispatcher knows; None when the file is none."""
    if not os.path.isfile(path):
        return None
    binary = read(path)
    for version, count in FIELD_COUNT.items():
        position = _find_slot(binary, version)
        if position is not None:
            values = [binary[position + SLOT_FIELD * i:][:SLOT_FIELD]
                      for i in range(1, count + 1)]
            values += [b""] * (len(FIELDS) - count)
            known = dict(zip(FIELDS, (os.fsdecode(v.rstrip(b"\0")) for v in values)))
            # What a user calls: the patched copy itself in version 2.
            known["dest"] = known["patched"] if version == 2 else \
                os.path.dirname(known["patched"]).removesuffix(FILES)
            return known
    return None
