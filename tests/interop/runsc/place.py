"""The folder of one run of one case: bundles, sources, runsc's state."""

import hashlib
import os
import random
import shutil
import socket
import stat
import string
import threading

import oci_bundle  # found by the path that main sets

KINDS = {stat.S_IFREG: "file", stat.S_IFDIR: "folder", stat.S_IFLNK: "symlink",
         stat.S_IFIFO: "fifo", stat.S_IFSOCK: "socket", stat.S_IFCHR: "char",
         stat.S_IFBLK: "block"}


class Place:
    """A context that clears itself away.

    Paths given to its functions are below `sources`, which a case mounts.
    """

    def __init__(self, scratch, template):
        # The same path is as long in both runs.
        self.name = "p" + "".join(random.choices(string.ascii_lowercase, k=9))
        self.folder = os.path.join(scratch, self.name)
        os.mkdir(self.folder, 0o755)
        self._template = template
        self.sources = self._make("sources")
        self.state = self._make("state")
        self.images = self._make("images")
        self.log = os.path.join(self.folder, "log")
        self.bundle = self.make_bundle("bundle")
        self.root = os.path.join(self.bundle, "rootfs")
        self._closing = []

    def _make(self, name):
        path = os.path.join(self.folder, name)
        os.mkdir(path, 0o755)
        return path

    def make_bundle(self, name):
        bundle = self._make(name)
        shutil.copytree(self._template, os.path.join(bundle, "rootfs"), symlinks=True)
        return bundle

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        for close in self._closing:
            close()
        shutil.rmtree(self.folder)

    def path(self, name):
        path = os.path.join(self.sources, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return path

    def file(self, name, text="text\n", mode=0o644, owner=0):
        path = self.path(name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chown(path, owner, owner)
        os.chmod(path, mode)

    def folder_in(self, name, mode=0o755, owner=0):
        path = self.path(name)
        os.makedirs(path, exist_ok=True)
        os.chown(path, owner, owner)
        os.chmod(path, mode)

    def device(self, name, major, minor, mode=0o666):
        path = self.path(name)
        os.mknod(path, stat.S_IFCHR | mode, os.makedev(major, minor))
        os.chmod(path, mode)

    def fifo(self, name, text=None):
        """With text, it holds the text and a writer keeps it open."""
        path = self.path(name)
        os.mkfifo(path)
        os.chmod(path, 0o666)
        if text is not None:
            descriptor = os.open(path, os.O_RDWR)
            os.write(descriptor, text.encode())
            self._closing.append(lambda: os.close(descriptor))

    def socket(self, name):
        """A server answers each message with the message."""
        listener = socket.socket(socket.AF_UNIX)
        path = self.path(name)
        # A path of 108 bytes at most can be bound.
        folder = os.open(os.path.dirname(path), os.O_PATH)
        listener.bind(f"/proc/self/fd/{folder}/{os.path.basename(path)}")
        os.close(folder)
        os.chmod(path, 0o666)
        listener.listen(4)
        threading.Thread(target=_answer, args=(listener,), daemon=True).start()

        def close():
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        self._closing.append(close)

    def scrub(self, text):
        return text.replace(self.folder, "PLACE").replace(self.name, "NAME")

    def tree(self):
        """Pairs of path and description: all that root and sources hold."""
        for bundle in sorted(os.listdir(self.folder)):
            if bundle.startswith("bundle"):
                yield from self._tree(os.path.join(self.folder, bundle, "rootfs"))
        yield from self._tree(self.sources)

    def _tree(self, top):
        for folder, folders, files in os.walk(top):
            folders.sort()
            if folder == top and "bin" in folders and top != self.sources:
                folders.remove("bin")  # busybox and its hundreds of names
            yield self._describe(folder)
            for name in sorted(files + [n for n in folders if
                                        os.path.islink(os.path.join(folder, n))]):
                yield self._describe(os.path.join(folder, name))

    def _describe(self, path):
        info = os.lstat(path)
        kind = KINDS[stat.S_IFMT(info.st_mode)]
        words = [kind, f"{stat.S_IMODE(info.st_mode):o}", f"{info.st_uid}:{info.st_gid}"]
        if kind == "file":
            words += [f"{info.st_nlink} links", _content(path)]
        elif kind == "symlink":
            words.append("-> " + self.scrub(os.readlink(path)))
        elif kind in ("char", "block"):
            words.append(f"{os.major(info.st_rdev)}:{os.minor(info.st_rdev)}")
        if kind != "symlink":
            words += [f"{name}={os.getxattr(path, name)!r}"
                      for name in sorted(os.listxattr(path))]
        return self.scrub(path), " ".join(words)


def make_template(folder, probe):
    """A root with busybox and our probe; each place gets a copy."""
    template = oci_bundle.make_rootfs(folder)
    shutil.copy2(probe, os.path.join(template, "bin/probe"))
    return template


def _answer(listener):
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return  # closed
        with client:
            while data := client.recv(4096):
                client.sendall(b"host got " + data)


def _content(path):
    with open(path, "rb") as file:
        data = file.read()
    if len(data) <= 64:
        return repr(data)
    return f"{len(data)} bytes {hashlib.sha1(data).hexdigest()[:12]}"
