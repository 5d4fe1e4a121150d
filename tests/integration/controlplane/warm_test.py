"""Gofers that are started before they have a server."""

import contextlib
import os
import shutil
import signal
import unittest

from goferd.admin.v1 import daemon_service_pb2 as daemon

import node
from node import SERVER_STATE, wait_until


def is_running(pid):
    """A process that nobody has waited for does not run, either."""
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8") as file:
            return "State:\tZ" not in file.read()
    except FileNotFoundError:
        return False


def capabilities(api):
    return api.daemon.GetInfo(daemon.GetInfoRequest(),
                              timeout=node.TIMEOUT).capabilities


class WarmTest(node.NodeTest):

    CONFIG = ("servers { warm_gofers: 2 }\n"
              "log { level: LOG_LEVEL_DEBUG }\n")

    def tearDown(self):
        if self.goferd.process:
            self.goferd.stop(signal.SIGTERM)
        for pid in self.warm():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        super().tearDown()

    def warm(self):
        """The pids of those that wait."""
        top = os.path.join(self.goferd.state, "warm")
        pids = set()
        for name in os.listdir(top) if os.path.isdir(top) else ():
            with contextlib.suppress(OSError, IndexError):
                with open(os.path.join(top, name, "pid"), encoding="utf-8") as file:
                    pids.add(int(file.read().split()[0]))
        return pids

    def full_pool(self, without=()):
        """Two that wait, none of them of `without`."""
        def found():
            log = self.goferd.log()
            pids = {pid for pid in self.warm() if f"(process {pid}) waits" in log}
            return len(pids) == 2 and not pids & set(without) and pids
        return wait_until(found, "two warm gofers")

    def test_a_server_gets_one_and_another_is_started(self):
        self.assertIn("warm-gofers", capabilities(self.api))
        first = self.full_pool()
        server = self.create_server()
        self.assertIn(server.gofer_pid, first)
        self.assertEqual(server.state, SERVER_STATE.ACTIVE)
        self.assertEqual(self.mounted_load().finish()[1], 0)
        second = self.full_pool(without=[server.gofer_pid])
        # The older one goes first.
        other = self.create_server("other")
        self.assertEqual({other.gofer_pid}, first - {server.gofer_pid})
        self.assertIn(other.gofer_pid, second)

    def test_more_servers_than_warm_gofers(self):
        self.full_pool()
        pids = {self.create_server(f"s{i}").gofer_pid for i in range(6)}
        self.assertEqual(len(pids), 6)
        self.full_pool(without=pids)

    def test_a_restart_takes_one(self):
        pid = self.create_server().gofer_pid
        warm = self.full_pool(without=[pid])
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: self.server().restart_count == 1 and
                   self.server().state == SERVER_STATE.ACTIVE, "the new gofer")
        self.assertIn(self.server().gofer_pid, warm)
        self.mounted_load()

    def test_one_that_dies_is_replaced(self):
        pids = self.full_pool()
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        self.full_pool(without=pids)
        for pid in pids:
            self.assertFalse(os.path.exists(f"/proc/{pid}"), "a zombie")

    def test_they_go_with_goferd(self):
        pids = self.full_pool()
        kept = self.create_server().gofer_pid
        pids |= self.full_pool(without=[kept])
        self.assertEqual(self.goferd.stop(signal.SIGTERM), 0)
        for pid in pids - {kept}:
            self.assertFalse(is_running(pid))
        self.assertTrue(is_running(kept))
        self.assertEqual(os.listdir(os.path.join(self.goferd.state, "warm")), [])

    def test_a_killed_goferd_leaves_none_to_the_next(self):
        self.create_server()
        kept = self.server().gofer_pid
        pids = self.full_pool(without=[kept])
        self.goferd.stop(signal.SIGKILL)
        for pid in pids:
            self.assertTrue(is_running(pid), "no test otherwise")
        self.goferd.start()
        for pid in pids:
            wait_until(lambda pid=pid: not is_running(pid), "its end")
        # None is taken for a server, and the server's own lives.
        listed = self.api.servers.ListServers(
            node.servers.ListServersRequest(), timeout=node.TIMEOUT).servers
        self.assertEqual([s.name for s in listed], ["servers/web"])
        self.assertEqual(self.server().gofer_pid, kept)
        warm = self.full_pool(without=pids)
        self.assertIn(self.create_server("other").gofer_pid, warm)

    def test_killed_between_start_and_pid(self):
        """Without its pid a warm gofer is asked to end."""
        pids = self.full_pool()
        self.goferd.stop(signal.SIGKILL)
        top = os.path.join(self.goferd.state, "warm")
        for name in os.listdir(top):
            os.unlink(os.path.join(top, name, "pid"))
        self.goferd.start()
        for pid in pids:
            wait_until(lambda pid=pid: not is_running(pid), "its end")

    def test_killed_while_one_is_given_its_server(self):
        """A gofer with a server's directory, but not its Bootstrap."""
        pids = self.full_pool()
        self.goferd.stop(signal.SIGKILL)
        top = os.path.join(self.goferd.state, "warm")
        for name in os.listdir(top):
            os.rename(os.path.join(top, name),
                      os.path.join(self.goferd.state, "servers", "s-" + name[2:8]))
        self.goferd.start()
        for pid in pids:
            wait_until(lambda pid=pid: not is_running(pid), "its end")
        self.assertEqual(os.listdir(os.path.join(self.goferd.state, "servers")), [])

    def test_an_upgrade_while_they_wait(self):
        self.goferd.stop()
        own = os.path.join(self.base, "gofer")
        shutil.copy(os.environ["GOFER"], own)
        with open(self.goferd.config, encoding="utf-8") as file:
            config = file.read()
        with open(self.goferd.config, "w", encoding="utf-8") as file:
            file.write(config.replace(os.environ["GOFER"], own))
        self.goferd.start()
        old = self.full_pool()
        shutil.copy(os.environ["GOFER"], own + ".new")
        os.rename(own + ".new", own)
        server = self.create_server()
        self.assertNotIn(server.gofer_pid, old)
        self.assertEqual(os.readlink(f"/proc/{server.gofer_pid}/exe"), own)
        self.full_pool(without=old)
        for pid in old:
            wait_until(lambda pid=pid: not is_running(pid), "its end")


