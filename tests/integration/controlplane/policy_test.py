"""States that do not last are told as such, and a default is no policy."""

import contextlib
import os
import signal
import socket
import unittest

import grpc
from goferd.admin.v1 import connection_options_pb2
from goferd.admin.v1 import daemon_service_pb2 as daemon
from goferd.admin.v1 import event_service_pb2 as events
from goferd.admin.v1 import handler_service_pb2 as handlers
from goferd.admin.v1 import mid_pb2
from goferd.admin.v1 import server_pb2
from goferd.admin.v1 import server_service_pb2 as servers
from google.protobuf import field_mask_pb2

import node
from certificates import Authority
from node import SERVER_STATE, TIMEOUT, wait_until

CODE = grpc.StatusCode
Options = connection_options_pb2.ConnectionOptions


class TransientStateTest(node.NodeTest):

    def test_a_gofer_that_will_start_again_is_unavailable_until_then(self):
        self.create_server()
        # Further starts fail, after pauses that grow.
        os.rename(self.tree, self.tree + ".away")
        os.kill(self.server().gofer_pid, signal.SIGKILL)
        wait_until(lambda: self.server().failure.reason ==
                   server_pb2.ServerFailure.START_FAILED, "a failed start")
        error = self.assert_fails(CODE.UNAVAILABLE, "STARTING",
                                  self.start_connection_now)
        self.assertGreater(node.retry_of(error), 0)
        os.rename(self.tree + ".away", self.tree)
        wait_until(lambda: self.server().state == SERVER_STATE.ACTIVE, "ACTIVE")
        self.start_connection()

    def start_connection_now(self, **_):
        return self.start_connection("too-early")

    def test_a_gofer_that_stays_dead_is_not(self):
        self.create_server(restart_policy=server_pb2.Server.NEVER)
        os.kill(self.server().gofer_pid, signal.SIGKILL)
        wait_until(lambda: self.server().state == SERVER_STATE.FAILED, "FAILED")
        self.assert_fails(CODE.FAILED_PRECONDITION, "SERVER_STOPPED",
                          self.start_connection_now)


class MaximaTest(node.NodeTest):

    MAXIMA = Options(readonly=True, donate_host_fds=Options.NO_FDS,
                     host_uds=Options.NONE, max_fds=100)

    def assert_limited(self):
        """Neither defaults nor what is asked for go beyond the maxima."""
        with self.assertRaises(grpc.RpcError) as caught:
            self.start_connection("wants", options=Options(
                readonly=False, donate_host_fds=Options.FILES_AND_MOUNT_POINT,
                host_uds=Options.ALL, max_fds=1048576))
        self.assertEqual(
            node.reason_of(caught.exception),
            ("FIELD_INVALID",
             ["options.readonly", "options.donate_host_fds",
              "options.host_uds", "options.max_fds"]))

    def test_no_connection_exceeds_them(self):
        self.create_server(max_connection_options=self.MAXIMA)
        options = self.start_connection().connection.options
        self.assertTrue(options.readonly)
        self.assertEqual(options.donate_host_fds, Options.NO_FDS)
        self.assertEqual(options.max_fds, 100)
        self.assert_limited()
        # They outlive goferd.
        self.goferd.stop(signal.SIGKILL)
        self.goferd.start()
        wait_until(lambda: self.server().state == SERVER_STATE.ACTIVE, "ACTIVE")
        self.assertEqual(self.server().max_connection_options, self.MAXIMA)
        self.assert_limited()

    def test_they_may_be_changed(self):
        self.create_server()
        self.start_connection("free", options=Options(host_uds=Options.ALL))
        self.api.servers.UpdateServer(
            servers.UpdateServerRequest(
                server=server_pb2.Server(name="servers/web",
                                         max_connection_options=self.MAXIMA),
                update_mask=field_mask_pb2.FieldMask(
                    paths=["max_connection_options"])), timeout=TIMEOUT)
        self.assert_limited()


class LinkTest(node.NodeTest):

    def setUp(self):
        super().setUp()
        self.secret = os.path.join(self.base, "tenant-b", "secret")
        os.makedirs(self.secret)
        os.mkdir(os.path.join(self.base, "tenant-a"))
        self.link = os.path.join(self.base, "tenant-a", "data")
        os.symlink("../tenant-b/secret", self.link)

    def test_a_link_below_an_allowed_root_is_refused(self):
        with self.assertRaises(grpc.RpcError) as caught:
            self.create_server(root=self.link)
        self.assertEqual(node.reason_of(caught.exception)[0], "PATH_NOT_ALLOWED")
        self.assertIn(self.secret, caught.exception.details())

    def test_a_link_may_be_followed_and_is_shown(self):
        server = self.create_server(root=self.link, follow_symbolic_links=True)
        self.assertEqual(server.root, self.link)
        self.assertEqual(server.resolved_path, self.secret)
        done = node.goferctl(self.goferd.target, "server", "get", "web")
        self.assertIn(self.secret, done.stdout)


