"""What a container must not leave: processes, mounts, sockets, files."""

import os
import time

PLACES = ("/tmp", "/var/tmp", "/run", "/dev/shm")
NAMES = ("runsc", "gofer", "exec-pid-")
# Of the project's other tests, which may run meanwhile.
OTHERS = ("gofer-test-", "goferd-test-", "goferd-bench-")


def temporary_files():
    """Names in the system's folders that look like ours or runsc's."""
    return {os.path.join(place, name) for place in PLACES if os.path.isdir(place)
            for name in os.listdir(place)
            if any(part in name for part in NAMES) and not name.startswith(OTHERS)}


def find_leftovers(folder, pid_namespaces, empty_folders, files_before, seconds=5):
    """Lines that say what is left, none if nothing is.

    folder: of the container; its path is in every command line, mount and
    socket. empty_folders: must hold nothing. The kernel ends processes of a
    killed pid namespace a little later, so this looks for some seconds.
    """
    end = time.monotonic() + seconds
    while True:
        left = [*_processes(folder, pid_namespaces), *_mounts(folder),
                *_sockets(folder), *_files(empty_folders, files_before)]
        if not left or time.monotonic() > end:
            return left
        time.sleep(0.02)


def _processes(folder, pid_namespaces):
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) == os.getpid():
            continue
        try:
            with open(f"/proc/{name}/cmdline", "rb") as file:
                words = file.read().split(b"\0")
            space = os.readlink(f"/proc/{name}/ns/pid")
        except OSError:
            continue  # gone, or a zombie without namespaces
        if space in pid_namespaces or any(os.fsencode(folder) in w for w in words):
            line = b" ".join(words).decode(errors="replace")
            yield f"process {name}: {line[:100]}"


def _mounts(folder):
    with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as file:
        for line in file:
            if folder in line:
                yield f"mount {line.split()[4]}"


def _sockets(folder):
    # runsc's control socket is abstract, and named after the container.
    mark = os.path.basename(folder)
    with open("/proc/net/unix", encoding="utf-8", errors="replace") as file:
        for line in file:
            words = line.split()
            if len(words) > 7 and mark in words[7]:
                yield f"socket {words[7]}"


def _files(empty_folders, files_before):
    for folder in empty_folders:
        for name in os.listdir(folder):
            yield f"file {os.path.join(folder, name)}"
    for path in sorted(temporary_files() - files_before):
        yield f"file {path}"
