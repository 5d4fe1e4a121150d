"""Which occurrence of its own path a runsc uses."""

import glob
import os
import subprocess
import unittest

from elf_fixture import EXE, HEADER_SIZE, NOTE, PROJECT, elf

# pylint: disable=wrong-import-position
from elf_image import embedded_images, read_image
from program_file import Failure
from runsc_copy import find_own_path, patch, traits

AT = b"/opt/goferd/rg"
INNER = elf(b"before" + EXE + b"after")


class OwnPath(unittest.TestCase):

    def assert_own(self, data, position):
        self.assertEqual(find_own_path(data, "runsc"), position)
        patched = patch(data, AT.decode(), "runsc")
        self.assertEqual(patched, data[:position] + AT + data[position + len(EXE):])

    def refuse(self, data):
        with self.assertRaises(Failure) as raised:
            find_own_path(data, "/bin/runsc")
        self.assertEqual(raised.exception.status, 3)
        self.assertIn("/bin/runsc does not fit", str(raised.exception))
        return str(raised.exception)

    def test_the_only_one_is_taken(self):
        data = elf(b"text", b"data" + EXE)
        self.assert_own(data, data.index(EXE))

    def test_one_in_an_embedded_program_is_not_ours(self):
        for parts in ((b"x" + EXE + b"y" + INNER,), (INNER + b"x" + EXE,),
                      (INNER, b"x" + EXE), (INNER + INNER, b"x" + EXE + INNER)):
            data = elf(*parts)
            self.assert_own(data, data.index(b"x" + EXE) + 1)

    def test_a_program_within_an_embedded_program_is_not_ours(self):
        data = elf(elf(EXE + INNER), b"x" + EXE)
        self.assert_own(data, data.rindex(EXE))

    def test_an_embedded_program_ends_with_its_sections(self):
        data = elf(elf(b"text", sections=(b"debug" + EXE,)) + b"x" + EXE)
        self.assert_own(data, data.rindex(EXE))

    def test_what_the_kernel_does_not_load_does_not_count(self):
        data = elf(b"x" + EXE, (NOTE, EXE), sections=(EXE,), tail=EXE)
        self.assert_own(data, data.index(b"x" + EXE) + 1)

    def test_the_magic_alone_is_no_program(self):
        data = elf(b"\x7fELF \x7fELF\x02\x01\x01" + EXE + b"\x7fELF")
        self.assert_own(data, data.index(EXE))

    def test_a_program_that_is_cut_off_is_none(self):
        cut = INNER[:-1]
        data = elf(cut, b"more")
        self.assert_own(data, data.index(EXE))

    def test_refuses_none(self):
        self.assertIn("0 times, not once", self.refuse(elf(b"text")))

    def test_refuses_when_only_embedded_programs_hold_it(self):
        said = self.refuse(elf(INNER))
        self.assertIn("0 times, not once, not counting 1 in programs", said)

    def test_refuses_several_and_says_where(self):
        data = elf(EXE + b"x" + EXE, INNER)
        said = self.refuse(data)
        self.assertIn("2 times, not once", said)
        self.assertIn(f"{data.index(EXE):#x}", said)

    def test_refuses_what_is_no_whole_program(self):
        for data in (b"", b"\x7fELF", elf(EXE)[:-1], b"#!/bin/sh\n" + EXE):
            self.assertIn("no whole ELF program", self.refuse(data))


class HostileImage(unittest.TestCase):
    """Headers of embedded data that lie: no exception, and no program."""

    def assert_none(self, offset, value):
        data = bytearray(INNER)
        data[offset:offset + len(value)] = value
        self.assertIsNone(read_image(bytes(data)))

    def test_fields_out_of_range(self):
        far = b"\xff" * 8
        for offset in (32, 40):  # program and section headers
            data = bytearray(elf(EXE, sections=(b"s",)))
            data[offset:offset + 8] = far
            self.assertIsNone(read_image(bytes(data)))
        self.assert_none(56, b"\xff\xff")  # number of segments
        self.assert_none(HEADER_SIZE + 8, far)  # a segment's offset
        self.assert_none(HEADER_SIZE + 32, far)  # and size

    def test_other_kinds(self):
        for offset, value in ((4, b"\x01"), (5, b"\x02"), (6, b"\x00"), (9, b"x"),
                              (16, b"\x01\x00"), (18, b"\x00\x00"), (20, b"\x02"),
                              (52, b"\x00\x00"), (54, b"\x00\x00")):
            self.assert_none(offset, value)

    def test_every_cut_is_refused(self):
        whole = elf(EXE, sections=(b"s",))
        self.assertIsNotNone(read_image(whole))
        for end in range(len(whole)):
            self.assertIsNone(read_image(whole[:end]))

    def test_many_headers_in_a_row_are_read_in_linear_time(self):
        data = elf(INNER[:HEADER_SIZE] * 20000 + EXE)
        self.assertEqual(embedded_images(data, read_image(data)), [])


class RealPrograms(unittest.TestCase):

    def releases(self):
        folder = os.environ.get("GOFERD_RUNSC_RELEASES",
                                os.path.join(PROJECT, "build/runsc-releases"))
        return [path for path in ["/usr/bin/runsc", *glob.glob(folder + "/*/runsc")]
                if os.access(path, os.X_OK)]

    def test_a_packaged_or_built_runsc_fits(self):
        releases = self.releases()
        if not releases:
            self.skipTest("no runsc is here: apt-get install runsc")
        for path in releases:
            with open(path, "rb") as file:
                data = file.read()
            position = find_own_path(data, path)
            self.assertEqual(data[position:position + len(EXE)], EXE)
            # The flag is one of the usage text, or it is unknown.
            usage = subprocess.run([path, "flags"], capture_output=True, text=True,
                                   check=False)
            for name in ("directfs", "character-device-policy"):
                self.assertEqual(name in traits(data),
                                 f"-{name}" in usage.stdout + usage.stderr, path)

    def test_an_interpreter_is_one_program(self):
        with open("/usr/bin/python3", "rb") as file:
            data = file.read()
        image = read_image(data)
        self.assertEqual(image.extent.end, len(data))


if __name__ == "__main__":
    unittest.main()
