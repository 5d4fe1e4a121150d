"""Programs that people run in containers."""

import os
import sqlite3
import tarfile

from workloads.workload import Workload


class CompileC(Workload):
    name = "compile-c"
    about = "gcc of a bind mount compiles a program, which is run"

    def prepare(self, bed):
        with open(bed.path("work/hello.c"), "w", encoding="utf-8") as file:
            file.write('#include <stdio.h>\nint main(void) { return puts("hello, c") < 0; }\n')

    def run(self, bed):
        text = bed.run("gcc -O1 -Wall -o hello hello.c && ./hello && ./hello >out",
                       cwd="/work", mounts=bed.host_programs())
        bed.check(text == "hello, c\n", f"the program said {text!r}")

    def check(self, bed):
        with open(bed.path("work/out"), encoding="utf-8") as file:
            bed.check(file.read() == "hello, c\n", "wrong output on the host")
        with open(bed.path("work/hello"), "rb") as file:
            bed.check(file.read(4) == b"\x7fELF", "no program on the host")


class Untar(Workload):
    name = "untar"
    about = "an archive of 1500 files, links, owners, modes, times is unpacked"

    def prepare(self, bed):
        source = bed.make("source")
        for i in range(1500):
            folder = os.path.join(source, f"d{i % 30}", f"e{i % 7}")
            os.makedirs(folder, exist_ok=True)
            path = os.path.join(folder, f"f{i}")
            with open(path, "wb") as file:
                file.write(f"{i} ".encode() * (i % 997))
            if i % 5 == 0:
                os.symlink(f"f{i}", f"{path}.sym")
            if i % 7 == 0:
                os.link(path, f"{path}.hard")
            os.chown(path, i % 3, i % 4)
            os.chmod(path, (0o644, 0o600, 0o755, 0o4711)[i % 4])
            os.utime(path, ns=(10**18 + i * 10**9, 10**18 + i * 10**9))
        with tarfile.open(bed.path("work/a.tar"), "w") as archive:
            archive.add(source, "tree")

    def run(self, bed):
        bed.run("/usr/bin/tar xpf a.tar && rm a.tar", cwd="/work",
                mounts=bed.host_programs())

    def check(self, bed):
        source = _describe(os.path.join(bed.folder, "source"))
        made = _describe(bed.path("work/tree"))
        wrong = {k for k in source.keys() | made.keys() if source.get(k) != made.get(k)}
        for name in sorted(wrong):
            bed.check(False, f"{len(wrong)} differ, first {name}: "
                      f"{source.get(name)} became {made.get(name)}")


def _describe(tree):
    """Everything that an archive keeps, by name."""
    found = {}
    for folder, folders, files in os.walk(tree):
        for name in folders + files:
            path = os.path.join(folder, name)
            info = os.lstat(path)
            what = [oct(info.st_mode), info.st_uid, info.st_gid]
            if os.path.islink(path):
                what.append(os.readlink(path))
            elif os.path.isfile(path):
                with open(path, "rb") as file:
                    what += [info.st_nlink, int(info.st_mtime), hash(file.read())]
            found[os.path.relpath(path, tree)] = what
    return found


class Git(Workload):
    name = "git"
    about = "git init, add of 200 files, commit, change, commit, log, gc"

    SCRIPT = """
        git -c init.defaultBranch=main init -q .
        git config user.name t; git config user.email t@example.com
        for i in $(seq 200); do echo "line $i" >file$i; done
        git add . && git commit -q -m first
        for i in $(seq 50); do echo more >>file$i; done
        git mv file200 moved && git commit -q -a -m second
        git log --oneline | wc -l; git status --porcelain; git gc -q
    """

    def run(self, bed):
        text = bed.run(self.SCRIPT, cwd="/work", mounts=bed.host_programs(),
                       env={"GIT_CONFIG_NOSYSTEM": "1"})
        bed.check(text.split() == ["2"], f"git said {text!r}")

    def check(self, bed):
        work = bed.path("work")
        bed.host("git", "-C", work, "fsck", "--strict")
        files = bed.host("git", "-C", work, "ls-files").split()
        bed.check(len(files) == 200, f"{len(files)} files in the index")
        state = bed.host("git", "-C", work, "status", "--porcelain")
        bed.check(state == "", f"the host sees changes: {state[:200]}")


class Sqlite(Workload):
    about = "300 transactions, a rollback, a second connection"
    mode = ""

    def run(self, bed):
        text = bed.run(["python3", "/inside/database.py", "/work/db", self.mode],
                       mounts=bed.host_programs())
        bed.check(text == f"{self.mode} 300 ok\n", f"sqlite said {text!r}")

    def check(self, bed):
        database = sqlite3.connect(bed.path("work/db"))
        try:
            rows = database.execute("SELECT count(*), sum(n) FROM t").fetchone()
            sound = database.execute("PRAGMA integrity_check").fetchone()
        finally:
            database.close()
        bed.check(rows == (300, sum(range(300))), f"the host reads {rows}")
        bed.check(sound == ("ok",), f"integrity: {sound}")


class SqliteRollback(Sqlite):
    name = "sqlite-rollback"
    mode = "delete"


class SqliteWal(Sqlite):
    name = "sqlite-wal"
    mode = "wal"


ALL = (CompileC, Untar, Git, SqliteRollback, SqliteWal)
