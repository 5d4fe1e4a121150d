"""Processes and mounts that a container must not leave, and how processes are ended."""

import os
import signal
import time


def _matching(folder):
    """Pairs of pid and argv[0]: the processes that have the folder in a word."""
    mark = os.fsencode(folder)
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) == os.getpid():
            continue
        try:
            with open(f"/proc/{name}/cmdline", "rb") as file:
                words = file.read().split(b"\0")
        except OSError:
            continue  # gone
        if any(mark in word for word in words):
            yield int(name), os.path.basename(words[0]).decode(errors="replace")


def find_processes(folder, seconds):
    """Names of the processes that are still there after so many seconds."""
    end = time.monotonic() + seconds
    while (left := sorted(name for _, name in _matching(folder))):
        if time.monotonic() > end:
            break
        time.sleep(0.02)
    return " ".join(left) or "none"


def kill_all(folder):
    """Through a descriptor: the number alone may be somebody else's by now."""
    for pid, _ in list(_matching(folder)):
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        if pid in dict(_matching(folder)):
            try:
                signal.pidfd_send_signal(descriptor, signal.SIGKILL)
            except ProcessLookupError:
                pass
        os.close(descriptor)


def find_mounts(folder):
    with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as file:
        left = [line.split()[4] for line in file if folder in line]
    return " ".join(left) or "none"
