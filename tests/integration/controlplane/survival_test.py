"""What dies takes nothing else with it."""

import os
import signal
import subprocess
import time
import unittest

from goferd.admin.v1 import server_pb2

import node
from node import SERVER_STATE, STATE, is_running, wait_until


class GoferdDiesTest(node.NodeTest):

    def test_nothing_is_lost_under_load(self):
        self.create_server(labels={"tenant": "a"})
        loads = [self.mounted_load(f"c{i}") for i in range(3)]
        pid = self.server().gofer_pid
        for i in range(3):
            wait_until(lambda: self.connection(f"c{i}").state == STATE.MOUNTED,
                       "MOUNTED")
        before = [self.connection(f"c{i}") for i in range(3)]
        for how in (signal.SIGKILL, signal.SIGTERM, signal.SIGKILL):
            self.goferd.stop(how)
            self.goferd.start()
            self.assertEqual(self.count(), 3)
            server = self.server()
            self.assertEqual(server.state, SERVER_STATE.ACTIVE)
            self.assertEqual(server.gofer_pid, pid)
            self.assertEqual(server.labels["tenant"], "a")
            for i, former in enumerate(before):
                now = self.connection(f"c{i}")
                self.assertEqual(now.uid, former.uid)
                self.assertEqual(now.state, STATE.MOUNTED)
                self.assertEqual(now.options, former.options)
        for load in loads:
            ops, failures, _ = load.finish()
            self.assertGreater(ops, 0)
            self.assertEqual(failures, 0)
        wait_until(lambda: self.count() == 0, "their ends")

    def test_a_ticket_outlives_goferd(self):
        self.create_server()
        started = self.start_connection()
        self.goferd.stop(signal.SIGKILL)
        self.goferd.start()
        [fd] = self.take(started)
        self.assertEqual(self.load(fd, "once").process.wait(timeout=20), 0)

    def test_sigterm_is_clean(self):
        self.create_server()
        self.assertEqual(self.goferd.stop(signal.SIGTERM), 0)
        self.goferd.start()

    def test_the_second_goferd_is_refused(self):
        self.create_server()
        second = subprocess.run(
            [os.environ["GOFERD"], f"--config={self.goferd.config}"],
            capture_output=True, text=True, timeout=30, check=False)
        self.assertNotEqual(second.returncode, 0)
        self.assertIn(str(self.goferd.process.pid), second.stderr)
        self.assertEqual(self.server().state, SERVER_STATE.ACTIVE)
        self.mounted_load()


class GoferDiesTest(node.NodeTest):

    def test_it_takes_its_own_connections_only(self):
        self.create_server()
        self.create_server("other")
        self.mounted_load()
        other = self.mounted_load("c1", "other")
        pid = self.server().gofer_pid
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: self.connection().state == STATE.FAILED, "its end")
        self.assertEqual(self.connection().end_reason, STATE.GOFER_CRASHED)
        wait_until(lambda: self.server().state == SERVER_STATE.ACTIVE,
                   "the new gofer")
        self.assertNotEqual(self.server().gofer_pid, pid)
        self.assertEqual(self.server().restart_count, 1)
        self.mounted_load("c2")
        self.assertEqual(self.count(), 2)
        self.assertEqual(other.finish()[1], 0)
        # No zombie.
        self.assertFalse(os.path.exists(f"/proc/{pid}"))

    def test_never_is_never(self):
        self.create_server(restart_policy=server_pb2.Server.NEVER)
        os.kill(self.server().gofer_pid, signal.SIGKILL)
        wait_until(lambda: self.server().state == SERVER_STATE.FAILED, "FAILED")
        failure = self.server().failure
        self.assertEqual(failure.reason, server_pb2.ServerFailure.CRASHED)
        self.assertEqual(failure.signal_number, signal.SIGKILL)

    def test_it_dies_while_goferd_is_away(self):
        self.create_server()
        pid = self.server().gofer_pid
        self.goferd.stop(signal.SIGKILL)
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not is_running(pid), "its end")
        self.goferd.start()
        wait_until(lambda: self.server().state == SERVER_STATE.ACTIVE,
                   "the new gofer")
        self.mounted_load()

    def test_it_hangs(self):
        """A stopped gofer makes its own server unreachable, and comes back."""
        self.create_server()
        self.create_server("other")
        pid = self.server().gofer_pid
        os.kill(pid, signal.SIGSTOP)
        begin = time.monotonic()
        self.mounted_load("c1", "other")
        self.assertLess(time.monotonic() - begin, 4)
        os.kill(pid, signal.SIGCONT)
        self.mounted_load()


if __name__ == "__main__":
    unittest.main()
