"""What was asked for, and who is who, outlives goferd; what is damaged on its
disk has a name and a repair."""

import os
import shutil
import signal
import threading
import unittest
import uuid

import grpc
from goferd.admin.v1 import condition_pb2
from goferd.admin.v1 import connection_service_pb2 as connections
from goferd.admin.v1 import error_reason_pb2
from goferd.admin.v1 import event_service_pb2 as events
from goferd.admin.v1 import handler_rule_pb2
from goferd.admin.v1 import handler_service_pb2 as handlers
from goferd.admin.v1 import server_pb2
from goferd.admin.v1 import server_service_pb2 as servers

import node
from node import SERVER_STATE, STATE, is_running, wait_until

Code = grpc.StatusCode
FAILURE = server_pb2.ServerFailure


class IntentTest(node.NodeTest):
    CONFIG = "servers { control_timeout { seconds: 2 } }\n"

    def restart(self, how=signal.SIGKILL):
        self.goferd.stop(how)
        self.goferd.start()

    def retried(self, call, request):
        """The answer, when what stood in its way for a moment is over."""
        def attempt():
            try:
                return call(request, timeout=node.TIMEOUT)
            except grpc.RpcError as error:
                if error.code() in (Code.ABORTED, Code.UNAVAILABLE):
                    return None
                raise
        return wait_until(attempt, "an answer")

    def drain(self):
        return self.retried(self.api.servers.DrainServer,
                            servers.DrainServerRequest(name="servers/web"))

    def update_labels(self, **labels):
        return self.retried(
            self.api.servers.UpdateServer,
            servers.UpdateServerRequest(
                server=server_pb2.Server(name="servers/web", labels=labels),
                update_mask={"paths": ["labels"]}))

    def reset_all(self):
        return self.retried(
            self.api.handlers.ResetHandlers,
            handlers.ResetHandlersRequest(
                parent="servers/web", scope=handlers.ResetHandlersRequest.ALL))

    def make_policy(self):
        return self.api.handlers.CreateHandlerRule(
            handlers.CreateHandlerRuleRequest(
                parent="servers/web", handler_rule_id="policy",
                handler_rule=handler_rule_pb2.HandlerRule(
                    deny={}, permanent=True)), timeout=node.TIMEOUT)

    def rules(self):
        return [r.name for r in self.api.handlers.ListHandlerRules(
            handlers.ListHandlerRulesRequest(parent="servers/web"),
            timeout=node.TIMEOUT).handler_rules]

    def delete(self, server_id="web", force=True):
        self.retried(
            self.api.servers.DeleteServer,
            servers.DeleteServerRequest(name=f"servers/{server_id}",
                                        force=force))

    def assert_gone(self, server_id="web"):
        self.assert_fails(Code.NOT_FOUND, "SERVER_NOT_FOUND",
                          self.api.servers.GetServer,
                          servers.GetServerRequest(name=f"servers/{server_id}"))
        self.assertNotIn(server_id,
                         os.listdir(os.path.join(self.goferd.state, "servers")))

    def file(self, name, server_id="web"):
        return os.path.join(self.goferd.state, "servers", server_id, name)

    # Identity.

    def test_a_repeated_start_is_answered_after_a_restart(self):
        self.create_server()
        request_id = str(uuid.uuid4())
        first = self.start_connection(request_id=request_id,
                                      labels={"a": "b"})
        self.restart()
        again = self.start_connection(request_id=request_id,
                                      labels={"a": "b"})
        self.assertEqual(again.connection.uid, first.connection.uid)
        self.assertNotEqual(again.ticket.ticket, first.ticket.ticket)
        self.assert_fails(
            Code.INVALID_ARGUMENT, "REQUEST_ID_REUSED",
            self.api.connections.StartConnection,
            connections.StartConnectionRequest(
                parent="servers/web", connection_id="c1", mount_path="/",
                request_id=request_id, labels={"a": "other"}))
        # Once more, now that the ticket is another.
        self.restart()
        [fd] = self.take(self.start_connection(request_id=request_id,
                                               labels={"a": "b"}))
        self.load(fd).wait_for_mount()
        # And of one that is attached.
        self.restart()
        attached = self.start_connection(request_id=request_id,
                                         labels={"a": "b"})
        self.assertEqual(attached.connection.uid, first.connection.uid)
        self.assertFalse(attached.ticket.ticket)
        self.assertEqual(self.count(), 1)

    def test_a_repeated_batch_is_answered_after_a_restart(self):
        self.create_server()
        request = connections.BatchStartConnectionsRequest(
            parent="servers/web", request_id=str(uuid.uuid4()),
            requests=[connections.StartConnectionRequest(
                connection_id=f"c{i}", mount_path="/") for i in range(3)])
        def start():
            return self.api.connections.BatchStartConnections(
                request, timeout=node.TIMEOUT)
        first = start()
        self.restart()
        again = start()
        self.assertEqual([r.connection.uid for r in again.responses],
                         [r.connection.uid for r in first.responses])
        self.assertEqual(len(self.take(*again.responses)), 3)

    def test_a_repeated_create_is_answered_after_a_restart(self):
        request = servers.CreateServerRequest(
            server_id="web", server=server_pb2.Server(root=self.tree),
            request_id=str(uuid.uuid4()))
        create = self.api.servers.CreateServer
        first = create(request, timeout=node.TIMEOUT)
        # A change of the server writes its file anew.
        self.update_labels(a="b")
        self.restart()
        again = self.api.servers.CreateServer(request, timeout=node.TIMEOUT)
        self.assertEqual(again.uid, first.uid)
        request.server.labels["x"] = "y"
        self.assert_fails(Code.INVALID_ARGUMENT, "REQUEST_ID_REUSED",
                          self.api.servers.CreateServer, request)
        self.assert_fails(
            Code.ALREADY_EXISTS, "SERVER_ALREADY_EXISTS",
            self.api.servers.CreateServer,
            servers.CreateServerRequest(
                server_id="web", server=server_pb2.Server(root=self.tree),
                request_id=str(uuid.uuid4())))

    # Positions.

    def test_revisions_of_another_run_are_compacted(self):
        self.create_server()
        before = self.api.servers.ListServers(
            servers.ListServersRequest(), timeout=node.TIMEOUT).revision
        self.restart()
        now = self.api.servers.ListServers(
            servers.ListServersRequest(), timeout=node.TIMEOUT).revision
        self.assertGreater(now, before)
        for revision in (2, 8, before, before + 1):
            watch = self.api.events.WatchEvents(events.WatchEventsRequest(
                parent="servers/-", start_revision=revision),
                timeout=node.TIMEOUT)
            with self.assertRaises(grpc.RpcError) as caught:
                next(watch)
            self.assertEqual(node.reason_of(caught.exception)[0], "COMPACTED",
                             revision)

    def test_revisions_grow_when_the_clock_has_gone_back(self):
        path = os.path.join(self.goferd.state, "revisions")
        later = 1 << 52
        with open(path, "w", encoding="utf-8") as file:
            file.write(str(later))
        self.restart()
        self.assertGreater(self.api.servers.ListServers(
            servers.ListServersRequest(), timeout=node.TIMEOUT).revision, later)

    # Ends.

    def test_a_deletion_that_goferds_death_interrupts_is_finished(self):
        self.create_server()
        self.mounted_load()
        pid = self.server().gofer_pid
        os.kill(pid, signal.SIGSTOP)
        def delete(api):
            # Its goferd dies meanwhile.
            with self.assertRaises(grpc.RpcError):
                api.servers.DeleteServer(
                    servers.DeleteServerRequest(name="servers/web", force=True),
                    timeout=node.TIMEOUT)
        thread = threading.Thread(target=delete, args=(self.api,))
        thread.start()
        wait_until(lambda: os.path.exists(self.file("deleted")), "a tombstone")
        self.assertEqual(self.server().state, SERVER_STATE.STOPPING)
        self.goferd.process.kill()
        thread.join()
        os.kill(pid, signal.SIGCONT)
        self.restart()
        wait_until(lambda: not is_running(pid), "the gofer's end")
        wait_until(lambda: not os.path.exists(self.file("")), "its removal")
        self.assert_gone()
        self.restart()
        self.assert_gone()
        # Nothing of it sticks to the next one of its id.
        self.create_server()
        self.restart()
        self.assertEqual(self.server().state, SERVER_STATE.ACTIVE)

    def test_why_a_gofer_died_is_known_after_a_restart(self):
        self.create_server(restart_policy="NEVER")
        self.mounted_load()
        os.kill(self.server().gofer_pid, signal.SIGABRT)
        before = wait_until(
            lambda: self.server().state == SERVER_STATE.FAILED and self.server(),
            "FAILED")
        self.assertEqual(before.failure.signal_number, signal.SIGABRT)
        ended = self.connection()
        self.assertEqual(ended.end_reason, STATE.GOFER_CRASHED)
        for _ in range(2):
            self.restart()
            server = self.server()
            self.assertEqual(server.state, SERVER_STATE.FAILED)
            self.assertEqual(server.failure, before.failure)
            self.assertEqual(server.last_failure, before.failure)
            connection = self.connection()
            for field in ("uid", "state", "end_reason", "end_detail",
                          "end_time", "mount_path", "attached_peer"):
                self.assertEqual(getattr(connection, field),
                                 getattr(ended, field), field)

    def test_the_last_failure_stays_when_a_new_gofer_serves(self):
        self.create_server()
        self.assertFalse(self.server().HasField("last_failure"))
        pid = self.server().gofer_pid
        os.kill(pid, signal.SIGKILL)
        def serves():
            server = self.server()
            return server.state == SERVER_STATE.ACTIVE and (
                server.gofer_pid != pid) and server
        server = wait_until(serves, "another gofer")
        self.assertFalse(server.HasField("failure"))
        self.assertEqual(server.last_failure.signal_number, signal.SIGKILL)
        self.restart()
        self.assertEqual(self.server().last_failure, server.last_failure)
        self.assertEqual(self.server().restart_count, 1)

    def test_a_signal_means_the_same_after_a_restart(self):
        self.create_server()
        self.restart()
        pid = self.server().gofer_pid
        os.kill(pid, signal.SIGTERM)
        wait_until(lambda: self.server().state == SERVER_STATE.STOPPED,
                   "STOPPED")
        self.restart()
        self.assertEqual(self.server().state, SERVER_STATE.STOPPED)

    # Desired state.

    def make_unreachable(self):
        pid = self.server().gofer_pid
        os.kill(pid, signal.SIGSTOP)
        with self.assertRaises(grpc.RpcError):
            self.start_connection("probe")
        wait_until(lambda: self.server().state == SERVER_STATE.UNREACHABLE,
                   "UNREACHABLE")
        return pid

    def test_what_is_asked_of_an_unreachable_server_is_done_later(self):
        self.create_server()
        pid = self.make_unreachable()
        try:
            drained = self.drain()
            self.assertEqual(drained.state, SERVER_STATE.UNREACHABLE)
            self.assertTrue(drained.draining)
            self.assertEqual(self.update_labels(a="b").labels["a"], "b")
        finally:
            os.kill(pid, signal.SIGCONT)
        wait_until(lambda: self.server().state == SERVER_STATE.DRAINING,
                   "DRAINING")
        self.assertEqual(self.server().labels["a"], "b")
        self.assert_fails(
            Code.FAILED_PRECONDITION, "SERVER_DRAINING",
            self.api.connections.StartConnection,
            connections.StartConnectionRequest(
                parent="servers/web", connection_id="c1", mount_path="/"))

    def test_what_was_asked_meanwhile_outlives_goferd(self):
        self.create_server()
        pid = self.make_unreachable()
        try:
            self.drain()
            self.update_labels(a="b")
            self.goferd.stop(signal.SIGKILL)
        finally:
            os.kill(pid, signal.SIGCONT)
        self.goferd.start()
        wait_until(lambda: self.server().state == SERVER_STATE.DRAINING,
                   "DRAINING")
        self.assertEqual(self.server().labels["a"], "b")
        # It has been told now, and what it is told next counts.
        self.retried(self.api.servers.UndrainServer,
                     servers.UndrainServerRequest(name="servers/web"))
        self.restart()
        self.assertEqual(self.server().state, SERVER_STATE.ACTIVE)
        self.assertFalse(self.server().draining)

    def test_a_failed_server_takes_what_is_desired(self):
        self.create_server(restart_policy="NEVER")
        self.make_policy()
        os.kill(self.server().gofer_pid, signal.SIGKILL)
        wait_until(lambda: self.server().state == SERVER_STATE.FAILED, "FAILED")
        self.assertTrue(self.drain().draining)
        self.update_labels(a="b")
        self.retried(self.api.handlers.DeleteHandlerRule,
                     handlers.DeleteHandlerRuleRequest(
                         name="servers/web/handlerRules/policy"))
        self.restart()
        server = self.server()
        self.assertEqual(server.state, SERVER_STATE.FAILED)
        self.assertTrue(server.draining)
        self.assertEqual(server.labels["a"], "b")
        self.assertEqual(self.rules(), [])

    # Damage.

    def damages(self, path):
        """Every way to damage a file, by name."""
        def empty():
            with open(path, "wb"):
                pass
        def cut():
            size = os.path.getsize(path) if os.path.exists(path) else 0
            with open(path, "ab") as file:
                file.truncate(size * 2 // 3)
        def garbage():
            with open(path, "wb") as file:
                file.write(b"\xff" * 100)
        def directory():
            if os.path.lexists(path):
                os.unlink(path)
            os.makedirs(os.path.join(path, "in", "it"))
        def link():
            if os.path.lexists(path):
                os.unlink(path)
            os.symlink("/etc/passwd", path)
        def fifo():
            if os.path.lexists(path):
                os.unlink(path)
            os.mkfifo(path)
        def gone():
            if os.path.lexists(path):
                os.unlink(path)
        kinds = [empty, cut, garbage, directory, link, fifo, gone]
        if os.geteuid() == 0:
            def owner():
                if not os.path.exists(path):
                    empty()
                os.chown(path, 65534, 65534)
            kinds.append(owner)
        return kinds

    FILES = ("bootstrap.pb", "overrides.pb", "pid", "death.pb")

    def each_damage(self, prepare, check):
        """Makes a server, damages one of its files in one way, and starts
        goferd. Afterwards a forced deletion works, whatever it was."""
        for name in self.FILES:
            for number in range(len(self.damages(""))):
                self.create_server()
                self.make_policy()
                pid = self.server().gofer_pid
                self.goferd.stop(signal.SIGKILL)
                prepare(pid)
                kind = self.damages(self.file(name))[number]
                kind()
                self.goferd.start()
                with self.subTest(file=name, damage=kind.__name__):
                    check(name, kind.__name__, pid)
                if os.path.lexists(self.file("")):
                    self.delete()
                self.assert_gone()
                wait_until(lambda: not is_running(pid), "the gofer's end")

    def test_damage_takes_nothing_from_a_gofer_that_lives(self):
        def check(name, kind, pid):
            server = wait_until(
                lambda: self.server().state == SERVER_STATE.ACTIVE and
                self.server(), f"{name}, {kind}: ACTIVE")
            self.assertEqual(server.gofer_pid, pid)
            self.assertGreater(server.limits.max_connections, 0)
            self.assertEqual(self.rules(), ["servers/web/handlerRules/policy"])
            damaged = [c.message for c in server.conditions
                       if c.type == condition_pb2.Condition.STATE_DAMAGED]
            if name == "bootstrap.pb":
                self.assertIn("bootstrap.pb", damaged[0])
                self.assertIn("server delete --force web", damaged[0])
            else:
                self.assertEqual(damaged, [])
            self.assertTrue(self.start_connection().ticket.ticket)
        self.each_damage(lambda pid: None, check)

    def test_damage_is_named_when_the_gofer_is_dead(self):
        def check(name, kind, _):
            if name == "bootstrap.pb" and kind == "gone":
                # It never got ready, as far as can be seen.
                self.assert_gone()
                return
            if name == "bootstrap.pb":
                server = self.server()
                self.assertEqual(server.state, SERVER_STATE.FAILED)
                self.assertEqual(server.failure.reason, FAILURE.STATE_DAMAGED)
                self.assertIn("bootstrap.pb", server.failure.message)
                self.assertIn("server delete --force web",
                              server.failure.message)
                return
            if name == "overrides.pb" and kind != "gone":
                server = self.server()
                self.assertEqual(server.state, SERVER_STATE.FAILED)
                self.assertEqual(server.failure.reason, FAILURE.STATE_DAMAGED)
                self.assertIn("overrides.pb", server.failure.message)
                self.assertIn("handler reset web", server.failure.message)
                self.reset_all()
                wait_until(lambda: self.server().state == SERVER_STATE.ACTIVE,
                           f"{name}, {kind}: repaired")
                self.assertEqual(self.rules(), [])
                return
            wait_until(lambda: self.server().state == SERVER_STATE.ACTIVE,
                       f"{name}, {kind}: ACTIVE")
        self.each_damage(lambda pid: os.kill(pid, signal.SIGKILL), check)

    def test_a_file_that_is_put_back_is_read_again(self):
        self.create_server()
        self.make_policy()
        with open(self.file("overrides.pb"), "rb") as file:
            good = file.read()
        pid = self.server().gofer_pid
        self.goferd.stop(signal.SIGKILL)
        os.kill(pid, signal.SIGKILL)
        with open(self.file("overrides.pb"), "wb") as file:
            file.write(good[:-1])
        self.goferd.start()
        self.assertEqual(self.server().failure.reason, FAILURE.STATE_DAMAGED)
        with open(self.file("overrides.pb"), "wb") as file:
            file.write(good)
        wait_until(lambda: self.server().state == SERVER_STATE.ACTIVE, "ACTIVE")
        self.assertEqual(self.rules(), ["servers/web/handlerRules/policy"])

    def test_strays_among_the_servers_are_named_and_can_be_removed(self):
        top = os.path.join(self.goferd.state, "servers")
        self.goferd.stop(signal.SIGKILL)
        with open(os.path.join(top, "file"), "w", encoding="utf-8") as file:
            file.write("what is this")
        os.symlink("/etc", os.path.join(top, "link"))
        os.mkfifo(os.path.join(top, "fifo"))
        strays = ["file", "link", "fifo"]
        if os.geteuid() == 0:
            self.goferd.start()
            pid = self.create_server("other").gofer_pid
            self.goferd.stop(signal.SIGKILL)
            os.kill(pid, signal.SIGKILL)
            os.chown(os.path.join(top, "other"), 65534, 65534)
            strays.append("other")
        self.goferd.start()
        for stray in strays:
            with self.subTest(stray=stray):
                server = self.server(stray)
                self.assertEqual(server.state, SERVER_STATE.FAILED)
                self.assertEqual(server.failure.reason, FAILURE.STATE_DAMAGED)
                self.assertIn(f"servers/{stray} ", server.failure.message)
                result = node.goferctl(self.goferd.target, "server", "delete",
                                       "--force", stray)
                self.assertEqual(result.returncode, 0, result.stderr)
                self.assert_gone(stray)
        self.assertTrue(os.path.exists("/etc/passwd"))
        self.restart()
        self.assertEqual(len(self.api.servers.ListServers(
            servers.ListServersRequest(), timeout=node.TIMEOUT).servers), 0)

    def tearDown(self):
        # A gofer whose pid file a test has damaged is found by its parent's
        # socket only.
        super().tearDown()
        shutil.rmtree(self.base, ignore_errors=True)


if __name__ == "__main__":
    unittest.main()
