"""install-runsc again while containers run: they stay usable."""

import os
import sys

from install_fixture import Built, main
from live_container import LiveTest, releases

PACKAGED = "/usr/bin/runsc"
SCRIPT = ("sh", "-c", "echo here; read line; echo after; ls /volume")


class Upgrade(LiveTest):

    def setUp(self):
        super().setUp()
        self.builds = {**({"packaged": PACKAGED} if os.path.exists(PACKAGED) else {}),
                       **dict(list(releases().items())[-1:])}
        if not self.builds:
            self.skipTest("no runsc is here: apt-get install runsc")

    def install_build(self, path, version, **changed):
        """The same program with other bytes stands for an upgrade of the package."""
        with open(path, "rb") as old, open(self.runsc, "wb") as new:
            new.write(old.read() + version)
        self.assert_installed(gofer=Built.gofer, **changed)

    def assert_usable(self, path):
        self.install_build(path, b"1")
        bundle = self.make_bundle("b", *SCRIPT)
        process = self.start(bundle, "old")
        gofer, sandbox = (self.helpers(f"runsc-{kind}")[0] for kind in ("gofer", "sandbox"))
        self.install_build(path, b"2", directfs="off", state_dir=self.volume + "/none")
        # What the old container runs on is gone from the folder, not from it.
        self.assertEqual(os.readlink(f"/proc/{sandbox.pid}/exe"),
                         self.dest + ".files/runsc (deleted)")
        self.assertEqual(os.readlink(f"/proc/{gofer.pid}/exe"), gofer.exe)
        done = self.run_runsc("exec", "old", "sh", "-c", "echo >/volume/exec; cat /proc/1/comm")
        self.assertEqual((done.returncode, done.stdout), (0, "sh\n"), done.stderr)
        self.assertIn("running", self.run_runsc("state", "old").stdout)
        new = self.start(bundle, "new")
        self.assertEqual(self.end(new), "after\nexec\n")
        self.assertEqual(self.end(process), "after\nexec\n")

    def assert_can_be_killed(self, path):
        self.install_build(path, b"1")
        process = self.start(self.make_bundle("b", *SCRIPT), "old")
        self.install_build(path, b"2")
        done = self.run_runsc("kill", "old", "KILL")
        self.assertEqual(done.returncode, 0, done.stderr)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, 128 + 9)
        self.wait_until(lambda: not self.helpers("runsc-gofer"), "the gofer stays")

    def assert_can_be_deleted(self, path):
        self.install_build(path, b"1")
        bundle = self.make_bundle("b", *SCRIPT)
        done = self.run_runsc("create", "--bundle", bundle, "old")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.install_build(path, b"2")
        done = self.run_runsc("delete", "--force", "old")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.wait_until(lambda: not self.helpers("runsc-sandbox"), "the sandbox stays")

    def test_a_running_container_goes_on(self):
        for path in self.builds.values():
            self.each(path, self.assert_usable)

    def test_a_running_container_can_be_killed(self):
        for path in self.builds.values():
            self.each(path, self.assert_can_be_killed)

    def test_a_created_container_can_be_deleted(self):
        for path in self.builds.values():
            self.each(path, self.assert_can_be_deleted)

    def each(self, path, check):
        """Each build in a fresh place."""
        with self.subTest(path):
            check(path)
        self.doCleanups()
        LiveTest.setUp(self)


if __name__ == "__main__":
    sys.exit(main())
