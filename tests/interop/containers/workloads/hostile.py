"""Roots that must not change, and roots that lead outside."""

import hashlib
import os

import oci_bundle
from container import Failed
from workloads.workload import Workload


def _digest(tree):
    """Of all names, modes, times and contents."""
    digest = hashlib.sha256()
    for folder, folders, files in sorted(os.walk(tree)):
        for name in sorted(folders + files):
            path = os.path.join(folder, name)
            info = os.lstat(path)
            digest.update(repr((path, info.st_mode, info.st_uid, info.st_mtime_ns,
                                info.st_ctime_ns, info.st_size)).encode())
            if os.path.isfile(path) and not os.path.islink(path):
                with open(path, "rb") as file:
                    digest.update(file.read())
    return digest.hexdigest()


class ReadonlyRoot(Workload):
    name = "readonly-root"
    about = "every change is refused with EROFS, nothing changes on the host"

    def prepare(self, bed):
        for name in ("a", "b"):
            with open(bed.path("work", name), "w", encoding="utf-8") as file:
                file.write(name)
        os.mkdir(bed.path("work/folder"))
        self._mounts = bed.host_programs()
        # Mount points are made in the root before it is read-only.
        for mount in self._mounts:
            _make_mount_point(bed, mount)
        self._before = _digest(bed.root)

    def run(self, bed):
        text = bed.run(["python3", "-B", "/inside/readonly.py", "/work"], readonly=True,
                       mounts=self._mounts)
        bed.check(text == "13 refused, read ab\n", f"it said {text!r}")

    def check(self, bed):
        bed.check(_digest(bed.root) == self._before, "the host's files changed")


def _make_mount_point(bed, mount):
    path = bed.path(mount["destination"].lstrip("/"))
    if os.path.isdir(mount["source"]):
        os.makedirs(path, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "ab"):
            pass


class HostileSymlinks(Workload):
    name = "hostile-symlinks"
    about = "mounts and cwd through links that lead outside end inside"

    def prepare(self, bed):
        self._source = bed.make("source")
        with open(os.path.join(self._source, "mark"), "w", encoding="utf-8") as file:
            file.write("mark\n")
        for name in ("precious", "target"):
            with open(os.path.join(bed.outside, name), "w", encoding="utf-8") as file:
                file.write(f"{name}\n")
        os.mkdir(os.path.join(bed.outside, "folder"))
        up = "../" * 30
        os.symlink(bed.outside, bed.path("abs"))
        os.symlink(up + bed.outside.lstrip("/"), bed.path("rel"))
        os.symlink(os.path.join(bed.outside, "target"), bed.path("file"))
        os.symlink(os.path.join(bed.outside, "made"), bed.path("dangling"))
        os.symlink("/proc/self/root" + bed.outside, bed.path("magic"))
        self._before = _digest(bed.outside)

    def run(self, bed):
        mark = os.path.join(self._source, "mark")
        mounts = [oci_bundle.bind_mount(self._source, destination) for destination in
                  ("/abs/a", "/rel/folder", "/work/../../../c", "/dangling/d")]
        mounts += [oci_bundle.bind_mount(mark, "/file")]
        text = bed.run(
            "pwd; for i in /abs/a /rel/folder /c /dangling/d; do cat $i/mark; done; "
            "cat /file; echo changed >/abs/a/mark; "
            "echo new >/abs/new; rm -rf /rel/precious /magic/precious; ls /abs",
            cwd="/abs/cwd", mounts=mounts)
        inside = bed.outside
        wanted = f"{inside}/cwd\n" + "mark\n" * 5 + "a\ncwd\nfolder\nmade\nnew\ntarget\n"
        bed.check(text == wanted, f"it said {text!r}")

    def check(self, bed):
        bed.check(_digest(bed.outside) == self._before, "the host's files changed")
        inside = bed.path(bed.outside.lstrip("/"))
        bed.check(os.path.isdir(os.path.join(inside, "a")), "no mount point inside")
        with open(os.path.join(self._source, "mark"), encoding="utf-8") as file:
            bed.check(file.read() == "changed\n", "the mount is not the source")


class SymlinkLoop(Workload):
    name = "symlink-loop"
    about = "a mount below links that go round is refused, and all ends"

    def prepare(self, bed):
        os.symlink("two", bed.path("one"))
        os.symlink("one", bed.path("two"))

    def run(self, bed):
        container = bed.new_container(
            ["true"], mounts=[oci_bundle.bind_mount(bed.outside, "/one/x")])
        try:
            container.create()
            container.start()
        except (Failed, OSError):
            return
        finally:
            container.destroy()
        raise Failed("the container was started")


ALL = (ReadonlyRoot, HostileSymlinks, SymlinkLoop)
