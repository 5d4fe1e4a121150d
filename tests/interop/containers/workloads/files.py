"""Many files, big files, many names."""

import hashlib
import os

from workloads.workload import Workload


class LinksAndRenames(Workload):
    name = "links-renames"
    about = "3000 hard links, 3000 renames, over existing names too"

    def run(self, bed):
        text = bed.run(["python3", "/inside/links.py", "/work", "3000"],
                       mounts=bed.host_programs())
        bed.check(text == "ok\n", f"it said {text!r}")

    def check(self, bed):
        work = bed.path("work")
        bed.check(sorted(os.listdir(work)) == ["moved", "original"],
                  f"names: {os.listdir(work)[:5]}")
        info = os.stat(os.path.join(work, "original"))
        bed.check(info.st_nlink == 1501, f"{info.st_nlink} links")
        names = os.listdir(os.path.join(work, "moved"))
        bed.check(len(names) == 1500, f"{len(names)} names")
        for name in names:
            if os.stat(os.path.join(work, "moved", name)).st_ino != info.st_ino:
                bed.check(False, f"{name} is another file")


class ManyFiles(Workload):
    name = "many-files"
    about = "10 000 files in one folder: made, listed, read, half of them removed"

    def run(self, bed):
        text = bed.run(["python3", "/inside/many.py", "/work", "10000"],
                       mounts=bed.host_programs())
        bed.check(text == "10000 5000 ok\n", f"it said {text!r}")

    def check(self, bed):
        names = os.listdir(bed.path("work"))
        bed.check(sorted(names) == sorted(f"file-{i}" for i in range(1, 10000, 2)),
                  f"{len(names)} names on the host")
        for i in (1, 4999, 9999):
            with open(bed.path(f"work/file-{i}"), encoding="utf-8") as file:
                bed.check(file.read() == f"content {i}\n", f"file-{i} is wrong")


class BigFile(Workload):
    name = "big-file"
    about = "1 GiB is written, read back and summed"
    MIB = 1024

    def prepare(self, bed):
        free = os.statvfs(bed.folder)
        bed.check(free.f_bavail * free.f_frsize > 3 * self.MIB << 20,
                  "less than 3 GiB are free: no room for this workload")

    def run(self, bed):
        self.said = bed.run(["python3", "/inside/big.py", "/work/big", str(self.MIB)],
                            mounts=bed.host_programs())

    def check(self, bed):
        path = bed.path("work/big")
        digest = hashlib.sha256()
        with open(path, "rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
        size = os.path.getsize(path)
        os.unlink(path)
        bed.check(size == self.MIB << 20, f"{size} bytes on the host")
        bed.check(self.said.split() == [digest.hexdigest()] * 2,
                  "the sums differ: written, read back, on the host")


class FileAccess(Workload):
    """Ordinary work, in the mode in which the sandbox trusts its cache or not."""

    mode = ""

    SCRIPT = """
        mkdir a && cd a
        for i in $(seq 100); do echo $i >f$i; done
        cat f* | wc -l
        ln -s f1 s; mkdir sub; mv f2 sub/g; rm f3; chmod 600 f4; touch -d @1000000000 f5
        : >f6; dd if=/dev/zero of=f7 bs=1k count=100 2>/dev/null; truncate -s 50 f7
        cp f8 f9; rmdir sub 2>/dev/null || echo busy
        stat -c '%n %a %s %Y' f4 f5 f6 f7 | cut -d' ' -f1-3
    """
    SAID = "100\nbusy\nf4 600 2\nf5 644 2\nf6 644 0\nf7 644 50\n"

    def prepare(self, bed):
        bed.flags += [f"--file-access={self.mode}"]

    def run(self, bed):
        text = bed.run(self.SCRIPT, cwd="/work")
        bed.check(text == self.SAID, f"it said {text!r}")

    def check(self, bed):
        names = set(os.listdir(bed.path("work/a")))
        wanted = {f"f{i}" for i in range(1, 101)} - {"f2", "f3"} | {"s", "sub"}
        bed.check(names == wanted, f"names differ: {names ^ wanted}")
        bed.check(os.stat(bed.path("work/a/f5")).st_mtime == 10**9, "time of f5")


class FileAccessExclusive(FileAccess):
    name = "file-access-exclusive"
    about = "ordinary work in a root that is the sandbox's alone"
    mode = "exclusive"


class FileAccessShared(FileAccess):
    name = "file-access-shared"
    about = "the same where the host changes files meanwhile, which is seen"
    mode = "shared"

    def run(self, bed):
        super().run(bed)
        _write(bed.path("work/changing"), "before\n")
        container = bed.start(
            "cat changing; echo >ready; until [ -e go ]; do :; done; "
            "cat changing; cat new/file; [ ! -e ready ] && echo gone", cwd="/work")
        bed.wait_for(container, lambda: os.path.exists(bed.path("work/ready")))
        _write(bed.path("work/changing"), "after, and longer\n")
        os.mkdir(bed.path("work/new"))
        _write(bed.path("work/new/file"), "new\n")
        os.unlink(bed.path("work/ready"))
        _write(bed.path("work/go"), "")
        text = bed.finish(container)
        bed.check(text == "before\nafter, and longer\nnew\ngone\n", f"it saw {text!r}")


def _write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


ALL = (LinksAndRenames, ManyFiles, BigFile, FileAccessExclusive, FileAccessShared)
