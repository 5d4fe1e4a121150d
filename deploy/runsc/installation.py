"""One installation: its files, and whether they are sound."""

import os
import subprocess

from link_names import dispatcher_of
from program_file import Failure, read
from runsc_copy import FILES, patch, read_slot, same_program
from sidecars import COPIES, FOLDER, check_sidecars


class Installation:
    """Its paths; a user calls `dest`."""

    def __init__(self, link, dest):
        self.link = link
        self.dest = dest
        # Their own folder: runsc looks for its sidecars beside the dispatcher.
        self.files = dest + FILES
        self.patched = os.path.join(self.files, "patched")
        self.untouched = os.path.join(self.files, "runsc")
        self.dispatcher = dispatcher_of(dest)

    def sidecar_files(self):
        found = []
        for name in (FOLDER, COPIES):
            folder = os.path.join(self.files, name)
            if os.path.isdir(folder):
                found += [os.path.join(folder, file) for file in sorted(os.listdir(folder))]
        return found

    def folders(self):
        return [self.files] + [os.path.join(self.files, name) for name in (FOLDER, COPIES)]


def remove_files(paths):
    for path in paths:
        try:
            os.unlink(path)
            print(f"{path}: removed")
        except FileNotFoundError:
            pass
        except OSError as error:
            raise Failure(f"cannot remove {path}: {error.strerror}") from error


def remove_empty(folders):
    """Inner ones come last in `folders`."""
    for folder in reversed(folders):
        try:
            os.rmdir(folder)
        except OSError:
            pass  # holds what is not ours


def try_dispatcher(path):
    """As runsc starts it; must become the untouched runsc."""
    try:
        done = subprocess.run(["runsc-exec", "--version"], executable=path,
                              stdin=subprocess.DEVNULL, capture_output=True,
                              check=False)
    except OSError as error:
        raise Failure(f"{path} does not start: {error.strerror}") from error
    if done.returncode != 0:
        raise Failure(f"{path} does not start runsc: "
                      + done.stderr.decode(errors="replace").strip())


def describe(link, known):
    """What `status` prints of an installation."""
    lines = [("dispatcher", link), ("gofer", known["gofer"]),
             ("runsc", f"{known['dest']} (from {known['source']})"),
             ("knows", known["flags"].replace(",", ", ") or "none of the flags looked for"),
             ("directfs", known["directfs"] if "directfs" in known["flags"].split(",")
              else "not in this runsc")]
    return "".join(f"{name:<10} {text}\n" for name, text in lines)


def check(link):
    """Fails with the reason when the installation at the link is not sound."""
    known = read_slot(link)
    if known is None:
        raise Failure(f"{link}: its dispatcher is missing: install again"
                      if os.path.islink(link) else f"not installed at {link}")
    print(describe(link, known), end="")
    for path in (known["gofer"], known["untouched"], known["patched"], known["dest"]):
        if not os.access(path, os.X_OK):
            raise Failure(f"{path} is missing or not executable")
    untouched = read(known["untouched"])
    if patch(untouched, link, known["untouched"]) != read(known["patched"]):
        raise Failure(f"{known['patched']} is not what was installed")
    if known["dest"] != known["patched"] and (
            not same_program(read(known["dest"]), read(link))
            or read_slot(known["dest"])["patched"] != known["patched"]):
        raise Failure(f"{known['dest']} is not what was installed")
    if read(known["source"]) != untouched:
        raise Failure(f"{known['source']} has changed since: install again")
    changed = check_sidecars(known["source"], os.path.dirname(known["untouched"]))
    if changed:
        raise Failure(changed)
    try_dispatcher(link)
