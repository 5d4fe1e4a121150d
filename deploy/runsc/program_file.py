"""Program files as install-runsc reads, checks and writes them."""

import os
import stat
import tempfile


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


def replace(path, data, mode):
    """Writes a file so that at any time there is the old or the new one."""
    temporary = None
    try:
        if os.path.isfile(path) and stat.S_IMODE(os.stat(path).st_mode) == mode:
            with open(path, "rb") as file:
                if file.read() == data:
                    return "unchanged"
        descriptor, temporary = tempfile.mkstemp(
            ".tmp", ".install-runsc-", os.path.dirname(path))
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        os.rename(temporary, path)
        temporary = None
    except OSError as error:
        raise Failure(f"cannot write {path}: {error.strerror}") from error
    finally:
        if temporary is not None:
            os.unlink(temporary)
    return "written"


def replace_link(path, target):
    """As replace, for a symbolic link."""
    temporary = f"{path}.tmp{os.getpid()}"
    try:
        if os.path.islink(path) and os.readlink(path) == target:
            return "unchanged"
        os.symlink(target, temporary)
        os.rename(temporary, path)
    except OSError as error:
        raise Failure(f"cannot write {path}: {error.strerror}") from error
    finally:
        if os.path.islink(temporary):
            os.unlink(temporary)
    return "written"


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
