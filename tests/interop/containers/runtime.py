"""The two runtimes that are compared: the stock runsc and one with our gofer."""

import os
import random
import shutil
import string
import subprocess
import sys
from dataclasses import dataclass

PROJECT = os.path.realpath(os.path.join(os.path.dirname(__file__), "../../.."))
DEPLOY = os.path.join(PROJECT, "deploy/runsc")
sys.path.append(DEPLOY)


@dataclass(frozen=True)
class Runtime:
    """A runsc, and the program that its gofer processes must be."""

    name: str
    runsc: str
    gofer: str


def stock_runtime(runsc):
    return Runtime("stock", runsc, os.path.realpath(runsc))


class PatchedRuntime:
    """A patched copy of runsc in a folder; a context that gives its Runtime."""

    def __init__(self, name, runsc, gofer, folder, dispatcher=None):
        self._name = name
        self._gofer = os.path.realpath(gofer)
        self._copy = os.path.join(folder, f"runsc-{name}")
        self._links = free_links_folder()
        self._at = os.path.join(self._links, "rg")
        self._install = [
            os.path.join(DEPLOY, "install-runsc"), "install", f"--runsc={runsc}",
            f"--gofer={self._gofer}", f"--dest={self._copy}",
            f"--dispatcher-path={self._at}", "--trust-owners"]
        if dispatcher:
            self._install.append(f"--dispatcher={dispatcher}")

    def __enter__(self):
        os.mkdir(self._links, 0o755)
        try:
            subprocess.run(self._install, check=True, stdout=subprocess.DEVNULL)
        except BaseException:
            os.rmdir(self._links)
            raise
        return Runtime(self._name, self._copy, self._gofer)

    def __exit__(self, *failure):
        subprocess.run([self._install[0], "undo", f"--dispatcher-path={self._at}"],
                       check=True, stdout=subprocess.DEVNULL)
        if os.path.exists(self._at):
            raise RuntimeError(f"install-runsc undo left {self._at}")
        os.rmdir(self._links)


def free_links_folder():
    """A path of 11 bytes, for links of 14 as install-runsc wants."""
    while True:
        name = "".join(random.choices(string.ascii_lowercase + string.digits, k=6))
        path = f"/tmp/{name}"
        if not os.path.exists(path):
            return path


def find_runsc(given=None):
    runsc = given or shutil.which("runsc")
    if runsc is None:
        raise FileNotFoundError("runsc is missing: apt-get install runsc")
    return runsc
