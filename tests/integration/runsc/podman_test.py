"""podman with the patched runsc, on a root of files of this machine.

podman cannot run everywhere (cgroups, nested containers): what does not work
with the stock runsc either is skipped, and says why.
"""

import errno
import glob
import os
import shutil
import subprocess
import sys
import time

from install_fixture import Built, InstallTest, main

import runtime  # also makes oci_bundle importable  # pylint: disable=unused-import
import oci_bundle

CGROUPS = "/sys/fs/cgroup"


class Podman(InstallTest):

    def setUp(self):
        super().setUp()
        if shutil.which("podman") is None:
            self.skipTest("podman is not installed")
        self.bundle = self.make("bundle")
        self.rootfs = oci_bundle.make_rootfs(self.bundle)
        self.volume = self.make("volume")
        self.store = self.make("store")
        self.parent = "/" + os.path.basename(self.folder)
        self.addCleanup(self.remove_cgroups)

    def make(self, name):
        path = os.path.join(self.folder, name)
        os.mkdir(path)
        return path

    def remove_cgroups(self):
        """podman leaves the parent that it was given, and ends a little later."""
        folders = [folder for root in (CGROUPS, *glob.glob(CGROUPS + "/*"))
                   for folder, _, _ in os.walk(root + self.parent, topdown=False)]
        end = time.monotonic() + 20
        while folders:
            try:
                os.rmdir(folders[0])
                del folders[0]
            except OSError as error:
                if error.errno != errno.EBUSY or time.monotonic() > end:
                    raise
                time.sleep(0.02)

    def podman(self, runsc, *words):
        folders = [f"--{name}={os.path.join(self.store, name)}"
                   for name in ("root", "runroot", "tmpdir")]
        return subprocess.run(
            ["podman", *folders, "--storage-driver=vfs", "--cgroup-manager=cgroupfs",
             "--events-backend=none", f"--runtime={runsc}",
             "--runtime-flag=network=none", "--runtime-flag=ignore-cgroups", *words],
            capture_output=True, text=True, timeout=120, check=False)

    def run_in(self, runsc, script):
        return self.podman(runsc, "run", "--rm", "--network=none",
                           f"--cgroup-parent={self.parent}",
                           f"--volume={self.volume}:/volume",
                           "--rootfs", self.rootfs, "sh", "-ec", script)

    def gofer_of(self, runsc):
        """What the gofer of a running container is."""
        started = self.podman(runsc, "run", "--detach", "--rm", "--network=none",
                              f"--cgroup-parent={self.parent}", "--name=idle",
                              "--rootfs", self.rootfs, "sleep", "1000")
        self.assertEqual(started.returncode, 0, started.stderr)
        try:
            for path in glob.glob("/proc/[0-9]*/cmdline"):
                try:
                    with open(path, "rb") as file:
                        line = file.read()
                    exe = os.readlink(os.path.join(os.path.dirname(path), "exe"))
                except OSError:
                    continue  # gone
                if line.startswith(b"runsc-gofer") and self.folder.encode() in line:
                    return exe
        finally:
            self.podman(runsc, "rm", "--force", "--time=0", "idle")
        return None

    def test_runs_a_container_on_our_gofer(self):
        stock = self.run_in("/usr/bin/runsc", "true")
        if stock.returncode != 0:
            self.skipTest("podman does not run with the stock runsc here: "
                          + stock.stderr.strip()[-200:])
        self.assert_installed(runsc="/usr/bin/runsc", gofer=Built.gofer)
        done = self.run_in(self.dest, "echo said; echo root >/made; echo volume >/volume/made; "
                           "[ -d /proc/1 ]; exit 3")
        self.assertEqual((done.returncode, done.stdout), (3, "said\n"), done.stderr)
        for folder, text in ((self.rootfs, "root\n"), (self.volume, "volume\n")):
            with open(os.path.join(folder, "made"), encoding="utf-8") as file:
                self.assertEqual(file.read(), text)
        self.assertEqual(self.gofer_of(self.dest), os.path.realpath(Built.gofer))


if __name__ == "__main__":
    sys.exit(main())
