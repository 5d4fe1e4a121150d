"""Program files as install-runsc reads, checks and writes them."""

import os
import stat
import tempfile


TEMPORARY = ".install-runsc-"  # how the names of temporary files begin


class Failure(Exception):
    """One line for the user, and the exit status."""

    def __init__(self, text, status=1):
        super().__init__(text)
        self.status = status


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise Failure(f"cannot read {path}: {error.strerror}") from error


def read_program(path, what):
    data = read(path)
    if data[:4] != b"\x7fELF":
        raise Failure(f"{what} {path} is not an ELF executable")
    if not os.access(path, os.X_OK):
        raise Failure(f"{what} {path} is not executable")
    return data


def stage(path, data, mode):
    """Writes what becomes the file by a rename; None when the file is so already."""
    temporary = None
    try:
        if os.path.isfile(path) and stat.S_IMODE(os.stat(path).st_mode) == mode:
            with open(path, "rb") as file:
                if file.read() == data:
                    return None
        descriptor, temporary = tempfile.mkstemp(
            ".new", TEMPORARY, os.path.dirname(path))
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        staged, temporary = temporary, None
        return staged
    except OSError as error:
        raise Failure(f"cannot write {path}: {error.strerror}") from error
    finally:
        if temporary is not None:
            os.unlink(temporary)


def stage_link(path, target):
    """As stage, for a symbolic link."""
    try:
        if os.path.islink(path) and os.readlink(path) == target:
            return None
        temporary = free_name(path, ".new")
        os.symlink(target, temporary)
        return temporary
    except OSError as error:
        raise Failure(f"cannot write {path}: {error.strerror}") from error


def free_name(path, suffix):
    """Of a temporary file beside `path`."""
    while True:
        name = f"{TEMPORARY}{os.getpid()}-{os.urandom(4).hex()}{suffix}"
        beside = os.path.join(os.path.dirname(path), name)
        if not os.path.lexists(beside):
            return beside


def make_folder(path):
    """Makes what is missing, and returns it, outermost first.

    0755, as runsc's sandbox, which is nobody, goes through it.
    """
    made = []
    try:
        if not os.path.isdir(path):
            made = make_folder(os.path.dirname(path))
            os.mkdir(path)
            os.chmod(path, 0o755)
            made.append(path)
    except OSError as error:
        raise Failure(f"cannot make {path}: {error.strerror}") from error
    return made


def check_place(folder):
    """Programs in the folder must be able to run."""
    if os.statvfs(folder).f_flag & os.ST_NOEXEC:
        raise Failure(f"{folder} is on a file system mounted noexec")


def check_owners(path):
    """Whoever may change the path may become the caller of runsc."""
    mine = (0, os.geteuid())
    step = os.path.realpath(path)
    while True:
        info = os.stat(step)
        sticky = stat.S_ISDIR(info.st_mode) and info.st_mode & stat.S_ISVTX
        if info.st_uid not in mine or (info.st_mode & 0o022 and not sticky):
            raise Failure(f"{step} can be changed by others than root "
                          "(--trust-owners to install all the same)")
        if step == "/":
            return
        step = os.path.dirname(step)
