"""The admin API from outside: an independent client, real gofers."""

import os
import threading
import unittest
import uuid

import grpc
from goferd.admin.v1 import connection_service_pb2 as connections
from goferd.admin.v1 import daemon_service_pb2 as daemon
from goferd.admin.v1 import event_service_pb2 as events
from goferd.admin.v1 import server_pb2
from goferd.admin.v1 import server_service_pb2 as servers
from goferd.admin.v1 import stats_service_pb2 as stats
from google.protobuf import field_mask_pb2

import node
from node import SERVER_STATE, STATE, TIMEOUT, wait_until

NOT_FOUND = grpc.StatusCode.NOT_FOUND
INVALID = grpc.StatusCode.INVALID_ARGUMENT
PRECONDITION = grpc.StatusCode.FAILED_PRECONDITION


class ServerTest(node.NodeTest):

    def test_life_of_a_server(self):
        made = self.create_server(labels={"tenant": "a"})
        self.assertEqual(made.name, "servers/web")
        self.assertEqual(made.state, SERVER_STATE.ACTIVE)
        self.assertEqual(made.origin, SERVER_STATE.CREATED)
        self.assertEqual(made.labels["tenant"], "a")
        self.assertTrue(made.uid and made.etag)
        self.assertGreater(made.gofer_pid, 1)
        self.assertEqual(self.server(), made)
        if os.geteuid() == 0:
            self.assertIn("pivot-root", made.sandbox_steps)
        updated = self.api.servers.UpdateServer(
            servers.UpdateServerRequest(
                server=server_pb2.Server(name=made.name, etag=made.etag,
                                         labels={"tenant": "b"}),
                update_mask=field_mask_pb2.FieldMask(paths=["labels"])),
            timeout=TIMEOUT)
        self.assertEqual(updated.labels["tenant"], "b")
        self.assertNotEqual(updated.etag, made.etag)
        self.assert_fails(
            grpc.StatusCode.ABORTED, "ETAG_MISMATCH",
            self.api.servers.DeleteServer,
            servers.DeleteServerRequest(name=made.name, etag=made.etag))
        self.api.servers.DeleteServer(
            servers.DeleteServerRequest(name=made.name), timeout=TIMEOUT)
        self.assert_fails(NOT_FOUND, "SERVER_NOT_FOUND",
                          self.api.servers.GetServer,
                          servers.GetServerRequest(name=made.name))
        self.assertEqual(os.listdir(self.goferd.state + "/servers"), [])
        self.assertFalse(os.path.exists(f"/proc/{made.gofer_pid}"))

    def test_what_cannot_be_made_leaves_nothing(self):
        for root, code, reason in (
                ("/etc", INVALID, "PATH_NOT_ALLOWED"),
                (self.base + "/none", NOT_FOUND, "PATH_NOT_FOUND"),
                (self.tree + "/hello", PRECONDITION, "ROOT_NOT_DIRECTORY"),
                ("tree", INVALID, "PATH_NOT_ABSOLUTE")):
            self.assert_fails(
                code, reason, self.api.servers.CreateServer,
                servers.CreateServerRequest(
                    server_id="web", server=server_pb2.Server(root=root)))
        self.assertEqual(os.listdir(self.goferd.state + "/servers"), [])
        self.create_server()
        self.assert_fails(
            grpc.StatusCode.ALREADY_EXISTS, "SERVER_ALREADY_EXISTS",
            self.api.servers.CreateServer,
            servers.CreateServerRequest(
                server_id="web", server=server_pb2.Server(root=self.tree)))

    def test_all_violations_at_once(self):
        error = self.assert_fails(
            INVALID, "FIELD_INVALID", self.api.servers.CreateServer,
            servers.CreateServerRequest(
                server_id="Web",
                server=server_pb2.Server(
                    root=self.tree, labels={"k": "v" * 64},
                    limits=server_pb2.ServerLimits(max_fds=-1)),
                request_id="no uuid"))
        fields = node.reason_of(error)[1]
        for field in ("server_id", "server.limits.max_fds", "request_id"):
            self.assertIn(field, fields)

    def test_a_repeated_request_makes_one_server(self):
        request = servers.CreateServerRequest(
            server_id="web", server=server_pb2.Server(root=self.tree),
            request_id=str(uuid.uuid4()))
        first = self.api.servers.CreateServer(request, timeout=TIMEOUT)
        again = self.api.servers.CreateServer(request, timeout=TIMEOUT)
        self.assertEqual(first, again)
        request.server_id = "other"
        self.assert_fails(INVALID, "REQUEST_ID_REUSED",
                          self.api.servers.CreateServer, request)

    def test_what_the_gofer_refuses_is_no_fault(self):
        self.assert_fails(
            INVALID, "FIELD_INVALID", self.api.servers.CreateServer,
            servers.CreateServerRequest(
                server_id="web", server=server_pb2.Server(
                    root=self.tree,
                    limits=server_pb2.ServerLimits(max_fds=63))))
        made = self.create_server(limits=server_pb2.ServerLimits(max_fds=64))
        self.assertEqual(made.limits.max_fds, 64)

    def test_defaults_are_read_back_complete(self):
        options = self.create_server().default_connection_options
        left_open = {"character_devices", "max_fds"}
        for field in options.DESCRIPTOR.fields:
            if field.name in left_open:
                continue
            value = getattr(options, field.name)
            is_set = options.HasField(field.name) if field.name == "readonly" else value
            self.assertTrue(is_set, field.name)

    def test_requests_of_a_connection_that_is_not_there(self):
        self.create_server()
        self.assert_fails(
            NOT_FOUND, "CONNECTION_NOT_FOUND", self.api.daemon.ListInflightRpcs,
            daemon.ListInflightRpcsRequest(parent="servers/web/connections/none"))

    def test_lists_in_pages(self):
        for i in range(5):
            self.create_server(f"s{i}", labels={"odd": str(i % 2)})
        names, token = [], ""
        while True:
            page = self.api.servers.ListServers(
                servers.ListServersRequest(page_size=2, page_token=token),
                timeout=TIMEOUT)
            self.assertLessEqual(len(page.servers), 2)
            names += [s.name for s in page.servers]
            token = page.next_page_token
            if not token:
                break
        self.assertEqual(names, [f"servers/s{i}" for i in range(5)])
        odd = self.api.servers.ListServers(
            servers.ListServersRequest(filter='labels.odd = "1"'), timeout=TIMEOUT)
        self.assertEqual([s.name for s in odd.servers],
                         ["servers/s1", "servers/s3"])

    def test_ttl_drains_then_deletes(self):
        made = self.create_server()
        load = self.mounted_load()
        self.api.servers.UpdateServer(
            servers.UpdateServerRequest(
                server=server_pb2.Server(name=made.name, ttl={"seconds": 1}),
                update_mask=field_mask_pb2.FieldMask(paths=["ttl"])),
            timeout=TIMEOUT)
        wait_until(lambda: self.server().state == SERVER_STATE.DRAINING, "drain")
        wait_until(lambda: self.server().holders, "holders")
        self.assertEqual(self.server().holders[0].connection,
                         "servers/web/connections/c1")
        self.assertEqual(load.finish()[1], 0)
        end = self.api.servers.WaitServer(
            servers.WaitServerRequest(
                name=made.name, until=servers.WaitServerRequest.SERVER_ENDED),
            timeout=TIMEOUT)
        self.assertEqual(end.state, SERVER_STATE.STOPPED)

    def test_info(self):
        info = self.api.daemon.GetInfo(daemon.GetInfoRequest(), timeout=TIMEOUT)
        self.assertTrue(info.version and info.node and info.instance_uid)
        self.assertEqual(list(info.allowed_roots), [self.base])
        self.assertEqual(len(info.supported_mids), 33)


