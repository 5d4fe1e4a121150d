"""directfs by choice, on releases of runsc that have it.

The sandbox of a container without directfs holds no directory of its mounts, so
that everything goes through the gofer.
"""

import os
import sys

from install_fixture import Built, main
from live_container import LiveTest, releases

ANNOTATION = "dev.goferd.directfs"
SCRIPT = ("sh", "-c", "echo here; read line; echo made >/volume/made; mkdir /volume/sub; "
          "ls /volume; cat /volume/made")
SAYS = "made\nsub\nmade\n"
POD = {"io.kubernetes.cri.container-type": "sandbox",
       "io.kubernetes.cri.sandbox-id": "pod"}
MEMBER = {**POD, "io.kubernetes.cri.container-type": "container"}


def folders_of(*roots):
    """(device, inode) of all directories of some trees."""
    return {(info.st_dev, info.st_ino) for root in roots
            for folder, _, _ in os.walk(root) for info in [os.stat(folder)]}


class Directfs(LiveTest):

    release = None

    def setUp(self):
        super().setUp()
        if self.release is None:
            self.skipTest("no runsc of February 2025 or later is built: "
                          "tests/interop/runsc/build build/runsc-releases")

    def install_release(self, **changed):
        self.assert_installed(runsc=releases()[self.release], gofer=Built.gofer, **changed)

    def start_container(self, name, **annotations):
        bundle = self.make_bundle(name, *SCRIPT, **annotations)
        return bundle, self.start(bundle, name)

    def assert_off(self, bundle, off):
        """On both command lines, and by what the sandbox holds."""
        helpers = self.helpers("runsc-sandbox") + self.helpers("runsc-gofer")
        self.assertGreaterEqual(len(helpers), 2)
        for helper in helpers:
            self.assertEqual("--directfs=false" in helper.words, off, helper.words)
        mounted = folders_of(os.path.join(bundle, "rootfs"), self.volume)
        held = self.helpers("runsc-sandbox")[0].directories() & mounted
        self.assertEqual(not held, off, held)
        self.assertEqual(self.helpers("runsc-gofer")[0].exe, os.path.realpath(Built.gofer))

    def assert_works(self, process):
        self.assertEqual(self.end(process), SAYS)
        self.assertEqual(sorted(os.listdir(self.volume)), ["made", "sub"])

    def test_default_is_what_runsc_does(self):
        self.install_release()
        bundle, process = self.start_container("c")
        self.assert_off(bundle, False)
        self.assert_works(process)

    def test_annotation_switches_it_off(self):
        self.install_release()
        bundle, process = self.start_container("c", **{ANNOTATION: "off"})
        self.assert_off(bundle, True)
        self.assert_works(process)

    def test_installation_switches_it_off(self):
        self.install_release(directfs="off")
        bundle, process = self.start_container("c")
        self.assert_off(bundle, True)
        self.assert_works(process)

    def test_annotation_wins_over_the_installation(self):
        self.install_release(directfs="off")
        bundle, process = self.start_container("c", **{ANNOTATION: "on"})
        self.assert_off(bundle, False)
        self.assert_works(process)

    def test_annotation_is_refused_where_the_installation_allows_none(self):
        self.install_release(directfs="never")
        bundle = self.make_bundle("c", "true", **{ANNOTATION: "on"})
        done = self.run_runsc("run", "--bundle", bundle, "c")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("--directfs=never", done.stderr)

    def test_gvisors_own_annotations_are_refused_where_they_would_escape(self):
        self.install_release(directfs="never")
        self.flags = ("--allow-flag-override",)
        for number, name in enumerate(("dev.gvisor.flag.directfs",
                                       "dev.gvisor.bundle.experimental-high-performance")):
            bundle = self.make_bundle(f"c{number}", "true", **{name: "true"})
            done = self.run_runsc("run", "--bundle", bundle, "c")
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(f"annotation {name} may switch directfs on", done.stderr)

    def test_another_value_is_named_to_the_user(self):
        self.install_release()
        bundle = self.make_bundle("c", "true", **{ANNOTATION: "maybe"})
        done = self.run_runsc("run", "--bundle", bundle, "c")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(f'annotation {ANNOTATION} is "maybe"', done.stderr)
        self.run_runsc("delete", "--force", "c")

    def assert_member_follows(self, pods, members):
        """A container that joins a pod's sandbox works whatever it says itself."""
        self.install_release()
        bundle, pod = self.start_container("pod", **POD, **pods)
        off = pods.get(ANNOTATION) == "off"
        self.assert_off(bundle, off)
        joining = self.make_bundle("member", *SCRIPT, **MEMBER, **members)
        member = self.start(joining, "member")
        self.assertEqual(len(self.helpers("runsc-gofer")), 2)
        self.assert_off(joining, off)
        self.assert_works(member)
        self.end(pod)

    def test_member_of_a_pod_without_directfs_has_none(self):
        self.assert_member_follows({ANNOTATION: "off"}, {})

    def test_member_that_says_off_in_a_pod_with_directfs_works(self):
        self.assert_member_follows({}, {ANNOTATION: "off"})

    def test_member_that_says_on_in_a_pod_without_directfs_works(self):
        self.assert_member_follows({ANNOTATION: "off"}, {ANNOTATION: "on"})


def load_tests(loader, _standard, _pattern):
    """Each case on each release."""
    suite = loader.suiteClass()
    for name in releases() or [None]:
        kind = type(f"Directfs{(name or '').replace('-', '')}", (Directfs,),
                    {"release": name})
        suite.addTests(loader.loadTestsFromTestCase(kind))
    return suite


if __name__ == "__main__":
    sys.exit(main())
