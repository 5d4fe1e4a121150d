"""Programs that a runsc of 2026 or later expects in gvisor-bin beside itself.

runsc looks beside the path by which it starts itself, which is the dispatcher's
link, then beside the file that this link leads to. The second place belongs to
one installation, the first to all that have their links in one folder.

A sidecar becomes the sandbox without runsc's own path, so a dispatcher takes its
place and becomes the copy of the sidecar.
"""

import os
import stat

from program_file import Failure, read

FOLDER = "gvisor-bin"
COPIES = "gvisor-bin.copies"  # what the dispatchers in FOLDER become
# They never are the sandbox, and the first one has another command line.
HELPERS = ("gvisor-sentry-prewarmer", "runsc-metric-server", "checkpointgofer")


def find_sidecars(runsc):
    """Path by name, of the programs beside this runsc."""
    folder = os.path.join(os.path.dirname(runsc), FOLDER)
    if not os.path.isdir(folder):
        return {}
    try:
        paths = {name: os.path.join(folder, name) for name in sorted(os.listdir(folder))}
        return {name: path for name, path in paths.items() if os.path.isfile(path)}
    except OSError as error:
        raise Failure(f"cannot read {folder}: {error.strerror}") from error


def wants_sidecars(data):
    """Whether this runsc looks for them at all."""
    return FOLDER.encode() in data


def check_place(data, links, files):
    """Other sidecars beside the link would be taken in place of ours."""
    beside = os.path.join(links, FOLDER)
    if wants_sidecars(data) and os.path.isdir(beside) \
            and os.path.realpath(beside) != os.path.realpath(os.path.join(files, FOLDER)):
        raise Failure(f"{beside} is there: this runsc would take its sidecars from it; "
                      "name another folder with --links")


def place_sidecars(writer, sidecars, files, make_dispatcher):
    """Copies them, and puts dispatchers where one may be the sandbox.

    `make_dispatcher(copy)` gives the bytes of one that becomes the copy.
    """
    folder, copies = os.path.join(files, FOLDER), os.path.join(files, COPIES)
    wanted = set()
    for name, path in sidecars.items():
        data, mode = read(path), stat.S_IMODE(os.stat(path).st_mode)
        shown = os.path.join(folder, name)
        writer.folder(folder)
        if name not in HELPERS and data[:4] == b"\x7fELF":
            writer.folder(copies)
            copy = os.path.join(copies, name)
            writer.file(copy, data, mode)
            wanted.add(copy)
            data = make_dispatcher(copy)
        writer.file(shown, data, mode)
        wanted.add(shown)
    return wanted


def check_sidecars(runsc, files):
    """Whether the copies are what is beside this runsc; else the reason."""
    sidecars = find_sidecars(runsc)
    folder, copies = os.path.join(files, FOLDER), os.path.join(files, COPIES)
    there = set(os.listdir(folder)) if os.path.isdir(folder) else set()
    for name in sorted(there | set(sidecars)):
        path = os.path.join(copies if os.path.exists(os.path.join(copies, name))
                            else folder, name)
        if not os.access(os.path.join(folder, name), os.R_OK):
            return f"{os.path.join(folder, name)} is missing"
        if name not in sidecars or read(sidecars[name]) != read(path):
            return f"the sidecar {name} beside {runsc} has changed since: install again"
    return None
