"""Which link an installation gets."""

import fcntl
import itertools
import multiprocessing
import os
import random
import shutil
import unittest

from elf_fixture import EXE

# pylint: disable=wrong-import-position
import link_names
from program_file import Failure


class LinkNames(unittest.TestCase):

    def setUp(self):
        # 11 bytes, as /opt/goferd: names of two letters.
        self.folder = "/tmp/" + "".join(random.choices(link_names.DIGITS, k=6))
        os.mkdir(self.folder)
        self.addCleanup(shutil.rmtree, self.folder)

    def install(self, dest):
        """As install-runsc: the link and the dispatcher, which may be missing."""
        at = link_names.choose_link(dest, self.folder)
        if not os.path.lexists(at):
            os.symlink(link_names.dispatcher_of(dest), at)
        return at

    def test_every_candidate_has_the_length_of_the_string(self):
        for folder in ("/a", "/opt", "/opt/rg", "/opt/goferd", "/opt/goferd1"):
            paths = list(link_names.candidates(folder))
            self.assertEqual({len(path) for path in paths}, {len(EXE)})
            self.assertEqual(len(paths), len(set(paths)))
            self.assertGreaterEqual(len(paths), 36)

    def test_the_first_names_are_the_documented_ones(self):
        first = itertools.islice(link_names.candidates("/opt/goferd"), 3)
        self.assertEqual(list(first),
                         ["/opt/goferd/rg", "/opt/goferd/r0", "/opt/goferd/r1"])

    def test_refuses_a_folder_whose_path_is_too_long_or_relative(self):
        for folder in ("/opt/goferd12", "opt"):
            with self.assertRaises(Failure) as raised:
                next(link_names.candidates(folder))
            self.assertEqual(raised.exception.status, 2)
            self.assertIn(folder, str(raised.exception))

    def test_each_installation_has_its_own_and_keeps_it(self):
        given = [self.install(f"/a/runsc-{number}") for number in range(3)]
        self.assertEqual([os.path.basename(at) for at in given], ["rg", "r0", "r1"])
        self.assertEqual(self.install("/a/runsc-1"), given[1])
        self.assertEqual(link_names.installed_links(self.folder), given)

    def test_a_name_that_became_free_is_given_again(self):
        given = [self.install(f"/a/runsc-{number}") for number in range(3)]
        os.unlink(given[1])
        self.assertEqual(self.install("/a/runsc-3"), given[1])

    def test_foreign_files_are_left_alone(self):
        with open(os.path.join(self.folder, "rg"), "wb"):
            pass
        os.symlink("/bin/true", os.path.join(self.folder, "r0"))
        os.symlink("/nonexistent", os.path.join(self.folder, "r1"))
        self.assertEqual(os.path.basename(self.install("/a/runsc")), "r2")
        self.assertEqual(link_names.installed_links(self.folder),
                         [os.path.join(self.folder, "r2")])

    def test_refuses_when_no_name_is_free(self):
        for path in link_names.candidates(self.folder):
            os.symlink("/nonexistent", path)
        with self.assertRaisesRegex(Failure, "no name is free"):
            link_names.choose_link("/a/runsc", self.folder)

    def test_a_folder_that_is_not_there_holds_none(self):
        self.assertEqual(link_names.installed_links("/tmp/goferx"), [])

    def test_two_at_once_get_two_names(self):
        context = multiprocessing.get_context("fork")
        processes = [context.Process(target=self.install_locked, args=(f"/a/runsc-{i}",))
                     for i in range(20)]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
        self.assertEqual([process.exitcode for process in processes], [0] * 20)
        self.assertEqual(len(link_names.installed_links(self.folder)), 20)

    def test_a_lock_leaves_no_file(self):
        with link_names.lock(self.folder):
            self.assertEqual(os.listdir(self.folder), [link_names.LOCK])
        self.assertEqual(os.listdir(self.folder), [])

    def test_whoever_holds_the_folder_itself_locks_nobody_out(self):
        descriptor = os.open(self.folder, os.O_RDONLY)
        self.addCleanup(os.close, descriptor)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with link_names.lock(self.folder):
            pass

    def install_locked(self, dest):
        with link_names.lock(self.folder):
            self.install(dest)


if __name__ == "__main__":
    unittest.main()
