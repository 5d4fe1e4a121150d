"""install-runsc: what it makes, what it refuses, what it leaves alone."""

import os
import shutil
import stat
import subprocess
import sys

from install_fixture import Built, InstallTest, digest, main

EXE = b"/proc/self/exe"


class Install(InstallTest):

    def rewrite(self, path, change):
        with open(path, "rb") as file:
            data = change(file.read())
        with open(path, "wb") as file:
            file.write(data)

    def test_makes_a_copy_that_differs_in_the_path_only(self):
        before = digest(self.runsc)
        os.chmod(self.runsc, 0o750)
        self.assert_installed()
        self.assertEqual(digest(self.runsc), before)
        self.assertEqual(digest(self.dest + ".files/runsc"), before)
        with open(self.runsc, "rb") as stock, open(self.patched, "rb") as patched:
            self.assertEqual(stock.read().replace(EXE, self.at.encode()), patched.read())
        self.assertEqual(stat.S_IMODE(os.stat(self.dest).st_mode), 0o750)

    def test_a_second_time_changes_nothing(self):
        self.assert_installed()
        before = {path: os.stat(path).st_ino
                  for path in (self.dest, self.patched, self.at)}
        status, text = self.install()
        self.assertEqual((status, text.count("unchanged")), (0, 5), text)
        self.assertEqual(before, {path: os.stat(path).st_ino for path in before})

    def test_undo_removes_all_it_made(self):
        before = sorted(os.listdir(self.folder))
        self.assert_installed(dest=os.path.join(self.folder, "a/b/runsc"))
        status, text = self.tool("undo", f"--dispatcher-path={self.at}")
        self.assertEqual(status, 0, text)
        self.assertEqual(sorted(os.listdir(self.folder)), before)
        self.assertFalse(os.path.exists(self.at))
        status, text = self.tool("undo", f"--dispatcher-path={self.at}")
        self.assertEqual(status, 0)
        self.assertIn("nothing is installed", text)

    def test_undo_keeps_folders_that_were_there_or_hold_other_files(self):
        os.mkdir(os.path.join(self.folder, "there"))
        self.assert_installed(dest=os.path.join(self.folder, "there/new/runsc"))
        self.assert_installed(dest=os.path.join(self.folder, "there/new/runsc"))
        other = os.path.join(self.folder, "there/new/other")
        with open(other, "wb"):
            pass
        self.tool("undo", f"--dispatcher-path={self.at}")
        self.assertEqual(os.listdir(os.path.dirname(other)), ["other"])

    def test_undo_keeps_a_foreign_file_at_the_place_of_the_copy(self):
        self.assert_installed()
        self.rewrite(self.dest, lambda data: b"#!/bin/true\n")
        status, _ = self.tool("undo", f"--dispatcher-path={self.at}")
        self.assertEqual(status, 1)
        self.assertTrue(os.path.exists(self.dest))
        os.unlink(self.dest)

    def test_refuses_a_runsc_without_the_string(self):
        self.rewrite(self.runsc, lambda data: data.replace(EXE, b"/proc/self/xxx"))
        self.assert_refused("0 times, not once", status=3)

    def test_refuses_a_runsc_with_the_string_twice(self):
        self.rewrite(self.runsc, lambda data: data.replace(b"reported_call\0", EXE, 1))
        self.assert_refused("2 times, not once", status=3)

    def test_a_string_behind_what_is_loaded_does_not_count(self):
        self.rewrite(self.runsc, lambda data: data + EXE)
        self.assert_installed()

    def test_refuses_a_runsc_that_starts_no_gofer_through_the_dispatcher(self):
        self.assert_refused("did not start its gofer through the dispatcher", status=3,
                            trial=True)

    def test_refuses_a_path_of_another_length(self):
        wrong = self.at + "x"
        status, text = self.install(dispatcher_path=wrong)
        self.assertEqual(status, 2, text)
        self.assertIn("14 bytes, not 15", text)
        self.assertFalse(os.path.exists(self.dest))

    def test_refuses_what_is_not_an_elf(self):
        self.rewrite(self.runsc, lambda data: b"#!/bin/sh\n#" + data)
        self.assert_refused("is not an ELF executable")

    def test_refuses_a_runsc_or_gofer_that_is_not_there(self):
        self.assert_refused("cannot read", runsc=os.path.join(self.folder, "none"))
        self.assert_refused("cannot read", gofer=os.path.join(self.folder, "none"))

    def test_refuses_a_dispatcher_that_is_another_program(self):
        self.assert_refused("is no runsc-dispatcher", dispatcher=self.gofer)

    def test_refuses_to_write_over_the_original(self):
        before = digest(self.runsc)
        self.assert_refused("is the source", status=2, dest=self.runsc)
        link = os.path.join(self.folder, "link")
        os.link(self.runsc, link)
        self.assert_refused("is the source", status=2, dest=link)
        self.assertEqual(digest(self.runsc), before)

    def test_refuses_a_foreign_file_at_the_dispatchers_place(self):
        with open(self.at, "wb") as file:
            file.write(b"mine")
        status, text = self.install()
        self.assertEqual(status, 1)
        self.assertIn("is no dispatcher", text)
        with open(self.at, "rb") as file:
            self.assertEqual(file.read(), b"mine")
        os.unlink(self.at)

    def test_an_unwritable_destination_leaves_nothing(self):
        self.assert_refused("cannot make", dest="/proc/none/runsc")
        os.mkdir(os.path.join(self.folder, "runsc"))  # a folder in its place
        self.assert_refused("cannot write")

    def all_files(self):
        """By path, with what a rollback must bring back."""
        return {path: (os.lstat(path).st_ino, os.lstat(path).st_mode, digest(path))
                for folder, _, files in os.walk(self.folder)
                for path in [self.at, *(os.path.join(folder, name) for name in files)]}

    def assert_failed_upgrade_changes_nothing(self, said):
        before = self.all_files()
        status, text = self.install(directfs="off", state_dir="/run/x")
        self.assertEqual(status, 1, text)
        self.assertIn(said, text)
        self.assertEqual(self.all_files(), before)

    def test_an_upgrade_that_does_not_start_leaves_the_old_installation(self):
        self.assert_installed()
        # It begins to run at address 0.
        self.rewrite(self.runsc, lambda data: data[:24] + bytes(8) + data[32:])
        self.assert_failed_upgrade_changes_nothing("does not start runsc")
        self.assertEqual(subprocess.run([self.dest], stdout=subprocess.DEVNULL,
                                        check=False).returncode, 0)

    def test_an_upgrade_that_cannot_write_a_file_leaves_the_old_installation(self):
        self.assert_installed()
        self.rewrite(self.runsc, lambda data: data + b"newer")
        for path in (self.patched, self.dest):
            os.rename(path, path + ".aside")
            os.mkdir(path)  # cannot be replaced
            with open(os.path.join(path, "file"), "wb"):
                pass
            self.assert_failed_upgrade_changes_nothing("cannot write")
            shutil.rmtree(path)
            os.rename(path + ".aside", path)
        self.assert_installed()

    def test_a_killed_upgrade_is_finished_by_the_next(self):
        self.assert_installed()
        left = self.dest + ".files/.install-runsc-left.new"
        with open(left, "wb"):
            pass
        self.assert_installed()
        self.assertFalse(os.path.exists(left))

    def test_refuses_a_gofer_that_others_may_change(self):
        os.chmod(self.gofer, 0o777)
        self.assert_refused("can be changed by others")
        os.chmod(self.gofer, 0o755)
        os.chown(self.gofer, 65534, 65534)
        self.assert_refused("can be changed by others")
        self.assert_installed_trusting()

    def assert_installed_trusting(self):
        status, text = self.tool(
            "install", "--trust-owners", "--no-trial", f"--runsc={self.runsc}", f"--gofer={self.gofer}",
            f"--dest={self.dest}", f"--dispatcher={Built.dispatcher}",
            f"--dispatcher-path={self.at}")
        self.assertEqual(status, 0, text)

    def test_usage(self):
        self.assertEqual(self.tool()[0], 2)
        self.assertEqual(self.tool("install")[0], 2)
        status, text = self.tool("--help")
        self.assertEqual(status, 0)
        self.assertIn("Exit status", text)


