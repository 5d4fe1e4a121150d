"""runsc --rootless, which starts itself again in a new user namespace."""

import os
import subprocess
import sys

from install_fixture import Built, InstallTest, main

import runtime  # also makes oci_bundle importable  # pylint: disable=unused-import
import oci_bundle

NOBODY = 65534
SCRIPT = ("sh", "-c", "echo here; read line; exit 5")


class Rootless(InstallTest):

    def setUp(self):
        super().setUp()
        self.state = os.path.join(self.folder, "state")
        os.mkdir(self.state)
        os.chown(self.state, NOBODY, NOBODY)

    def start(self, runsc, *words):
        """As nobody."""
        return subprocess.Popen(
            [runsc, "--root", self.state, "--rootless", "--network=none",
             "--ignore-cgroups", *words],
            user=NOBODY, group=NOBODY, extra_groups=[], cwd="/",
            env={**os.environ, "TMPDIR": self.state},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True)

    def make_bundle(self, *command):
        bundle = os.path.join(self.folder, "bundle")
        os.mkdir(bundle)
        rootfs = oci_bundle.make_rootfs(bundle)
        oci_bundle.write_config(bundle, oci_bundle.Config(args=list(command)))
        for folder, folders, files in os.walk(rootfs):
            for name in ("", *folders, *files):
                os.lchown(os.path.join(folder, name), NOBODY, NOBODY)
        return bundle

    def gofer_of(self):
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{name}/cmdline", "rb") as file:
                    line = file.read()
                exe = os.readlink(f"/proc/{name}/exe")
            except OSError:
                continue  # gone
            if line.startswith(b"runsc-gofer") and self.state.encode() in line:
                return exe
        return None

    def assert_same_as_stock(self, words, status):
        """A container that says "here" and waits for a line; then it ends."""
        stock = self.start("/usr/bin/runsc", *words)
        said = stock.communicate("end\n", timeout=60)[0]
        if stock.returncode != status:
            self.skipTest(f"the stock runsc cannot do it here: {said.strip()[-200:]}")
        self.assert_installed(runsc="/usr/bin/runsc", gofer=Built.gofer)
        runsc = self.start(self.dest, *words)
        try:
            said = runsc.stdout.readline()
            self.assertEqual(said, "here\n")
            self.assertEqual(self.gofer_of(), os.path.realpath(Built.gofer))
        finally:
            runsc.communicate("end\n", timeout=60)
        self.assertEqual(runsc.returncode, status)
        self.assertEqual(os.listdir(self.state), [])

    def test_do_is_served_by_our_gofer(self):
        self.assert_same_as_stock(("do", *SCRIPT), 5)

    def test_run_is_served_by_our_gofer(self):
        bundle = self.make_bundle(*SCRIPT)
        self.assert_same_as_stock(("run", "--bundle", bundle, "rootless"), 5)


if __name__ == "__main__":
    sys.exit(main())
