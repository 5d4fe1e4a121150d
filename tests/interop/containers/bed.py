"""The place of one run of one workload: folders, flags, containers."""

import os
import shutil
import signal
import subprocess
import tempfile
import time

from container import Container, Failed
from leftovers import find_leftovers, temporary_files
from runtime import PROJECT  # also makes oci_bundle importable

import oci_bundle

INSIDE = os.path.join(PROJECT, "tests/interop/containers/inside")


class Bed:
    """A folder of its own for one run; a context that clears it away.

    The bundle's root holds busybox, /inside (the programs of this test) and
    /work, an empty folder for the workload.
    """

    def __init__(self, runtime, scratch):
        self.runtime = runtime
        self.flags = []  # of runsc, more than the usual ones
        self._files_before = temporary_files()
        self.folder = tempfile.mkdtemp(prefix="bed", dir=scratch)
        os.chmod(self.folder, 0o755)
        self.bundle = self.make("bundle")
        self.outside = self.make("outside")
        self._state = self.make("state")
        self._temporary = self.make("temporary")
        self.root = oci_bundle.make_rootfs(self.bundle)
        shutil.copytree(INSIDE, os.path.join(self.root, "inside"),
                        ignore=shutil.ignore_patterns("__pycache__"))
        os.mkdir(self.path("work"))
        self._containers = []

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        shutil.rmtree(self.folder)

    def make(self, name):
        folder = os.path.join(self.folder, name)
        os.mkdir(folder)
        return folder

    def path(self, *names):
        """In the container's root, as the host sees it."""
        return os.path.join(self.root, *names)

    def host_programs(self):
        """Mounts for a config, so that the host's /usr can be used."""
        return oci_bundle.share_host_programs(self.root)

    def base_flags(self):
        return [f"--root={self._state}", "--network=none", "--platform=ptrace",
                "--ignore-cgroups", *self.flags]

    def environment(self):
        return {**os.environ, "TMPDIR": self._temporary}

    def new_container(self, args, bundle=None, **config):
        """Writes the config; nothing is started. args: a list, or a script."""
        if isinstance(args, str):
            args = ["sh", "-ec", args]
        bundle = bundle or self.bundle
        env = {"PATH": "/bin:/usr/bin", **config.pop("env", {})}
        oci_bundle.write_config(bundle, oci_bundle.Config(args=args, env=env, **config))
        name = f"{os.path.basename(self.folder)}-{len(self._containers)}"
        container = Container(self.runtime, self.base_flags(), bundle, name,
                              self.environment())
        self._containers.append(container)
        return container

    def start(self, args, **config):
        container = self.new_container(args, **config)
        container.create()
        container.start()
        return container

    def finish(self, container, status=0):
        """Waits, deletes; returns the output. status: what must be."""
        was = container.wait()
        container.delete()
        text = container.output()
        if was != status:
            raise Failed(f"the container ended with {was}: {text.strip()[-400:]}")
        return text

    def run(self, args, status=0, **config):
        """From create to delete; returns the output."""
        return self.finish(self.start(args, **config), status)

    def wait_for(self, container, condition, seconds=60):
        """Until the host sees it; the container must live on."""
        end = time.monotonic() + seconds
        while not condition():
            if container.sandbox.ended(0.01):
                self.finish(container)  # says what was wrong
                raise Failed("the container ended early")
            self.check(time.monotonic() < end, f"waited for {seconds} s")

    def check(self, condition, text):
        if not condition:
            raise Failed(text)

    def clear(self):
        """Ends what is still there after a failure."""
        for container in self._containers:
            container.destroy()
        _reap()

    def leftovers(self):
        _reap()
        namespaces = set()
        for container in self._containers:
            for child in (container.sandbox, container.gofer):
                namespaces |= child.pid_namespaces if child else set()
        return find_leftovers(self.folder, namespaces,
                              (self._state, self._temporary), self._files_before)

    def host(self, *command):
        """A command on the host; returns what it wrote."""
        done = subprocess.run(command, capture_output=True, check=False)
        if done.returncode != 0:
            raise Failed(f"{command[0]} on the host: {done.stderr.decode()[-300:]}")
        return done.stdout.decode()


def _reap():
    """Orphans that became ours; nobody waits for them."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def become_reaper():
    """The sandboxes and gofers that runsc leaves behind come to us."""
    import ctypes  # pylint: disable=import-outside-toplevel
    pr_set_child_subreaper = 36
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(pr_set_child_subreaper, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def end_on_sigterm():
    """As on Ctrl-C: everything is cleared away."""
    def stop(*_):
        raise KeyboardInterrupt
    signal.signal(signal.SIGTERM, stop)
