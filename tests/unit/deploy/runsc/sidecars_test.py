"""Sidecar programs beside a runsc."""

import contextlib
import io
import os
import shutil
import tempfile
import unittest

from elf_fixture import elf

# pylint: disable=wrong-import-position
import sidecars
from file_writer import Writer
from program_file import Failure

SENTRY, OTHER = elf(b"sentry"), elf(b"other")


class Sidecars(unittest.TestCase):

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="sidecars-test-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.runsc = os.path.join(self.folder, "package/runsc")
        self.files = os.path.join(self.folder, "runsc.files")
        os.mkdir(os.path.dirname(self.runsc))
        os.mkdir(self.files)

    def add(self, name, data, mode=0o755):
        folder = os.path.join(os.path.dirname(self.runsc), "gvisor-bin")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, name), "wb") as file:
            file.write(data)
            os.fchmod(file.fileno(), mode)

    def place(self):
        with contextlib.redirect_stdout(io.StringIO()), Writer() as writer:
            placed = sidecars.place_sidecars(
                writer, sidecars.find_sidecars(self.runsc), self.files,
                lambda copy: b"\x7fELF dispatcher to " + copy.encode())
            writer.commit()
            writer.keep()
            return placed

    def read(self, name):
        with open(os.path.join(self.files, name), "rb") as file:
            return file.read()

    def test_without_a_folder_there_are_none(self):
        self.assertEqual(sidecars.find_sidecars(self.runsc), {})
        self.assertEqual(self.place(), set())
        self.assertEqual(os.listdir(self.files), [])
        self.assertIsNone(sidecars.check_sidecars(self.runsc, self.files))

    def test_what_may_be_the_sandbox_is_started_by_a_dispatcher(self):
        self.add("gvisor_sentry", SENTRY, 0o750)
        self.add("gvisor_sentry_plugin_stack", OTHER)
        self.place()
        for name, data in (("gvisor_sentry", SENTRY), ("gvisor_sentry_plugin_stack", OTHER)):
            copy = os.path.join(self.files, "gvisor-bin.copies", name)
            self.assertEqual(self.read("gvisor-bin/" + name),
                             b"\x7fELF dispatcher to " + copy.encode())
            self.assertEqual(self.read("gvisor-bin.copies/" + name), data)
        mode = os.stat(os.path.join(self.files, "gvisor-bin/gvisor_sentry")).st_mode
        self.assertEqual(mode & 0o777, 0o750)

    def test_helpers_and_scripts_are_copied(self):
        for name in ("gvisor-sentry-prewarmer", "runsc-metric-server", "checkpointgofer"):
            self.add(name, OTHER)
        self.add("LICENSE", b"text", 0o644)
        self.place()
        self.assertEqual(self.read("gvisor-bin/checkpointgofer"), OTHER)
        self.assertEqual(self.read("gvisor-bin/LICENSE"), b"text")
        self.assertFalse(os.path.exists(os.path.join(self.files, "gvisor-bin.copies")))

    def test_tells_of_changed_missing_and_new_ones(self):
        self.add("gvisor_sentry", SENTRY)
        self.place()
        self.assertIsNone(sidecars.check_sidecars(self.runsc, self.files))
        self.add("gvisor_sentry", OTHER)
        self.assertIn("gvisor_sentry beside", sidecars.check_sidecars(self.runsc, self.files))
        self.add("gvisor_sentry", SENTRY)
        self.add("new", OTHER)
        self.assertIn("gvisor-bin/new is missing",
                      sidecars.check_sidecars(self.runsc, self.files))
        shutil.rmtree(os.path.join(os.path.dirname(self.runsc), "gvisor-bin"))
        self.assertIn("has changed", sidecars.check_sidecars(self.runsc, self.files))

    def test_refuses_sidecars_of_somebody_else_beside_the_link(self):
        links = os.path.join(self.folder, "links")
        os.makedirs(os.path.join(links, "gvisor-bin"))
        knows = elf(b"looks in gvisor-bin")
        with self.assertRaisesRegex(Failure, "links/gvisor-bin is there"):
            sidecars.check_place(knows, links, self.files)
        sidecars.check_place(elf(b"of 2025"), links, self.files)
        sidecars.check_place(knows, self.folder, self.files)


if __name__ == "__main__":
    unittest.main()