class Status(InstallTest):

    def status(self):
        return self.tool("status", f"--dispatcher-path={self.at}")

    def assert_unsound(self, said):
        status, text = self.status()
        self.assertEqual(status, 1, text)
        self.assertIn(said, text)

    def test_tells_what_is_installed(self):
        self.assert_unsound("not installed")
        self.assert_installed()
        status, text = self.status()
        self.assertEqual(status, 0, text)
        for path in (self.at, self.gofer, self.dest, self.runsc):
            self.assertIn(path, text)

    def test_tells_of_an_upgraded_runsc(self):
        self.assert_installed()
        with open(self.runsc, "ab") as file:
            file.write(b"newer")
        self.assert_unsound("install again")
        self.assert_installed()
        self.assertEqual(self.status()[0], 0)

    def test_tells_what_runsc_knows_and_what_was_chosen(self):
        for knows, text in ((b"", "not in this runsc"), (b"character-device-policy directfs",
                                                         "off")):
            with open(self.runsc, "ab") as file:
                file.write(knows)
            self.assert_installed(directfs="off")
            self.assertIn(f"directfs   {text}\n", self.status()[1])
        self.assertIn("knows      directfs, character-device-policy\n", self.status()[1])

    def test_tells_of_a_missing_gofer(self):
        self.assert_installed()
        os.unlink(self.gofer)
        self.assert_unsound("missing")

    def test_tells_of_a_changed_copy(self):
        self.assert_installed()
        for path in (self.dest, self.patched):
            with open(path, "ab") as file:
                file.write(b"changed")
            self.assert_unsound(f"{path} is not what was installed")
            self.assert_installed()


