"""The dispatcher: which program it becomes, and that it changes nothing else."""

import os
import subprocess
import sys
import tempfile

from install_fixture import Built, InstallTest, main


class Dispatcher(InstallTest):

    def setUp(self):
        super().setUp()
        self.assert_installed()
        self.untouched = self.dest + ".files/runsc"

    def call(self, *words, **options):
        """Starts the dispatcher; returns what it became told, by kind."""
        done = subprocess.run(words, executable=self.at, capture_output=True, text=True,
                              check=True, **options)
        told = {"word": [], "environment": [], "descriptor": []}
        for line in done.stdout.splitlines():
            kind, _, value = line.partition(" ")
            told.setdefault(kind, []).append(value)
        return told

    def assert_becomes(self, program, *words):
        told = self.call(*words)
        self.assertEqual(told["program"], [program])
        self.assertEqual(told["word"], list(words))

    def test_a_gofer_is_ours(self):
        self.assert_becomes(self.gofer, "runsc-gofer", "gofer")
        self.assert_becomes(self.gofer, "runsc-gofer", "--root=/run/boot", "--debug=true",
                            "--log-fd=3", "gofer", "--bundle", "/b", "--io-fds=4")

    def test_other_helpers_are_the_untouched_runsc(self):
        self.assert_becomes(self.untouched, "runsc-sandbox", "--root=/r", "boot", "gofer")
        self.assert_becomes(self.untouched, "runsc-sandbox", "--x=gofer", "boot", "id")
        self.assert_becomes(self.untouched, "runsc-exec", "exec", "gofer", "true")
        self.assert_becomes(self.untouched, "runsc-gofer")
        self.assert_becomes(self.untouched, "runsc-gofer", "--gofer", "boot", "gofer")

    def test_a_repeated_command_line_is_the_patched_runsc(self):
        for words in (("--root", "gofer", "do", "boot"), ("gofer",), ()):
            self.assert_becomes(self.patched, self.at, *words)

    def know(self, flags, **changed):
        """Installs a runsc that knows these flags."""
        with open(self.runsc, "ab") as file:
            file.write(flags)
        self.assert_installed(**changed)

    def test_the_gofer_is_told_what_runsc_knows(self):
        self.know(b"directfs character-device-policy", state_dir="/run/x")
        told = self.call("runsc-gofer", "--a=b", "gofer", "--bundle", "/b")
        self.assertEqual(told["word"], [
            "runsc-gofer", "--goferd-state-dir=/run/x",
            "--goferd-runsc-traits=directfs,character-device-policy", "--a=b", "gofer",
            "--bundle", "/b"])
        self.assert_becomes(self.untouched, "runsc-sandbox", "--a=b", "boot", "id")

    def call_with_spec(self, spec, *words):
        """The helper's words; it reads the spec from a descriptor at its start."""
        with tempfile.TemporaryFile() as file:
            file.write(spec.encode())
            file.seek(2)
            fd = file.fileno()
            told = self.call(*words, f"--spec-fd={fd}", "id", pass_fds=[fd])
            self.assertEqual(file.tell(), 2)
            return [word for word in told["word"] if not word.startswith("--goferd")]

    def test_gofer_and_sandbox_are_both_told_that_directfs_is_off(self):
        self.know(b"directfs")
        spec = '{"annotations": {"dev.goferd.directfs": "%s"}}'
        for name, command in (("runsc-gofer", "gofer"), ("runsc-sandbox", "boot")):
            words = self.call_with_spec(spec % "off", name, "--directfs=true", command)
            self.assertEqual(words[:3], [name, "--directfs=false", command])
            words = self.call_with_spec(spec % "on", name, "--directfs=true", command)
            self.assertEqual(words[:3], [name, "--directfs=true", command])
        self.assert_installed(directfs="off")
        words = self.call_with_spec("{}", "runsc-sandbox", "boot")
        self.assertEqual(words[:3], ["runsc-sandbox", "--directfs=false", "boot"])
        words = self.call_with_spec(spec % "on", "runsc-sandbox", "boot")
        self.assertEqual(words[:2], ["runsc-sandbox", "boot"])

    def test_another_value_stops_the_start_and_is_named(self):
        spec = '{"annotations": {"dev.goferd.directfs": "maybe"}}'
        for name, command in (("runsc-gofer", "gofer"), ("runsc-sandbox", "boot")):
            with tempfile.TemporaryFile() as file:
                file.write(spec.encode())
                file.flush()
                fd = file.fileno()
                done = subprocess.run([name, command, f"--spec-fd={fd}"], pass_fds=[fd],
                                      executable=self.at, capture_output=True, text=True,
                                      check=False)
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertEqual(done.stderr, "runsc dispatcher: annotation dev.goferd.directfs "
                             'is "maybe", which is neither "on" nor "off"\n')

    def test_descriptors_and_environment_arrive_unchanged(self):
        ends = os.pipe()
        environment = {"A": "1", "LD_PRELOAD": "", "GOFER": "/bin/false"}
        told = self.call("runsc-gofer", "gofer", pass_fds=ends, env=environment)
        self.assertEqual(told["descriptor"], [str(fd) for fd in ends])
        self.assertEqual(sorted(told["environment"]),
                         sorted(f"{k}={v}" for k, v in environment.items()))
        self.assertEqual(self.call("runsc-gofer", "gofer", env={})["environment"], [])
        for fd in ends:
            os.close(fd)

    def test_the_patched_program_reaches_the_gofer(self):
        done = subprocess.run([self.dest, "start-self", "runsc-gofer", "--a=b", "gofer"],
                              capture_output=True, text=True, check=True)
        self.assertIn(f"program {self.gofer}\n", done.stdout)

    def test_what_is_called_for_runsc_is_the_patched_one_whatever_its_name(self):
        for name in (self.dest, "runsc-gofer", "runsc-exec"):
            done = subprocess.run([name, "gofer", "id"], executable=self.dest,
                                  capture_output=True, text=True, check=True)
            self.assertIn(f"program {self.patched}\nword {name}\nword gofer\nword id\n",
                          done.stdout)

    def call_on_bundle(self, value, *words):
        with open(os.path.join(self.folder, "config.json"), "w", encoding="utf-8") as file:
            file.write('{"annotations": {"dev.goferd.directfs": "%s"}}' % value)
        return subprocess.run([self.dest, *words], capture_output=True, text=True,
                              cwd=self.folder, check=False)

    def test_runsc_itself_is_told_that_directfs_is_off(self):
        self.know(b"directfs")
        for words in (("--root", "/r", "create", "--bundle", self.folder, "id"),
                      ("--systemd-cgroup", "run", "-bundle=" + self.folder, "id"),
                      ("restore", "id")):
            done = self.call_on_bundle("off", *words)
            self.assertIn("word --directfs=false\nword " + words[0], done.stdout)
            self.assertNotIn("directfs", self.call_on_bundle("on", *words).stdout)
        self.assertNotIn("directfs", self.call_on_bundle("off", "list").stdout)

    def test_another_value_is_told_to_the_user(self):
        done = self.call_on_bundle("maybe", "create", "--bundle", self.folder, "id")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn('dev.goferd.directfs is "maybe"', done.stderr)

    def test_a_missing_gofer_is_named(self):
        os.unlink(self.gofer)
        done = subprocess.run(["runsc-gofer", "gofer"], executable=self.at,
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 127)
        self.assertEqual(done.stderr, f"runsc dispatcher: cannot start {self.gofer}: "
                         "No such file or directory\n")

    def test_one_that_is_not_installed_says_so(self):
        done = subprocess.run(["runsc-gofer", "gofer"], executable=Built.dispatcher,
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 127)
        self.assertIn("not installed", done.stderr)


if __name__ == "__main__":
    sys.exit(main())
