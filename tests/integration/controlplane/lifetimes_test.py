"""What a server is and has when its gofer, goferd or both start anew."""

import os
import shutil
import signal
import threading
import time
import unittest

import grpc
from goferd.admin.v1 import connection_service_pb2 as connections
from goferd.admin.v1 import daemon_service_pb2 as daemon
from goferd.admin.v1 import handler_rule_pb2
from goferd.admin.v1 import handler_service_pb2 as handlers
from goferd.admin.v1 import log_level_pb2
from goferd.admin.v1 import mid_pb2
from goferd.admin.v1 import server_pb2
from goferd.admin.v1 import server_service_pb2 as servers

import node
from node import SERVER_STATE, STATE, is_running, wait_until


class LifetimesTest(node.NodeTest):

    # Short, for the gofers that are stopped here.
    CONFIG = """
    shutdown_timeout { seconds: 1 }
    servers { control_timeout { seconds: 1 } }
    """

    def make_rule(self, rule_id, **fields):
        return self.api.handlers.CreateHandlerRule(
            handlers.CreateHandlerRuleRequest(
                parent="servers/web", handler_rule_id=rule_id,
                handler_rule=handler_rule_pb2.HandlerRule(
                    permanent=True, **fields)), timeout=node.TIMEOUT)

    def rules(self):
        listed = self.api.handlers.ListHandlerRules(
            handlers.ListHandlerRulesRequest(parent="servers/web"),
            timeout=node.TIMEOUT)
        return [r.name.rsplit("/", 1)[1] for r in listed.handler_rules]

    def drain(self):
        self.api.servers.DrainServer(
            servers.DrainServerRequest(name="servers/web"),
            timeout=node.TIMEOUT)

    def await_state(self, state):
        wait_until(lambda: self.server().state == state,
                   server_pb2.Server.State.Name(state))

    def kill_gofer(self, how=signal.SIGKILL):
        pid = self.server().gofer_pid
        os.kill(pid, how)
        wait_until(lambda: not is_running(pid), "the gofer's end")

    def test_policies_are_laid_over_the_gofer_after_one_never_heard_of(self):
        self.create_server()
        self.make_rule("closed", deny={}, match={"mids": [mid_pb2.MID_FSTAT]})
        self.make_rule("loud", observe={})
        pid = self.server().gofer_pid
        os.kill(pid, signal.SIGSTOP)
        self.goferd.stop(signal.SIGKILL)
        self.goferd.start()
        self.await_state(SERVER_STATE.UNREACHABLE)
        self.assertEqual(self.rules(), ["closed", "loud"])
        os.kill(pid, signal.SIGKILL)
        self.await_state(SERVER_STATE.ACTIVE)
        self.assertNotEqual(self.server().gofer_pid, pid)
        self.assertEqual(self.rules(), ["closed", "loud"])
        [fd] = self.take(self.start_connection())
        self.assertNotEqual(self.load(fd, "once").process.wait(timeout=20), 0)
        # And once more, from what was written down.
        self.goferd.stop(signal.SIGKILL)
        self.goferd.start()
        self.await_state(SERVER_STATE.ACTIVE)
        self.assertEqual(self.rules(), ["closed", "loud"])

    def test_faults_go_with_their_gofer(self):
        self.create_server()
        self.make_rule("broken", error={"code": "EIO"},
                       match={"mids": [mid_pb2.MID_FSTAT]})
        self.make_rule("lasting", error={"code": "EIO"}, persistent=True,
                       match={"mids": [mid_pb2.MID_FLUSH]})
        pid = self.server().gofer_pid
        self.kill_gofer()
        wait_until(lambda: self.server().gofer_pid not in (0, pid), "the next")
        self.await_state(SERVER_STATE.ACTIVE)
        self.assertEqual(self.rules(), ["lasting"])

    def test_a_drain_outlives_both(self):
        self.create_server()
        self.drain()
        pid = self.server().gofer_pid
        self.goferd.stop(signal.SIGKILL)
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not is_running(pid), "the gofer's end")
        self.goferd.start()
        wait_until(lambda: self.server().gofer_pid not in (0, pid), "the next")
        self.await_state(SERVER_STATE.DRAINING)
        self.assert_fails(
            grpc.StatusCode.FAILED_PRECONDITION, "SERVER_DRAINING",
            self.api.connections.StartConnection,
            connections.StartConnectionRequest(
                parent="servers/web", mount_path="/", connection_id="c1"))
        self.api.servers.UndrainServer(
            servers.UndrainServerRequest(name="servers/web"),
            timeout=node.TIMEOUT)
        self.kill_gofer()
        wait_until(lambda: self.server().gofer_pid != 0, "the next")
        self.await_state(SERVER_STATE.ACTIVE)

    def test_one_that_was_told_to_end_stays_ended(self):
        self.create_server()
        self.kill_gofer(signal.SIGTERM)
        self.await_state(SERVER_STATE.STOPPED)
        wait_until(lambda: os.path.exists(
            os.path.join(self.goferd.state, "servers", "web", "ended")),
                   "that it is written down")
        self.goferd.stop(signal.SIGKILL)
        self.goferd.start()
        self.await_state(SERVER_STATE.STOPPED)
        self.assertEqual(self.server().restart_count, 0)
        self.api.servers.DeleteServer(
            servers.DeleteServerRequest(name="servers/web"),
            timeout=node.TIMEOUT)
        self.create_server()
        self.mounted_load()

    def test_restarts_that_fail_before_there_is_a_gofer_are_paced(self):
        root = os.path.join(self.base, "going")
        os.mkdir(root)
        self.create_server(root=root)
        pid = self.server().gofer_pid
        self.goferd.stop(signal.SIGKILL)
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not is_running(pid), "the gofer's end")
        os.rmdir(root)
        begin = time.monotonic()
        self.goferd.start()
        # At once, then after 100, 200, 400 and 800 ms.
        wait_until(lambda: self.server().restart_count >= 5, "five tries")
        self.assertGreaterEqual(time.monotonic() - begin, 1.4)
        self.assertEqual(self.server().restart_count, 5)
        os.mkdir(root)
        shutil.copy(os.path.join(self.tree, "hello"), root)
        self.await_state(SERVER_STATE.ACTIVE)
        self.mounted_load()

    def test_a_ticket_is_good_while_its_gofer_could_not_be_told(self):
        self.create_server()
        started = self.start_connection()
        pid = self.server().gofer_pid
        os.kill(pid, signal.SIGSTOP)
        stop = connections.StopConnectionRequest(
            name="servers/web/connections/c1",
            mode=connections.StopConnectionRequest.ABORT)
        # The second is not even sent.
        for _ in range(2):
            self.assert_fails(grpc.StatusCode.UNAVAILABLE, "GOFER_UNREACHABLE",
                              self.api.connections.StopConnection, stop)
        os.kill(pid, signal.SIGCONT)
        self.await_state(SERVER_STATE.ACTIVE)
        # What was sent in vain may have had its effect.
        if self.connection().state == STATE.PENDING_ATTACH:
            self.take(started)
        else:
            self.assertEqual(self.connection().state, STATE.CLOSED)

    def test_log_levels_pass_by_those_that_cannot_be_told(self):
        self.create_server()
        self.create_server("other", restart_policy=server_pb2.Server.NEVER)
        self.create_server("third")
        os.kill(self.server("third").gofer_pid, signal.SIGSTOP)
        os.kill(self.server("other").gofer_pid, signal.SIGKILL)
        wait_until(lambda: self.server("other").state == SERVER_STATE.FAILED,
                   "FAILED")
        self.set_level("servers/-", log_level_pb2.LOG_LEVEL_DEBUG)
        former = self.set_level("servers/web", log_level_pb2.LOG_LEVEL_INFO)
        self.assertEqual(former, log_level_pb2.LOG_LEVEL_DEBUG)
        os.kill(self.server("third").gofer_pid, signal.SIGCONT)

    def set_level(self, name, level):
        return self.api.daemon.SetLogLevel(
            daemon.SetLogLevelRequest(name=name, log_level=level),
            timeout=node.TIMEOUT).previous_log_level

    def test_a_gofer_whose_process_is_not_written_down_is_ended(self):
        self.create_server()
        pid = self.server().gofer_pid
        pid_file = os.path.join(self.goferd.state, "servers", "web", "pid")
        os.kill(pid, signal.SIGSTOP)
        self.goferd.stop(signal.SIGKILL)
        with open(pid_file, "w", encoding="utf-8") as file:
            file.write("what\n")
        self.goferd.start()
        self.await_state(SERVER_STATE.UNREACHABLE)
        self.assertTrue(is_running(pid))
        # Its socket says which process it is.
        delete = servers.DeleteServerRequest(name="servers/web", force=True)
        wait_until(lambda: self.is_deleted(delete), "deletion")
        self.assertFalse(is_running(pid))

    def is_deleted(self, delete):
        try:
            self.api.servers.DeleteServer(delete, timeout=node.TIMEOUT)
            return True
        except grpc.RpcError as error:
            self.assertEqual(node.reason_of(error)[0], "OPERATION_PENDING",
                             error)
            return False

    def test_goferds_end_does_not_wait_for_what_gofers_are_asked(self):
        """The deletion waits for 31 s, which goferd does not."""
        self.create_server()
        pid = self.server().gofer_pid
        # It takes what it is asked, and answers nothing.
        os.kill(pid, signal.SIGSTOP)
        deletion = threading.Thread(target=self.delete_in_vain)
        deletion.start()
        self.await_state(SERVER_STATE.STOPPING)
        begin = time.monotonic()
        process = self.goferd.process
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(timeout=60), 0)
        self.assertLess(time.monotonic() - begin, 25)
        deletion.join()
        self.goferd.start()

    def delete_in_vain(self):
        try:
            self.api.servers.DeleteServer(
                servers.DeleteServerRequest(name="servers/web", force=True),
                timeout=60)
        except grpc.RpcError:
            pass


if __name__ == "__main__":
    unittest.main()
