"""podman with the patched runsc, on a root of files of this machine.

podman cannot run everywhere (cgroups, nested containers): what does not work
with the stock runsc either is skipped, and says why.
"""

import contextlib
import errno
import glob
import os
import shutil
import subprocess
import sys
import time

from install_fixture import Built, InstallTest, main
from live_container import releases
from steering import Steering

import runtime  # also makes oci_bundle importable  # pylint: disable=unused-import
import oci_bundle

CGROUPS = "/sys/fs/cgroup"


PACKAGED = "/usr/bin/runsc"


class Podman(InstallTest):

    stock = PACKAGED  # which runsc podman starts
    root_is_overlaid = False  # so that the host sees none of its changes

    def setUp(self):
        super().setUp()
        if self.stock is None:
            self.skipTest("no runsc of February 2025 or later is built: "
                          "tests/interop/runsc/build build/runsc-releases")
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

    @staticmethod
    def read(folder, name):
        path = os.path.join(folder, name)
        if not os.path.exists(path):
            return None
        with open(path, encoding="utf-8") as file:
            return file.read()

    @contextlib.contextmanager
    def running(self, runsc, *flags):
        """A container "idle"; gives its id."""
        started = self.podman(runsc, "run", "--detach", "--rm", "--network=none",
                              f"--cgroup-parent={self.parent}", "--name=idle", *flags,
                              f"--volume={self.volume}:/volume",
                              "--rootfs", self.rootfs, "sleep", "1000")
        self.assertEqual(started.returncode, 0, started.stderr)
        try:
            yield started.stdout.strip()
        finally:
            self.podman(runsc, "rm", "--force", "--time=0", "idle")

    def gofer_of(self, runsc):
        """What the gofer of a running container is."""
        with self.running(runsc):
            for path in glob.glob("/proc/[0-9]*/cmdline"):
                try:
                    with open(path, "rb") as file:
                        line = file.read()
                    exe = os.readlink(os.path.join(os.path.dirname(path), "exe"))
                except OSError:
                    continue  # gone
                if line.startswith(b"runsc-gofer") and self.folder.encode() in line:
                    return exe
        return None

    def test_runs_a_container_on_our_gofer(self):
        stock = self.run_in(self.stock, "true")
        if stock.returncode != 0:
            self.skipTest("podman does not run with the stock runsc here: "
                          + stock.stderr.strip()[-200:])
        self.assert_installed(runsc=self.stock, gofer=Built.gofer)
        done = self.run_in(self.dest, "echo said; echo root >/made; echo volume >/volume/made; "
                           "[ -d /proc/1 ]; exit 3")
        self.assertEqual((done.returncode, done.stdout), (3, "said\n"), done.stderr)
        self.assertEqual(self.read(self.volume, "made"), "volume\n")
        self.assertEqual(self.read(self.rootfs, "made"),
                         None if self.root_is_overlaid else "root\n")
        self.assertEqual(self.gofer_of(self.dest), os.path.realpath(Built.gofer))


class PodmanToday(Podman):
    """The newest release: directfs by annotation."""

    stock = (list(releases().values()) or [None])[-1]
    root_is_overlaid = True

    def test_a_rule_fires_when_the_annotation_says_off(self):
        if not Built.goferd:
            self.skipTest("no goferd is built")
        steering = Steering(self.make("steering") + "/goferd", Built.goferd, Built.goferctl,
                            Built.gofer)
        with steering:
            self.assert_installed(runsc=self.stock, gofer=Built.gofer,
                                  state_dir=steering.state)
            with self.running(self.dest, "--annotation=dev.goferd.directfs=off") as container:
                server = steering.server_of(container)
                added = steering.add_fault(server, "MkdirAt", "ENOSPC", "--strict")
                self.assertEqual(added.returncode, 0, added.stderr)
                done = self.podman(self.dest, "exec", "idle", "mkdir", "/volume/sub")
                self.assertNotEqual(done.returncode, 0)
                self.assertIn("No space left on device", done.stderr)
            with self.running(self.dest) as container:
                server = steering.server_of(container)
                steering.wait_for(lambda: "DONATED" in steering.ctl(
                    "--output=json", "connection", "list", server).stdout, "the mount's FD")
                strict = steering.add_fault(server, "MkdirAt", "ENOSPC", "--strict")
                self.assertNotEqual(strict.returncode, 0)
                done = self.podman(self.dest, "exec", "idle", "mkdir", "/volume/sub")
                self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    sys.exit(main())
