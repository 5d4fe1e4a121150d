"""The dispatcher: which program it becomes, and that it changes nothing else."""

import os
import subprocess
import sys

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
            self.assert_becomes(self.dest, self.at, *words)

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