class BrokenGoferTest(node.NodeTest):

    CONFIG = "servers { warm_gofers: 8 }\n"

    def test_a_bounded_number_of_starts(self):
        self.assertNotIn("no warm gofer", self.goferd.log())
        self.goferd.stop()
        broken = os.path.join(self.base, "broken")
        starts = os.path.join(self.base, "starts")
        with open(broken, "w", encoding="utf-8") as file:
            file.write(f"#!/bin/sh\necho start >> {starts}\nexit 18\n")
        os.chmod(broken, 0o755)
        with open(self.goferd.config, encoding="utf-8") as file:
            config = file.read()
        with open(self.goferd.config, "w", encoding="utf-8") as file:
            file.write(config.replace(os.environ["GOFER"], broken))
        self.goferd.start()
        log = wait_until(lambda: "again in 400 ms" in self.goferd.log() and
                         self.goferd.log(), "the fourth failure")
        self.assertIn("exit code 18", log)
        with open(starts, encoding="utf-8") as file:
            count = len(file.readlines())
        # Four when the log had been read, perhaps one more by now.
        self.assertLessEqual(count, 5)
        self.assertEqual(self.goferd.stop(signal.SIGTERM), 0)


class UnconfiguredTest(node.NodeTest):

    def test_no_capability(self):
        self.assertNotIn("warm-gofers", capabilities(self.api))
        self.create_server()
        self.assertEqual(os.listdir(os.path.join(self.goferd.state, "warm")), [])


if __name__ == "__main__":
    unittest.main()
