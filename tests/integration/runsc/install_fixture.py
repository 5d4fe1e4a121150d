"""For the tests of deploy/runsc: a folder with a runsc and a gofer of ours."""

import ctypes
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

PROJECT = os.path.realpath(os.path.join(os.path.dirname(__file__), "../../.."))
sys.path.append(os.path.join(PROJECT, "tests/interop/containers"))

from runtime import free_links_folder  # pylint: disable=wrong-import-position

TOOL = os.path.join(PROJECT, "deploy/runsc/install-runsc")
SKIPPED = 77  # as the tests' CMakeLists.txt says


class Built:
    """Programs of the build, from the test's command line and its environment."""

    dispatcher = gofer = reported_call = None
    goferd, goferctl = os.environ.get("GOFERD"), os.environ.get("GOFERCTL")


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


class InstallTest(unittest.TestCase):
    """runsc and gofer are copies of reported_call; undone after each test."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="install-test-")
        os.chmod(self.folder, 0o755)
        self.addCleanup(shutil.rmtree, self.folder)
        self.runsc = self.program("stock")
        self.gofer = self.program("gofer")
        self.dest = os.path.join(self.folder, "runsc")
        self.patched = self.dest + ".files/patched"
        # A folder of its own: installations with links in one folder wait for each
        # other.
        self.links = free_links_folder()
        os.mkdir(self.links, 0o755)
        self.addCleanup(shutil.rmtree, self.links)
        self.at = os.path.join(self.links, "rg")
        self.addCleanup(self.tool, "undo", f"--dispatcher-path={self.at}")

    def program(self, name):
        path = os.path.join(self.folder, name)
        shutil.copy2(Built.reported_call, path)
        return path

    def tool(self, *words):
        """Returns the exit status and all that the tool wrote."""
        done = subprocess.run([TOOL, *words], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    def install(self, **changed):
        flags = {"runsc": self.runsc, "gofer": self.gofer, "dest": self.dest,
                 "dispatcher": Built.dispatcher, "dispatcher-path": self.at}
        flags.update({name.replace("_", "-"): value for name, value in changed.items()})
        # What stands for runsc here starts no container.
        words = [] if flags.pop("trial", False) else ["--no-trial"]
        return self.tool("install", *words, *(f"--{k}={v}" for k, v in flags.items()
                                              if v is not None))

    def assert_installed(self, **changed):
        status, text = self.install(**changed)
        self.assertEqual(status, 0, text)

    def assert_refused(self, said, status=1, **changed):
        """In one line, and nothing is made."""
        before = sorted(os.listdir(self.folder))
        got, text = self.install(**changed)
        self.assertEqual(got, status, text)
        lines = [line for line in text.splitlines() if line.startswith("install-runsc:")]
        self.assertEqual(len(lines), 1, text)
        self.assertIn(said, lines[0])
        self.assertEqual(sorted(os.listdir(self.folder)), before)
        self.assertFalse(os.path.exists(self.at))


def leave_other_containers():
    """Takes us to a network namespace of our own.

    In runsc of 2022 the name of a container is that of an abstract socket, so that
    two tests with a container of one name would meet in one sandbox.
    """
    clone_newnet = 0x40000000
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(clone_newnet) != 0:
        raise OSError(ctypes.get_errno(), "unshare")


def main():
    """Arguments: the dispatcher, the gofer, reported_call; then unittest's."""
    if os.geteuid() != 0:
        print("skipped: needs root")
        return SKIPPED
    leave_other_containers()
    Built.dispatcher, Built.gofer, Built.reported_call = sys.argv[1:4]
    program = unittest.main(module="__main__", argv=[sys.argv[0], *sys.argv[4:]],
                            exit=False)
    if program.result.skipped and program.result.testsRun == len(program.result.skipped):
        print("skipped:", program.result.skipped[0][1])
        return SKIPPED
    return 0 if program.result.wasSuccessful() else 1