class RevokedRoleTest(node.NodeTest):

    def setUp(self):
        super().setUp()
        self.goferd.stop()
        self.roles = os.path.join(self.base, "roles")
        self.write_roles(os.geteuid())
        with open(self.goferd.config, "a", encoding="utf-8") as file:
            file.write(f'roles_file: "{self.roles}"\n')
        self.goferd.start()

    def write_roles(self, uid):
        with open(self.roles + ".new", "w", encoding="utf-8") as file:
            file.write(f"bindings {{ role: ROLE_ADMIN uid: {uid} }}\n")
        os.rename(self.roles + ".new", self.roles)

    def test_open_streams_end(self):
        self.create_server()
        watch = self.api.events.WatchEvents(
            events.WatchEventsRequest(include_initial_state=True), timeout=60)
        next(watch)
        wait = self.api.servers.WaitServer.future(
            servers.WaitServerRequest(
                name="servers/web",
                until=servers.WaitServerRequest.SERVER_ENDED), timeout=60)
        self.write_roles(os.geteuid() + 1)
        with self.assertRaises(grpc.RpcError) as caught:
            for _ in watch:
                pass
        for error in (caught.exception, wait.exception()):
            self.assertEqual(error.code(), CODE.UNAUTHENTICATED, error)
            self.assertEqual(node.reason_of(error)[0], "ROLE_REQUIRED")


class FilterTest(node.NodeTest):

    def watch(self, text):
        stream = self.api.events.WatchEvents(
            events.WatchEventsRequest(filter=text, include_initial_state=True),
            timeout=TIMEOUT)
        names = []
        for response in stream:
            for event in response.events:
                if event.type == events.Event.BOOKMARK:
                    stream.cancel()
                    return names
                names.append(event.server.name)
        return names

    def list(self, text):
        return [server.name for server in self.api.servers.ListServers(
            servers.ListServersRequest(filter=text), timeout=TIMEOUT).servers]

    def test_lists_and_watches_take_the_same(self):
        self.create_server("a", labels={"tier": "1"})
        self.create_server("b", labels={"tier": "2"})
        for text, names in (
                ("origin = CREATED -labels.tier = 1", ["servers/b"]),
                ("labels.tier >= 2", ["servers/b"]),
                ('create_time > "2020-01-01T00:00:00Z" labels:tier',
                 ["servers/a", "servers/b"])):
            self.assertEqual(self.list(text), names, text)
            self.assertEqual(self.watch("kind = server " + text), names, text)

    def test_unknown_values_are_refused_by_both(self):
        for ask in (self.list, self.watch):
            with self.assertRaises(grpc.RpcError) as caught:
                ask("state = TYPO")
            self.assertEqual(node.reason_of(caught.exception),
                             ("FIELD_INVALID", ["filter"]))

    def test_a_changed_handler_is_told_of_with_its_rules(self):
        self.create_server()
        self.api.handlers.CreateHandlerRule(
            handlers.CreateHandlerRuleRequest(
                parent="servers/web", handler_rule_id="r1",
                handler_rule={"observe": {}, "permanent": True}),
            timeout=TIMEOUT)
        stream = self.api.events.WatchEvents(
            events.WatchEventsRequest(filter="kind = handler",
                                      include_initial_state=True),
            timeout=TIMEOUT)
        rows = self.api.handlers.ListHandlers(
            handlers.ListHandlersRequest(parent="servers/web"),
            timeout=TIMEOUT).handlers
        self.api.handlers.SetHandlers(
            handlers.SetHandlersRequest(
                parent="servers/web",
                assignments=[{"mid": row.mid, "implementation": "stock"}
                             for row in rows if row.implementation and
                             row.mid != mid_pb2.MID_FALLOCATE]),
            timeout=TIMEOUT)
        for response in stream:
            for event in response.events:
                if event.type != events.Event.MODIFIED:
                    continue
                self.assertEqual(list(event.handler.handler_rules),
                                 ["servers/web/handlerRules/r1"])
                stream.cancel()
                return


