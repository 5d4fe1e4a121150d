"""Debian's Docker with runsc's releases of today that start our gofer.

Docker before 24 gives a container no annotations, so that gofer mode is chosen by
a second installation as a runtime of its own.
"""

import os
import socket
import stat
import sys

from docker_engine import Docker, why_not
from install_fixture import Built, InstallTest, free_links_folder, main
from live_container import releases
from steering import Steering

import runtime  # also makes oci_bundle importable  # pylint: disable=unused-import
import oci_bundle

IMAGE = "box"


class DockerTest(InstallTest):

    release = None

    def setUp(self):
        reason = why_not()
        if self.release is None:
            reason = reason or ("no runsc of February 2025 or later is built: "
                                "tests/interop/runsc/build build/runsc-releases")
        if reason:
            self.skipTest(reason)
        super().setUp()
        self.volume = os.path.join(self.folder, "volume")
        os.mkdir(self.volume)
        self.steering = self.enter(Steering(os.path.join(self.folder, "goferd"),
                                            Built.goferd, Built.goferctl, Built.gofer))
        runtimes = {"goferd": self.install_as("runsc", "rg"),
                    "goferd-gofer": self.install_as("runsc-gofer", "r0", directfs="off")}
        self.docker = self.enter(Docker(os.path.join(self.folder, "docker"), runtimes))
        bundle = os.path.join(self.folder, "image")
        os.mkdir(bundle)
        self.docker.import_image(IMAGE, oci_bundle.make_rootfs(bundle))

    def test_docker(self):
        """One Docker for all of it: it takes longer to start than a container."""
        checks = [name for name in dir(self) if name.startswith("check_")]
        self.assertGreaterEqual(len(checks), 6)
        for name in checks:
            with self.subTest(name):
                getattr(self, name)()
            self.docker.remove_containers()
            self.empty_volume()

    def empty_volume(self):
        for name in os.listdir(self.volume):
            path = os.path.join(self.volume, name)
            os.rmdir(path) if os.path.isdir(path) else os.unlink(path)

    def enter(self, context):
        value = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        return value

    def install_as(self, name, link, **changed):
        dest, at = os.path.join(self.folder, name), os.path.join(self.links, link)
        self.assert_installed(runsc=releases()[self.release], gofer=Built.gofer, dest=dest,
                              dispatcher_path=at, state_dir=self.steering.state, **changed)
        self.addCleanup(self.tool, "undo", f"--dispatcher-path={at}")
        return dest

    def run_in(self, script, *flags, runtime_name="goferd"):
        return self.docker.run("run", "--rm", f"--runtime={runtime_name}", "--network=none",
                               *flags, IMAGE, "/bin/sh", "-ec", script)

    def assert_says(self, said, script, *flags):
        """With directfs and without."""
        for runtime_name in ("goferd", "goferd-gofer"):
            done = self.run_in(script, *flags, runtime_name=runtime_name)
            self.assertEqual((done.returncode, done.stdout), (0, said),
                             f"{runtime_name}: {done.stderr}\n{self.docker.log()[-2000:]}")

    def start(self, runtime_name="goferd"):
        """A container that stays; its id."""
        done = self.docker.run("run", "--detach", f"--runtime={runtime_name}",
                               "--network=none", f"--volume={self.volume}:/volume", IMAGE,
                               "/bin/sh", "-c", "while :; do sleep 1000; done")
        self.assertEqual(done.returncode, 0, done.stderr + self.docker.log()[-2000:])
        return done.stdout.strip()

    def execute(self, container, script, *flags):
        return self.docker.run("exec", *flags, container, "/bin/sh", "-c", script)

    def check_shapes_of_run(self):
        done = self.run_in("echo said; exit 3")
        self.assertEqual((done.returncode, done.stdout), (3, "said\n"), done.stderr)
        self.assert_says("0\nok\n", "id -u; echo ok >/made; cat /made")
        self.assert_says("1000 2000\n", "echo $(id -u) $(id -g)", "--user=1000:2000")
        self.assert_says("refused\nok\n", "mkdir /made 2>/dev/null || echo refused; "
                         "echo ok >/tmp/x; cat /tmp/x", "--read-only", "--tmpfs=/tmp")
        self.assert_says("/there\nv\n", "pwd; echo $A", "--workdir=/there", "--env=A=v")

    def check_volumes(self):
        volume = f"--volume={self.volume}:/volume"
        self.assert_says("made\n", "echo made >/volume/made; cat /volume/made", volume)
        with open(os.path.join(self.volume, "made"), encoding="utf-8") as file:
            self.assertEqual(file.read(), "made\n")
        self.assert_says("refused\n", "echo x 2>/dev/null >/volume/made || echo refused",
                         volume + ":ro")
        one = os.path.join(self.volume, "made")
        self.assert_says("made\n", "cat /etc/one", f"--volume={one}:/etc/one:ro")

    def check_a_socket_can_be_bound(self):
        path = os.path.join(self.volume, "host.sock")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path)
            self.assert_says("socket\n", "[ -S /run/host.sock ] && echo socket",
                             f"--volume={path}:/run/host.sock")
            self.assertTrue(stat.S_ISSOCK(os.stat(path).st_mode))

    def check_exec_cp_and_pause(self):
        container = self.start()
        done = self.execute(container, "echo $A; id -u; echo >/volume/of-exec", "--user=7",
                            "--env=A=b")
        self.assertEqual((done.returncode, done.stdout), (1, "b\n7\n"), done.stderr)
        self.assertEqual(self.execute(container, "echo >/volume/of-exec").returncode, 0)
        self.assertEqual(os.listdir(self.volume), ["of-exec"])
        source, copy = (os.path.join(self.folder, name) for name in ("source", "copy"))
        with open(source, "w", encoding="utf-8") as file:
            file.write("copied\n")
        for words in ((source, f"{container}:/copied"), (f"{container}:/copied", copy)):
            done = self.docker.run("cp", *words)
            self.assertEqual(done.returncode, 0, done.stderr)
        with open(copy, encoding="utf-8") as file:
            self.assertEqual(file.read(), "copied\n")
        self.assertEqual(self.execute(container, "cat /copied").stdout, "copied\n")
        for command in ("pause", "unpause"):
            done = self.docker.run(command, container)
            self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.execute(container, "echo on").stdout, "on\n")
        done = self.docker.run("stop", "--time=1", container)
        self.assertEqual(done.returncode, 0, done.stderr)

    def check_a_rule_fires_in_gofer_mode(self):
        container = self.start("goferd-gofer")
        server = self.steering.server_of(container)
        added = self.steering.add_fault(server, "MkdirAt", "ENOSPC", "--strict")
        self.assertEqual(added.returncode, 0, added.stderr)
        self.assertNotIn("warning", added.stdout + added.stderr)
        done = self.execute(container, "mkdir /volume/sub")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("No space left on device", done.stderr)
        self.assertEqual(os.listdir(self.volume), [])

    def check_a_rule_that_directfs_escapes_warns_and_strict_refuses(self):
        container = self.start("goferd")
        server = self.steering.server_of(container)
        self.steering.wait_for(lambda: "DONATED" in self.steering.ctl(
            "--output=json", "connection", "list", server).stdout, "the mount's FD")
        strict = self.steering.add_fault(server, "MkdirAt", "ENOSPC", "--strict")
        self.assertNotEqual(strict.returncode, 0)
        self.assertIn("dev.goferd.directfs", strict.stderr)
        added = self.steering.add_fault(server, "MkdirAt", "ENOSPC")
        self.assertEqual(added.returncode, 0, added.stderr)
        self.assertIn("warning: these clients hold their mount point's FD", added.stdout)
        # And it is true.
        self.assertEqual(self.execute(container, "mkdir /volume/sub").returncode, 0)
        self.assertEqual(os.listdir(self.volume), ["sub"])


def load_tests(loader, _standard, _pattern):
    """On the first release with today's directfs, and on the newest."""
    names = list(releases())
    suite = loader.suiteClass()
    for name in sorted({*names[:1], *names[-1:]}) or [None]:
        kind = type(f"Docker{(name or '').replace('-', '')}", (DockerTest,),
                    {"release": name})
        suite.addTests(loader.loadTestsFromTestCase(kind))
    return suite


if __name__ == "__main__":
    sys.exit(main())
