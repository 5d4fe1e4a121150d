"""Where the dispatchers of several installations are: links with short paths.

A link's path replaces a string of fixed length, so its name has as many letters
as the folder leaves: "rg" in /opt/goferd, then r0, r1, ... rz.
"""

import contextlib
import fcntl
import os
import string
import sys

from program_file import Failure
from runsc_copy import EXE, FILES, read_slot

LINKS = "/opt/goferd"
FIRST = "rg"
LOCK = ".install-runsc-lock"
DIGITS = string.digits + string.ascii_lowercase


def _width(folder):
    width = len(EXE) - len(os.fsencode(os.path.join(folder, "")))
    if not folder.startswith("/") or width < 1:
        raise Failure(f"--links {folder}: the folder's path must be absolute and have "
                      f"{len(EXE) - 2} bytes at most", 2)
    return width


def candidates(folder):
    """Paths for links in the folder, in the order in which they are given away."""
    width = _width(folder)
    first = FIRST[:width].ljust(width, "0")
    yield os.path.join(folder, first)
    for digit in DIGITS:
        name = "r".ljust(width - 1, "0") + digit if width > 1 else digit
        if name != first:
            yield os.path.join(folder, name)


def installed_links(folder):
    """The links of all installations in the folder, in a stable order."""
    width = _width(folder)
    try:
        names = sorted(os.listdir(folder))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise Failure(f"cannot read {folder}: {error.strerror}") from error
    names.sort(key=lambda name: name != FIRST[:width].ljust(width, "0"))
    paths = (os.path.join(folder, name) for name in names
             if len(os.fsencode(name)) == width)
    return [path for path in paths if is_dispatcher(path)]


def dispatcher_of(dest):
    """Where the dispatcher of an installation is."""
    return os.path.join(dest + FILES, "dispatcher")


def is_dispatcher(path):
    """Also a link of ours whose dispatcher is gone."""
    return os.path.islink(path) and (is_dangling(path) or read_slot(path) is not None)


def is_dangling(path):
    return (os.path.islink(path) and not os.path.exists(path)
            and os.readlink(path).endswith(dispatcher_of("")))


def link_of(dest, folder):
    """The link of the installation that is called as `dest`; None without one."""
    for path in installed_links(folder):
        known = read_slot(path)
        if os.readlink(path) == dispatcher_of(dest) \
                or (known is not None and known["dest"] == dest):
            return path
    return None


def choose_link(dest, folder):
    """The link that `dest` has, else the first free one."""
    earlier = link_of(dest, folder)
    if earlier:
        return earlier
    for path in candidates(folder):
        if not os.path.lexists(path):
            return path
    raise Failure(f"no name is free for another link in {folder}: undo an installation, "
                  "or name another folder with --links")


@contextlib.contextmanager
def lock(folder):
    """Nobody else installs or removes links in the folder meanwhile.

    A file that root alone can open: everybody may open the folder, and could
    make all wait who lock that. The file is gone afterwards, so whoever waited
    for it looks whether it is still there.
    """
    path = os.path.join(folder, LOCK)
    descriptor = _open_locked(path)
    try:
        yield
    finally:
        os.unlink(path)
        os.close(descriptor)


def _open_locked(path):
    while True:
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise Failure(f"cannot lock {path}: {error.strerror}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"note: waiting for another install-runsc, which holds {path}",
                  file=sys.stderr, flush=True)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        if _is_same(descriptor, path):
            return descriptor
        os.close(descriptor)


def _is_same(descriptor, path):
    try:
        return os.path.samestat(os.fstat(descriptor), os.lstat(path))
    except FileNotFoundError:
        return False