class CertificatesTest(node.NodeTest):

    def setUp(self):
        super().setUp()
        self.goferd.stop()
        self.ca = Authority(self.base)
        self.ca.sign("server", "IP:127.0.0.1")
        self.ca.sign("client", "URI:spiffe://example.org/client")
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{one.getsockname()[1]}"
        with open(self.goferd.config, "a", encoding="utf-8") as file:
            file.write(
                "listeners { uds { } }\n"
                f'listeners {{ tcp {{ address: "{self.address}" tls {{\n'
                f'certificate_file: "{self.ca.path("server")}"\n'
                f'private_key_file: "{self.ca.path("server", "key")}"\n'
                f'client_ca_file: "{self.ca.certificate}"\n'
                "refresh_interval { seconds: 1 } } } }\n")

    @contextlib.contextmanager
    def broken(self, path, how):
        """`path` is empty, a directory or gone meanwhile."""
        os.rename(path, path + ".good")
        if how == "empty":
            with open(path, "wb"):
                pass
        elif how == "directory":
            os.mkdir(path)
        try:
            yield
        finally:
            if how == "directory":
                os.rmdir(path)
            os.rename(path + ".good", path)

    def files(self):
        return (self.ca.path("server"), self.ca.path("server", "key"),
                self.ca.certificate)

    def test_at_the_start_they_are_one_line_and_an_exit_code(self):
        for path in self.files():
            for how in ("empty", "directory", "gone"):
                with self.subTest(path=path, how=how), self.broken(path, how):
                    status, log = self.goferd.refuses_to_start()
                    self.assertGreater(status, 0, log)
                    self.assertIn(path + ":", log)

    def shakes_hands(self):
        """Whether a stranger gets as far as having no role."""
        api = node.Api(self.address, grpc.ssl_channel_credentials(
            self.ca.read("ca"), self.ca.read("client", "key"),
            self.ca.read("client")))
        try:
            api.daemon.GetInfo(daemon.GetInfoRequest(), timeout=TIMEOUT)
        except grpc.RpcError as error:
            return error.code() == CODE.UNAUTHENTICATED
        finally:
            api.close()
        return False

    def test_later_the_former_ones_stay_in_force(self):
        self.goferd.start()
        self.assertTrue(self.shakes_hands())
        for path in self.files()[:2]:
            for how in ("empty", "directory"):
                at = len(self.goferd.log())
                with self.subTest(path=path, how=how), self.broken(path, how):
                    wait_until(lambda path=path, at=at:
                               f"{path}: is" in self.goferd.log()[at:],
                               "the name of the file in the log")
                    self.assertTrue(self.shakes_hands())
                wait_until(lambda at=at:
                           "make sense again" in self.goferd.log()[at:],
                           "good files again")
        self.assertIsNone(self.goferd.process.poll())


class NotUtf8Test(node.NodeTest):

    def ctl(self, *words):
        return node.goferctl(self.goferd.target, *words)

    def test_output_is_escaped_and_keeps_the_bytes(self):
        os.mkdir(self.tree + "/dir")
        for name in (b"a\xff", b"\xff"):
            with open(os.path.join(self.tree.encode(), b"dir", name), "wb"):
                pass
        self.create_server()
        done = self.ctl("fs", "ls", "web", "/dir", "-o", "json")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        rows = node.read_json(done.stdout)
        self.assertEqual(sorted(row["name"] for row in rows),
                         ["\\xff", "a\\xff"])
        self.assertEqual(sorted(row["name_base64"] for row in rows),
                         ["/w==", "Yf8="])

    def test_input_is_refused_by_the_name_of_the_field(self):
        self.create_server()
        for field, words in (
                ("server.root", ["server", "create", "x", b"--root=/\xff"]),
                ("server.labels",
                 ["server", "create", "x", "--root=/", b"--label=a=\xff"]),
                ("mount_path", ["connection", "start", "web/c",
                                b"--mount=/\xff"]),
                ("handler_rule.match",
                 ["faults", "add", "web/r", "--observe", "--permanent",
                  b"--path=/\xff"])):
            with self.subTest(field=field):
                done = self.ctl(*words)
                self.assertEqual(done.returncode, 3, done.stderr)
                self.assertIn(field, done.stderr)
                self.assertIn("UTF-8", done.stderr)
                self.assertNotIn("older than goferctl", done.stderr)


if __name__ == "__main__":
    unittest.main()
