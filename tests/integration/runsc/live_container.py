"""Containers that run while a test looks at them; runsc's releases of today."""

import glob
import os
import select
import stat
import subprocess
import tempfile
import time

from install_fixture import PROJECT, InstallTest

import runtime  # also makes oci_bundle importable  # pylint: disable=unused-import
import oci_bundle

FIRST_SANDBOX_WITH_DIRECTFS_OF_TODAY = "2025-02"
WAIT_S = 60


def releases():
    """runsc by name, of the builds of tests/interop/runsc that are here."""
    folder = os.environ.get("GOFERD_RUNSC_RELEASES",
                            os.path.join(PROJECT, "build/runsc-releases"))
    found = {os.path.basename(os.path.dirname(path)): path
             for path in sorted(glob.glob(folder + "/*/runsc"))}
    return {name: path for name, path in found.items()
            if name >= FIRST_SANDBOX_WITH_DIRECTFS_OF_TODAY}


class Helper:
    """A process that runsc started: a gofer or a sandbox."""

    def __init__(self, pid, words):
        self.pid = pid
        self.words = words
        self.exe = os.readlink(f"/proc/{pid}/exe")

    def directories(self):
        """(device, inode) of the directories that it has open."""
        found = set()
        for name in os.listdir(f"/proc/{self.pid}/fd"):
            try:
                info = os.stat(f"/proc/{self.pid}/fd/{name}")
            except FileNotFoundError:
                continue  # closed meanwhile
            if stat.S_ISDIR(info.st_mode):
                found.add((info.st_dev, info.st_ino))
        return found


class LiveTest(InstallTest):

    flags = ()  # more global flags of runsc

    def setUp(self):
        super().setUp()
        self.state = os.path.join(self.folder, "state")
        self.volume = os.path.join(self.folder, "volume")
        os.mkdir(self.volume)

    def make_bundle(self, name, *command, **annotations):
        bundle = os.path.join(self.folder, name)
        os.mkdir(bundle)
        oci_bundle.make_rootfs(bundle)
        self.configure(bundle, command, annotations)
        return bundle

    def configure(self, bundle, command, annotations):
        oci_bundle.write_config(bundle, oci_bundle.Config(
            args=list(command), annotations=annotations,
            mounts=[oci_bundle.bind_mount(self.volume, "/volume")]))

    def command(self, *words):
        return [self.dest, "--root", self.state, "--network=none", "--ignore-cgroups",
                *self.flags, *words]

    def run_runsc(self, *words):
        """Through files: a container that stays would keep a pipe from ending."""
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as errors:
            done = subprocess.run(self.command(*words), stdout=out, stderr=errors,
                                  stdin=subprocess.DEVNULL, timeout=WAIT_S, check=False)
            out.seek(0)
            errors.seek(0)
            return subprocess.CompletedProcess(done.args, done.returncode, out.read(),
                                               errors.read())

    def start(self, bundle, name):
        """In the foreground; returns the process once the container said "here"."""
        process = subprocess.Popen(
            self.command("run", "--bundle", bundle, name), stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.remove, process, name)
        # Whoever else holds the pipe keeps it from ending.
        ready, _, _ = select.select([process.stdout], [], [], WAIT_S)
        self.assertTrue(ready, f"{name} says nothing")
        self.assertEqual(process.stdout.readline(), "here\n")
        return process

    def remove(self, process, name):
        if process.poll() is None:
            self.run_runsc("delete", "--force", name)
        process.communicate(timeout=WAIT_S)

    def end(self, process):
        """Lets the container go on; returns what it says then."""
        said, errors = process.communicate("go on\n", timeout=WAIT_S)
        self.assertEqual(process.returncode, 0, errors)
        return said

    def helpers(self, argv0, last=None):
        """Those of this test's containers."""
        found = []
        for path in glob.glob("/proc/[0-9]*/cmdline"):
            try:
                with open(path, encoding="utf-8", errors="surrogateescape") as file:
                    words = file.read().split("\0")[:-1]
                if words and words[0] == argv0 and f"--root={self.state}" in words \
                        and last in (None, words[-1]):
                    found.append(Helper(int(path.split("/")[2]), words))
            except (FileNotFoundError, ProcessLookupError):
                continue  # gone
        return found

    def wait_until(self, condition, what):
        end = time.monotonic() + WAIT_S
        while not condition():
            self.assertLess(time.monotonic(), end, what)
            time.sleep(0.02)
