"""A control group for each gofer, with the kernel's own groups."""

import contextlib
import os
import signal
import tempfile
import unittest
from unittest import mock

import node
from node import servers, wait_until


def cgroup2_mount():
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        for line in file:
            before, _, after = line.partition(" - ")
            if after.startswith("cgroup2 "):
                return before.split()[4]
    return None


def group_of(pid):
    with open(f"/proc/{pid}/cgroup", encoding="utf-8") as file:
        [line] = [l for l in file if l.startswith("0::")]
    return line.strip()[3:]


class Group:
    """A group of the test's own, below that of the test."""

    def __init__(self):
        mount = cgroup2_mount()
        if mount is None:
            raise unittest.SkipTest("cgroup2 is not mounted")
        self.top = mount + group_of("self").rstrip("/")
        try:
            self.path = tempfile.mkdtemp(prefix="goferd-test-", dir=self.top)
        except OSError as error:
            raise unittest.SkipTest(f"no group can be made: {error}") from error
        if not os.path.exists(os.path.join(self.path, "cgroup.procs")):
            os.rmdir(self.path)
            raise unittest.SkipTest(f"{self.top} is not that of the test")

    @property
    def name(self):
        return group_of("self").rstrip("/") + "/" + os.path.basename(self.path)

    def has_memory(self):
        with open(os.path.join(self.path, "cgroup.controllers"),
                  encoding="utf-8") as file:
            return "memory" in file.read().split()

    def enter(self, sub=""):
        """What a child does before it becomes goferd."""
        def move():
            with open(os.path.join(self.path, sub, "cgroup.procs"), "w",
                      encoding="utf-8") as file:
                file.write("0")
        return move

    def remove(self):
        for name in os.listdir(self.path):
            path = os.path.join(self.path, name)
            if os.path.isdir(path):
                with contextlib.suppress(OSError):
                    os.rmdir(path)
        os.rmdir(self.path)


class CgroupTest(node.NodeTest):

    def setUp(self):
        self.group = Group()
        self.addCleanup(lambda: wait_until(self.removed, "an empty group"))
        self.sub = ""
        popen = node.subprocess.Popen

        def in_group(words, **kwargs):
            # pylint: disable=subprocess-popen-preexec-fn
            if words[0] == os.environ["GOFERD"]:
                kwargs["preexec_fn"] = self.group.enter(self.sub)
            return popen(words, **kwargs)
        patch = mock.patch.object(node.subprocess, "Popen", in_group)
        patch.start()
        self.addCleanup(patch.stop)
        environment = mock.patch.dict(os.environ)
        environment.start()
        self.addCleanup(environment.stop)
        os.environ.pop("INVOCATION_ID", None)
        super().setUp()

    def removed(self):
        try:
            self.group.remove()
        except OSError:
            return False
        return True

    def groups(self):
        return sorted(name for name in os.listdir(self.group.path)
                      if os.path.isdir(os.path.join(self.group.path, name)))

    def expected_missing(self):
        # Without the controller there is no group with a limit.
        return [] if self.group.has_memory() else ["cgroup"]

    def test_each_gofer_has_its_own(self):
        self.assertEqual(group_of(self.goferd.process.pid),
                         self.group.name + "/goferd")
        server = self.create_server()
        self.assertEqual(list(server.missing_sandbox_steps),
                         self.expected_missing())
        if not self.group.has_memory():
            self.assertIn("has no control group", self.goferd.log())
            raise unittest.SkipTest("cgroup2 has no memory controller here, so "
                                    "no gofer can be limited")
        self.assertEqual(group_of(server.gofer_pid),
                         self.group.name + "/gofer-web")
        self.sub = "goferd"
        self.goferd.stop(signal.SIGKILL)
        self.goferd.start()
        self.assertEqual(list(self.server().missing_sandbox_steps), [])
        self.api.servers.DeleteServer(
            servers.DeleteServerRequest(name="servers/web"), timeout=node.TIMEOUT)
        self.assertEqual(self.groups(), ["goferd"])

    def test_the_next_goferd_starts_in_the_subgroup(self):
        pid = self.create_server().gofer_pid
        missing = list(self.server().missing_sandbox_steps)
        self.sub = "goferd"
        for how in (signal.SIGKILL, signal.SIGTERM):
            self.goferd.stop(how)
            self.goferd.start()
            self.assertEqual(group_of(self.goferd.process.pid),
                             self.group.name + "/goferd")
            self.assertEqual(self.server().gofer_pid, pid)
            self.assertEqual(list(self.server().missing_sandbox_steps), missing)
        self.assertIn(f"gofers have control groups below {self.group.path}",
                      self.goferd.log())


if __name__ == "__main__":
    unittest.main()