class ConnectionTest(node.NodeTest):

    def test_life_of_a_connection(self):
        self.create_server()
        started = self.start_connection()
        self.assertEqual(started.connection.state, STATE.PENDING_ATTACH)
        self.assertEqual(len(started.ticket.ticket), 16)
        self.assertEqual(self.count(), 0)
        [fd] = self.take(started)
        load = self.load(fd)
        load.wait_for_mount()
        self.assertEqual(self.count(), 1)
        self.assertEqual(self.count("servers/web"), 1)
        # The client knows a moment before goferd.
        wait_until(lambda: self.connection().state == STATE.MOUNTED, "MOUNTED")
        there = self.connection()
        self.assertEqual(there.attached_peer.pid, os.getpid())
        self.assertEqual(there.attached_peer.uid, os.geteuid())
        ops, failures, _ = load.finish()
        self.assertGreater(ops, 0)
        self.assertEqual(failures, 0)
        wait_until(lambda: self.connection().state == STATE.CLOSED, "its end")
        self.assertEqual(self.connection().end_reason, STATE.CLIENT_EOF)
        self.assertEqual(self.count(), 0)
        counted = self.api.stats.GetStats(
            stats.GetStatsRequest(name="servers/web"), timeout=TIMEOUT)
        calls = {m.mid: m.call_count for m in counted.messages}
        self.assertEqual(calls[1], 1)  # Mount
        self.assertGreaterEqual(calls[3], ops // 4)  # FStat

    def test_stopping_the_root_mount_must_be_meant(self):
        self.create_server()
        self.mounted_load()
        stop = connections.StopConnectionRequest(
            name="servers/web/connections/c1", reason="for the test")
        self.assert_fails(PRECONDITION, "SANDBOX_KILL_NOT_ACKNOWLEDGED",
                          self.api.connections.StopConnection, stop)
        stop.acknowledge_sandbox_kill = True
        self.api.connections.StopConnection(stop, timeout=TIMEOUT)
        wait_until(lambda: self.connection().state == STATE.CLOSED, "its end")
        self.assertEqual(self.connection().end_reason, STATE.ADMIN_STOP)
        self.assertEqual(self.connection().end_detail, "for the test")

    def test_a_server_with_connections_is_not_deleted(self):
        self.create_server()
        load = self.mounted_load()
        delete = servers.DeleteServerRequest(name="servers/web")
        self.assert_fails(PRECONDITION, "SERVER_NOT_EMPTY",
                          self.api.servers.DeleteServer, delete)
        delete.force = True
        self.api.servers.DeleteServer(delete, timeout=TIMEOUT)
        self.assertGreater(load.finish()[1], 0)

    def test_a_draining_server_takes_no_connections(self):
        self.create_server()
        pending = self.start_connection("pending")
        self.mounted_load("live")
        self.api.servers.DrainServer(
            servers.DrainServerRequest(name="servers/web"), timeout=TIMEOUT)
        self.assert_fails(
            PRECONDITION, "SERVER_DRAINING",
            self.api.connections.StartConnection,
            connections.StartConnectionRequest(
                parent="servers/web", connection_id="late", mount_path="/"))
        fds, status, reason, _ = node.exchange(
            pending.ticket.attach_socket_path,
            node.request(1, [pending.ticket.ticket]))
        self.assertEqual((fds, status, reason), ([], *node.TICKET_INVALID))
        self.assertEqual(self.count(), 1)
        self.api.servers.UndrainServer(
            servers.UndrainServerRequest(name="servers/web"), timeout=TIMEOUT)
        self.start_connection("late")

    def test_limits(self):
        self.create_server(limits=server_pb2.ServerLimits(max_connections=2))
        self.start_connection("c1")
        self.start_connection("c2")
        self.assert_fails(
            grpc.StatusCode.RESOURCE_EXHAUSTED, "CONNECTION_LIMIT",
            self.api.connections.StartConnection,
            connections.StartConnectionRequest(
                parent="servers/web", connection_id="c3", mount_path="/"))
        self.assert_fails(
            NOT_FOUND, "SERVER_NOT_FOUND", self.api.connections.StartConnection,
            connections.StartConnectionRequest(
                parent="servers/none", connection_id="c3", mount_path="/"))

    def test_mount_paths(self):
        os.mkdir(self.tree + "/volume")
        self.create_server()
        self.start_connection("good", mount_path="/volume")
        for path, code, reason in (
                ("/none", NOT_FOUND, "PATH_NOT_FOUND"),
                ("/hello/x", PRECONDITION, "ROOT_NOT_DIRECTORY"),
                ("volume", INVALID, "PATH_NOT_ABSOLUTE")):
            self.assert_fails(
                code, reason, self.api.connections.StartConnection,
                connections.StartConnectionRequest(
                    parent="servers/web", connection_id="bad", mount_path=path))

    def test_a_batch_is_all_or_none(self):
        self.create_server()
        batch = connections.BatchStartConnectionsRequest(parent="servers/web")
        for i in range(3):
            batch.requests.add(connection_id=f"b{i}", mount_path="/")
        batch.requests[2].mount_path = "/none"
        self.assert_fails(NOT_FOUND, "PATH_NOT_FOUND",
                          self.api.connections.BatchStartConnections, batch)
        listed = self.api.connections.ListConnections(
            connections.ListConnectionsRequest(parent="servers/web"),
            timeout=TIMEOUT)
        self.assertEqual(len(listed.connections), 0)
        batch.requests[2].mount_path = "/"
        made = self.api.connections.BatchStartConnections(batch, timeout=TIMEOUT)
        fds = self.take(*made.responses)
        for fd in fds:
            self.assertEqual(self.load(fd, "once").process.wait(timeout=20), 0)


class EventTest(node.NodeTest):

    def test_a_fresh_daemon_can_be_watched_from_its_list(self):
        empty = self.api.servers.ListServers(
            servers.ListServersRequest(), timeout=TIMEOUT)
        self.create_server()
        stream = self.api.events.WatchEvents(
            events.WatchEventsRequest(start_revision=empty.revision), timeout=60)
        self.assertEqual(next(stream).events[0].server.name, "servers/web")
        stream.cancel()

    def test_every_change_is_told_in_order(self):
        stream = self.api.events.WatchEvents(
            events.WatchEventsRequest(include_initial_state=True), timeout=60)
        seen = []
        done = threading.Event()

        def read():
            try:
                for response in stream:
                    seen.extend(response.events)
                    if any(e.server.name and e.type == events.Event.DELETED
                           for e in response.events):
                        done.set()
            except grpc.RpcError:
                pass

        reader = threading.Thread(target=read)
        reader.start()
        wait_until(lambda: seen, "the bookmark")
        self.create_server()
        self.mounted_load().finish()
        wait_until(lambda: self.connection().state == STATE.CLOSED, "its end")
        self.api.servers.DeleteServer(
            servers.DeleteServerRequest(name="servers/web"), timeout=TIMEOUT)
        self.assertTrue(done.wait(20))
        stream.cancel()
        reader.join()
        states = [e.connection.state for e in seen if e.connection.name]
        self.assertEqual(states[:4], [STATE.PENDING_ATTACH, STATE.ATTACHED,
                                      STATE.MOUNTED, STATE.CLOSED])
        revisions = [e.revision for e in seen if e.type != events.Event.BOOKMARK]
        self.assertEqual(revisions, sorted(set(revisions)))
        middle = next(e for e in seen if e.connection.state == STATE.ATTACHED)
        resumed = self.api.events.WatchEvents(
            events.WatchEventsRequest(resume_token=middle.resume_token),
            timeout=60)
        self.assertEqual(next(resumed).events[0].revision, middle.revision + 1)
        resumed.cancel()

    def test_a_token_of_another_run_is_compacted(self):
        self.create_server()
        stream = self.api.events.WatchEvents(
            events.WatchEventsRequest(start_revision=1), timeout=60)
        token = next(stream).events[0].resume_token
        stream.cancel()
        self.goferd.stop()
        self.goferd.start()
        late = self.api.events.WatchEvents(
            events.WatchEventsRequest(resume_token=token), timeout=60)
        with self.assertRaises(grpc.RpcError) as caught:
            next(late)
        self.assertEqual(caught.exception.code(), grpc.StatusCode.OUT_OF_RANGE)
        self.assertEqual(node.reason_of(caught.exception)[0], "COMPACTED")


class GoferctlTest(node.NodeTest):

    def ctl(self, *words, code=0):
        done = node.goferctl(self.goferd.target, *words)
        self.assertEqual(done.returncode, code, done.stderr + done.stdout)
        return done

    def test_a_session_by_hand(self):
        self.ctl("server", "create", "web", f"--root={self.tree}")
        listed = self.ctl("server", "list")
        self.assertIn("web", listed.stdout)
        self.assertIn("active", listed.stdout)
        as_json = node.read_json(self.ctl("server", "list", "-o", "json").stdout)
        self.assertIn("servers/web", str(as_json))
        self.assertIn("hello", self.ctl("fs", "ls", "web", "/").stdout)
        self.assertEqual(self.ctl("fs", "cat", "web", "/hello").stdout,
                         "hello from the tree")
        self.ctl("connect", "web", "--mount=/", "--", os.environ["LISAFS_LOAD"],
                 "{fd}", "once")
        # goferd learns of the clients' ends a moment after them.
        wait_until(lambda: self.count("servers/web") == 0, "their ends")
        [counted] = node.read_json(
            self.ctl("connection", "count", "web", "-o", "json").stdout)
        self.assertEqual(int(counted.get("totalCount", 0)), 0)
        self.ctl("server", "delete", "web")

    def test_errors_say_what_to_do(self):
        done = self.ctl("server", "get", "none", code=5)
        self.assertIn("none", done.stderr)
        self.assertEqual(done.stdout, "")


if __name__ == "__main__":
    unittest.main()