class SideBySide(InstallTest):
    """Several installations with links in one folder."""

    def install_in(self, name, **changed):
        dest = os.path.join(self.folder, name, "runsc")
        self.assert_installed(**{"dispatcher_path": None, "links": self.links, "dest": dest,
                                 **changed})
        return dest

    def of_all(self, command, *words):
        return self.tool(command, f"--links={self.links}", *words)

    def test_each_has_its_link_and_keeps_it(self):
        dests = [self.install_in(name) for name in ("a", "b")]
        for dest, link in zip(dests, ("rg", "r0")):
            with open(dest + ".files/patched", "rb") as file:
                self.assertIn(os.path.join(self.links, link).encode(), file.read())
        self.install_in("b", directfs="off")
        self.assertEqual(sorted(os.listdir(self.links)), ["r0", "rg"])

    def test_the_patched_copy_is_beside_the_links_by_default(self):
        self.assert_installed(dispatcher_path=None, links=self.links, dest=None)
        self.assertTrue(os.path.exists(os.path.join(self.links, "runsc")))
        self.assertEqual(self.of_all("undo")[0], 0)
        self.assertEqual(os.listdir(self.links), [])

    def test_status_is_about_all_and_its_exit_status_too(self):
        status, text = self.of_all("status")
        self.assertEqual(status, 1)
        self.assertIn(f"not installed in {self.links}", text)
        dests = [self.install_in(name) for name in ("a", "b")]
        status, text = self.of_all("status")
        self.assertEqual(status, 0, text)
        for dest in dests:
            self.assertIn(dest, text)
        self.assertIn("2 installations, 0 not sound", text)
        os.unlink(dests[0])
        status, text = self.of_all("status")
        self.assertEqual(status, 1)
        self.assertIn(f"{dests[0]} is missing", text)
        self.assertIn("2 installations, 1 not sound", text)
        self.assertEqual(self.of_all("status", f"--dest={dests[1]}")[0], 0)
        self.assertEqual(self.of_all("status", f"--dest={dests[0]}")[0], 1)

    def test_status_tells_of_a_dispatcher_that_is_gone(self):
        dest = self.install_in("a")
        shutil.rmtree(dest + ".files")
        status, text = self.of_all("status")
        self.assertEqual(status, 1)
        self.assertIn("rg: its dispatcher is missing", text)
        self.install_in("a")
        self.assertEqual(self.of_all("status")[0], 0)
        self.assertEqual(os.listdir(self.links), ["rg"])
        shutil.rmtree(dest + ".files")
        self.of_all("undo")
        self.assertEqual(os.listdir(self.links), [])

    def test_undo_removes_the_one_that_is_named(self):
        dests = [self.install_in(name) for name in ("a", "b")]
        status, text = self.of_all("undo")
        self.assertEqual(status, 2)
        self.assertIn("say which", text)
        self.assertEqual(self.of_all("undo", f"--dest={dests[0]}")[0], 0)
        self.assertFalse(os.path.exists(os.path.dirname(dests[0])))
        self.assertEqual(self.of_all("status")[0], 0)
        self.assertEqual(self.of_all("undo")[0], 0)  # the only one left
        self.assertEqual(os.listdir(self.links), [])
        self.assertIn("nothing is installed", self.of_all("undo")[1])

    def test_refuses_links_whose_paths_would_be_too_long(self):
        status, text = self.install(dispatcher_path=None, links=self.folder)
        self.assertEqual(status, 2)
        self.assertIn("12 bytes at most", text)

    def test_sidecars_of_one_are_not_those_of_another(self):
        folder = os.path.join(self.folder, "gvisor-bin")  # beside the stock runsc
        os.mkdir(folder)
        shutil.copy2(self.runsc, os.path.join(folder, "gvisor_sentry"))
        dests = [self.install_in(name) for name in ("a", "b")]
        self.assertEqual(sorted(os.listdir(self.links)), ["r0", "rg"])
        for dest in dests:
            # As runsc starts a sandbox by its sidecar.
            sentry = dest + ".files/gvisor-bin/gvisor_sentry"
            told = subprocess.run(["runsc-sandbox", "boot", "id"], executable=sentry,
                                  capture_output=True, text=True, check=True).stdout
            self.assertIn(f"program {dest}.files/gvisor-bin.copies/gvisor_sentry\n", told)
        self.assertEqual(self.of_all("status")[0], 0)
        with open(os.path.join(folder, "gvisor_sentry"), "ab") as file:
            file.write(b"newer")
        status, text = self.of_all("status", f"--dest={dests[0]}")
        self.assertEqual(status, 1)
        self.assertIn("gvisor_sentry beside", text)
        os.unlink(os.path.join(folder, "gvisor_sentry"))
        self.install_in("a")
        self.assertEqual(sorted(os.listdir(dests[0] + ".files")),
                         ["dispatcher", "patched", "runsc"])
        self.assertEqual(self.of_all("undo", f"--dest={dests[1]}")[0], 0)
        self.assertFalse(os.path.exists(os.path.dirname(dests[1])))


class StockRunsc(InstallTest):

    def test_the_packaged_runsc_fits(self):
        stock = "/usr/bin/runsc"
        if not os.path.exists(stock):
            self.skipTest("runsc is not installed")
        before = digest(stock)
        self.assert_installed(runsc=stock)
        self.assertEqual(digest(stock), before)
        said = [subprocess.run([path, "--version"], capture_output=True, check=True).stdout
                for path in (stock, self.dest)]
        self.assertEqual(said[0], said[1])


if __name__ == "__main__":
    sys.exit(main())
