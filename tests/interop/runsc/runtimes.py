"""The two runtimes that are compared: a stock runsc, and a copy that starts our gofer."""

import os
import shutil
import sys
from contextlib import contextmanager

import releases

PROJECT = os.path.realpath(os.path.join(releases.HERE, "../../.."))
sys.path += [os.path.join(PROJECT, "deploy/runsc"),
             os.path.join(PROJECT, "tests/interop/containers")]

# pylint: disable=wrong-import-position
from runtime import PatchedRuntime, stock_runtime  # of tests/interop/containers

STOCK, OURS = "stock", "ours"


def copy_program(path, folder, name):
    """Where every user reaches it: the sandbox is nobody, or a mapped user."""
    place = os.path.join(folder, name)
    shutil.copy2(path, place)
    os.chmod(place, 0o755)
    return place


@contextmanager
def both_runtimes(runsc, gofer, dispatcher, folder):
    """gofer None: the second is stock, too."""
    stock = copy_program(runsc, folder, "runsc-stock")
    if gofer is None:
        yield stock_runtime(stock), stock_runtime(copy_program(runsc, folder, "runsc-ours"))
        return
    with PatchedRuntime(OURS, stock, gofer, folder, dispatcher) as ours:
        yield stock_runtime(stock), ours
