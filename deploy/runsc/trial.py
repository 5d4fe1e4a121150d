"""A trial of a patched runsc: does it start its gofer where it was told to?

A runsc may hold the path once and still start itself in another way. Its
containers would then run on its own gofer, and nobody would notice.
"""

import json
import os
import random
import subprocess
import tempfile

from link_names import DIGITS
from program_file import Failure
from runsc_copy import EXE, MISFIT, patch

TIMEOUT_S = 60
# Says how it was called, and fails, so that no container comes to be.
SCRIPT = """#!/bin/sh
printf '%s\\n' "$*" >>'{log}'
exit 1
"""
SPEC = {
    "ociVersion": "1.0.2",
    "process": {"user": {"uid": 0, "gid": 0}, "args": ["/true"], "cwd": "/"},
    "root": {"path": "rootfs", "readonly": True},
    "linux": {"namespaces": [{"type": kind} for kind in
                             ("pid", "network", "ipc", "uts", "mount")]},
}


def _free_path(folder):
    width = len(EXE) - len(os.fsencode(os.path.join(folder, "")))
    for _ in range(1000):
        path = os.path.join(folder, "".join(random.choices(DIGITS, k=width)))
        if not os.path.lexists(path):
            return path
    raise Failure(f"no name is free in {folder} for the trial of runsc")


def _write(path, data, mode):
    with open(path, "wb") as file:
        file.write(data)
        os.fchmod(file.fileno(), mode)


def _run(runsc, state, *words):
    try:
        return subprocess.run(
            [runsc, "--root", state, "--network=none", "--ignore-cgroups", *words],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, errors="replace", timeout=TIMEOUT_S, check=False).stdout
    except OSError as error:
        return error.strerror
    except subprocess.TimeoutExpired:
        return f"no end after {TIMEOUT_S} s"


def try_runsc(data, origin, links, folder):
    """Fails when a patched copy starts no gofer by the path that was patched in.

    `links` is the folder of the dispatchers, `folder` one for the trial's files.
    """
    script = _free_path(links)
    with tempfile.TemporaryDirectory(prefix=".trial-", dir=folder) as scratch:
        runsc, log, state, bundle = (os.path.join(scratch, name) for name in
                                     ("runsc", "log", "state", "bundle"))
        os.makedirs(os.path.join(bundle, "rootfs"))
        _write(os.path.join(bundle, "config.json"), json.dumps(SPEC).encode(), 0o644)
        _write(runsc, patch(data, script, origin), 0o755)
        name = f"goferd-trial-{os.getpid()}"
        try:
            # Behind a link, as the dispatcher is: some releases read the link.
            program = os.path.join(scratch, "dispatcher")
            _write(program, SCRIPT.format(log=log).encode(), 0o755)
            os.symlink(program, script)
            said = _run(runsc, state, "create", "--bundle", bundle, name)
            _run(runsc, state, "delete", "--force", name)
            calls = ""
            if os.path.exists(log):
                with open(log, encoding="utf-8", errors="replace") as file:
                    calls = file.read()
        except OSError as error:
            raise Failure(f"cannot try {origin}: {error.strerror}") from error
        finally:
            if os.path.lexists(script):
                os.unlink(script)
    if not any("gofer" in line.split() for line in calls.splitlines()):
        last = (said.strip().splitlines() or ["it said nothing"])[-1]
        raise Failure(f"{origin} does not fit: a trial container did not start its gofer "
                      f"through the dispatcher ({last}); --no-trial installs all the same",
                      MISFIT)
