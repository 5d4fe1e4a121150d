"""Every error reason of the API, provoked once from outside.

Each has a test of its name and a row in REASONS; what cannot be provoked from
outside is in ELSEWHERE, with the reason and the unit test that has it.
"""

import contextlib
import os
import signal
import subprocess
import unittest
import uuid

import grpc
from goferd.admin.v1 import connection_service_pb2 as connections
from goferd.admin.v1 import error_reason_pb2
from goferd.admin.v1 import event_service_pb2 as events
from goferd.admin.v1 import handler_rule_pb2 as rules
from goferd.admin.v1 import handler_service_pb2 as handlers
from goferd.admin.v1 import mid_pb2
from goferd.admin.v1 import server_pb2
from goferd.admin.v1 import server_service_pb2 as servers
from google.protobuf import field_mask_pb2
from google.rpc import error_details_pb2
from google.rpc import status_pb2

import node
import watching
from node import SERVER_STATE, TIMEOUT, wait_until

ErrorReason = error_reason_pb2.ErrorReason
Code = grpc.StatusCode


class Row:
    """What an error must have: its code, keys of its metadata, a word of the
    text that says what to do, and whether a RetryInfo is promised."""

    def __init__(self, code, keys, advice, retry=False):
        self.code = code
        self.keys = set(keys.split())
        self.advice = advice
        self.retry = retry


INVALID = Code.INVALID_ARGUMENT
PRECONDITION = Code.FAILED_PRECONDITION
EXHAUSTED = Code.RESOURCE_EXHAUSTED

REASONS = {
    "FIELD_INVALID": Row(INVALID, "", "must "),
    "PATH_NOT_ABSOLUTE": Row(INVALID, "", "must be an absolute path"),
    "PATH_NOT_ALLOWED": Row(INVALID, "resource", "allowed_roots"),
    "UNKNOWN_MID": Row(INVALID, "", "ListHandlers"),
    "PAGE_TOKEN_MISMATCH": Row(INVALID, "", "begin again"),
    "REQUEST_ID_REUSED": Row(INVALID, "", "make a new UUID"),
    "SERVER_NOT_FOUND": Row(Code.NOT_FOUND, "resource", "ListServers"),
    "CONNECTION_NOT_FOUND": Row(Code.NOT_FOUND, "resource", "kept for a while"),
    "RULE_NOT_FOUND": Row(Code.NOT_FOUND, "resource", "ListHandlerRules"),
    "PATH_NOT_FOUND": Row(Code.NOT_FOUND, "errno", "check the path"),
    "SERVER_ALREADY_EXISTS": Row(Code.ALREADY_EXISTS, "resource", "another id"),
    "CONNECTION_ALREADY_EXISTS":
        Row(Code.ALREADY_EXISTS, "resource", "another id"),
    "RULE_ALREADY_EXISTS": Row(Code.ALREADY_EXISTS, "resource", "another id"),
    "SERVER_NOT_EMPTY": Row(PRECONDITION, "resource used", "set force"),
    "SERVER_DRAINING": Row(PRECONDITION, "resource", "undrain"),
    "SERVER_STOPPING":
        Row(Code.UNAVAILABLE, "resource", "wait until it is gone", True),
    "SERVER_STOPPED": Row(PRECONDITION, "resource", "delete it"),
    "KERNEL_FEATURE_MISSING": Row(PRECONDITION, "feature", "sandbox_mode"),
    "GOFER_CAPABILITY_MISSING": Row(PRECONDITION, "capability", "but the root"),
    "ROOT_NOT_DIRECTORY": Row(PRECONDITION, "errno", "a directory is needed"),
    "SANDBOX_KILL_NOT_ACKNOWLEDGED":
        Row(PRECONDITION, "resource", "Set acknowledge_sandbox_kill"),
    "HOST_PERMISSION": Row(PRECONDITION, "errno", "goferd's user"),
    "ETAG_MISMATCH": Row(Code.ABORTED, "resource", "read it again"),
    "OPERATION_PENDING": Row(Code.ABORTED, "resource", "try again", True),
    "CONNECTION_LIMIT":
        Row(EXHAUSTED, "resource limit used", "raise limits", True),
    "FD_LIMIT": Row(EXHAUSTED, "errno", "raise the server's limits", True),
    "PROCESS_LIMIT": Row(EXHAUSTED, "limit used", "delete one", True),
    "TICKET_LIMIT": Row(EXHAUSTED, "limit used", "use them", True),
    "RULE_LIMIT": Row(EXHAUSTED, "resource limit used", "delete some"),
    "STORAGE_LIMIT": Row(EXHAUSTED, "errno", "make room", True),
    "COMPACTED": Row(Code.OUT_OF_RANGE, "", "list again"),
    "STARTING": Row(Code.UNAVAILABLE, "resource", "try again", True),
    "SHUTTING_DOWN": Row(Code.UNAVAILABLE, "", "try again"),
    "GOFER_UNREACHABLE":
        Row(Code.UNAVAILABLE, "resource", "try again", True),
    "ROLE_REQUIRED": Row(Code.PERMISSION_DENIED, "role", "roles file"),
    "PEER_MISMATCH": Row(Code.PERMISSION_DENIED, "", "for another process"),
    "TICKET_INVALID":
        Row(Code.UNAUTHENTICATED, "", "start the connection again"),
    "INTERNAL_FAULT": Row(Code.INTERNAL, "errno", "report it"),
    "ESCAPED_BY_CONNECTIONS":
        Row(PRECONDITION, "warnings connections count", "closes the hole"),
}

# Those that no caller can provoke, and where they are provoked.
ELSEWHERE = {
    "ERROR_REASON_UNSPECIFIED": "is never sent",
    "CONNECTION_NOT_PENDING":
        "wants a connection that ends while its ticket is being used; one that "
        "has ended has no ticket: tests/unit/controlplane/supervisor/"
        "connection_operations_test.cc",
}


class Details:
    """What a grpc.RpcError carries."""

    def __init__(self, error):
        self.info = error_details_pb2.ErrorInfo()
        self.violations = []
        self.retry_seconds = None
        for key, value in error.trailing_metadata() or ():
            if key == "grpc-status-details-bin":
                self.read(status_pb2.Status.FromString(value), error)

    def read(self, status, error):
        assert status.code == error.code().value[0], status
        assert status.message == error.details(), status
        for detail in status.details:
            bad = error_details_pb2.BadRequest()
            retry = error_details_pb2.RetryInfo()
            if detail.Unpack(bad):
                self.violations = list(bad.field_violations)
            elif detail.Unpack(retry):
                delay = retry.retry_delay
                self.retry_seconds = delay.seconds + delay.nanos / 1e9
            else:
                assert detail.Unpack(self.info), detail


class ErrorsTest(node.NodeTest):

    def setUp(self):
        # What the configuration of node.Goferd takes its gofer from.
        self.gofer = os.environ["GOFER"]
        self.addCleanup(os.environ.__setitem__, "GOFER", self.gofer)
        super().setUp()

    def provoke(self, reason, call, request):
        """Calls, and compares the error with the row of `reason`."""
        row = REASONS[reason]
        with self.assertRaises(grpc.RpcError) as caught:
            answer = call(request, timeout=TIMEOUT)
            if hasattr(answer, "cancel"):
                next(answer)
        error = caught.exception
        details = Details(error)
        self.assertEqual(error.code(), row.code, error)
        self.assertEqual(details.info.domain, "goferd", error)
        self.assertEqual(details.info.reason, reason, error)
        self.assertLessEqual(row.keys, set(details.info.metadata), error)
        for key, value in details.info.metadata.items():
            self.assertTrue(value, f"metadata {key} is empty: {error}")
        self.assertIn(row.advice, error.details())
        if row.retry:
            self.assertIsNotNone(details.retry_seconds, error)
            self.assertGreater(details.retry_seconds, 0)
            self.assertLessEqual(details.retry_seconds, 60)
        return details

    def refused_at_the_attach_socket(self, reason, path, packet):
        row = REASONS[reason]
        fds, status, number, text = node.exchange(path, packet)
        self.assertEqual(fds, [])
        self.assertEqual(ErrorReason.Name(number), reason, text)
        self.assertEqual(status, row.code.value[0])
        self.assertIn(row.advice, text)

    def start_request(self, connection_id="c1", **fields):
        fields.setdefault("mount_path", "/")
        return connections.StartConnectionRequest(
            parent="servers/web", connection_id=connection_id, **fields)

    def rule_request(self, rule_id="r1", **fields):
        fields.setdefault("observe", {})
        return handlers.CreateHandlerRuleRequest(
            parent="servers/web", handler_rule_id=rule_id,
            handler_rule=rules.HandlerRule(permanent=True, **fields))

    @staticmethod
    def server_request(server_id="web", **fields):
        return servers.CreateServerRequest(
            server_id=server_id, server=server_pb2.Server(**fields))

    @contextlib.contextmanager
    def stopped(self, pid):
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)


class EnumerationTest(unittest.TestCase):

    def test_every_reason_has_a_case(self):
        cases = {name for case in ErrorsTest.__subclasses__()
                 for name in unittest.defaultTestLoader.getTestCaseNames(case)}
        for reason in ErrorReason.keys():
            there = f"test_{reason.lower()}" in cases
            self.assertEqual(there, reason in REASONS, reason)
            self.assertNotEqual(there, reason in ELSEWHERE, reason)


class RequestsTest(ErrorsTest):
    """What is wrong with a request."""

    def test_field_invalid(self):
        details = self.provoke(
            "FIELD_INVALID", self.api.servers.CreateServer,
            servers.CreateServerRequest(
                server_id="Web", request_id="no uuid",
                server=server_pb2.Server(
                    root="tree", labels={"k": "v" * 64, "UPPER": ""},
                    default_connection_options={"max_channels": 65},
                    limits={"max_fds": -1, "max_connections": 1 << 30},
                    ttl={"nanos": 1}, sandbox_mode=99, restart_policy=99)))
        self.assertEqual(
            sorted(v.field for v in details.violations),
            ["request_id", "server.default_connection_options.max_channels",
             "server.labels", "server.labels.k",
             "server.limits.max_connections", "server.limits.max_fds",
             "server.restart_policy", "server.root", "server.sandbox_mode",
             "server.ttl", "server_id"])
        for violation in details.violations:
            self.assertTrue(violation.description, violation)
            self.assertEqual(violation.reason,
                             "PATH_NOT_ABSOLUTE"
                             if violation.field == "server.root"
                             else "FIELD_INVALID")

    def test_path_not_absolute(self):
        details = self.provoke("PATH_NOT_ABSOLUTE",
                               self.api.servers.CreateServer,
                               self.server_request(root="tree"))
        self.assertEqual([v.field for v in details.violations], ["server.root"])

    def test_path_not_allowed(self):
        details = self.provoke("PATH_NOT_ALLOWED",
                               self.api.servers.CreateServer,
                               self.server_request(root="/etc"))
        self.assertEqual(details.info.metadata["resource"], "/etc")
        os.symlink("/etc", self.tree + "/out")
        self.provoke("PATH_NOT_ALLOWED", self.api.servers.CreateServer,
                     self.server_request(root=self.tree + "/out"))

    def test_path_not_found(self):
        details = self.provoke("PATH_NOT_FOUND", self.api.servers.CreateServer,
                               self.server_request(root=self.tree + "/none"))
        self.assertEqual(details.info.metadata["errno"], "ENOENT")

    def test_root_not_directory(self):
        details = self.provoke("ROOT_NOT_DIRECTORY",
                               self.api.servers.CreateServer,
                               self.server_request(root=self.tree + "/hello"))
        self.assertEqual(details.info.metadata["errno"], "ENOTDIR")

    def test_unknown_mid(self):
        self.create_server()
        self.provoke("UNKNOWN_MID", self.api.handlers.CreateHandlerRule,
                     self.rule_request(match={"mids": [200]}))
        self.provoke("UNKNOWN_MID", self.api.handlers.SetHandlers,
                     handlers.SetHandlersRequest(
                         parent="servers/web",
                         assignments=[handlers.HandlerAssignment(
                             mid=200, implementation="stock")]))

    def test_page_token_mismatch(self):
        self.create_server("a")
        self.create_server("b")
        token = self.api.servers.ListServers(
            servers.ListServersRequest(page_size=1),
            timeout=TIMEOUT).next_page_token
        for request in (servers.ListServersRequest(page_token="nonsense"),
                        servers.ListServersRequest(page_token=token,
                                                   filter="labels:x")):
            details = self.provoke("PAGE_TOKEN_MISMATCH",
                                   self.api.servers.ListServers, request)
            self.assertEqual([v.field for v in details.violations],
                             ["page_token"])

    def test_request_id_reused(self):
        request = self.server_request(root=self.tree)
        request.request_id = str(uuid.uuid4())
        self.api.servers.CreateServer(request, timeout=TIMEOUT)
        request.server_id = "other"
        self.provoke("REQUEST_ID_REUSED", self.api.servers.CreateServer, request)


class ResourcesTest(ErrorsTest):
    """What is there, is not there, or is not as it should be."""

    def setUp(self):
        super().setUp()
        self.made = self.create_server()

    def test_server_not_found(self):
        details = self.provoke("SERVER_NOT_FOUND", self.api.servers.GetServer,
                               servers.GetServerRequest(name="servers/none"))
        self.assertEqual(details.info.metadata["resource"], "servers/none")

    def test_connection_not_found(self):
        self.provoke("CONNECTION_NOT_FOUND",
                     self.api.connections.GetConnection,
                     connections.GetConnectionRequest(
                         name="servers/web/connections/none"))

    def test_rule_not_found(self):
        self.provoke("RULE_NOT_FOUND", self.api.handlers.GetHandlerRule,
                     handlers.GetHandlerRuleRequest(
                         name="servers/web/handlerRules/none"))

    def test_server_already_exists(self):
        self.provoke("SERVER_ALREADY_EXISTS", self.api.servers.CreateServer,
                     self.server_request(root=self.tree))

    def test_connection_already_exists(self):
        self.start_connection()
        self.provoke("CONNECTION_ALREADY_EXISTS",
                     self.api.connections.StartConnection, self.start_request())

    def test_rule_already_exists(self):
        self.api.handlers.CreateHandlerRule(self.rule_request(), timeout=TIMEOUT)
        self.provoke("RULE_ALREADY_EXISTS", self.api.handlers.CreateHandlerRule,
                     self.rule_request())

    def test_server_not_empty(self):
        self.start_connection()
        details = self.provoke("SERVER_NOT_EMPTY", self.api.servers.DeleteServer,
                               servers.DeleteServerRequest(name="servers/web"))
        self.assertEqual(details.info.metadata["used"], "1")

    def test_server_draining(self):
        self.api.servers.DrainServer(
            servers.DrainServerRequest(name="servers/web"), timeout=TIMEOUT)
        self.provoke("SERVER_DRAINING", self.api.connections.StartConnection,
                     self.start_request())

    def test_server_stopped(self):
        self.create_server("once")
        os.kill(self.server("once").gofer_pid, signal.SIGTERM)
        wait_until(lambda: self.server("once").state == SERVER_STATE.STOPPED,
                   "STOPPED")
        self.provoke("SERVER_STOPPED", self.api.servers.DrainServer,
                     servers.DrainServerRequest(name="servers/once"))

    def test_server_stopping(self):
        with self.stopped(self.server().gofer_pid):
            deletion = self.api.servers.DeleteServer.future(
                servers.DeleteServerRequest(name="servers/web", force=True),
                timeout=TIMEOUT)
            wait_until(lambda: self.server().state == SERVER_STATE.STOPPING,
                       "STOPPING")
            self.provoke("SERVER_STOPPING",
                         self.api.connections.StartConnection,
                         self.start_request())
        deletion.result()

    def test_gofer_capability_missing(self):
        os.mkdir(self.tree + "/volume")
        self.provoke("GOFER_CAPABILITY_MISSING",
                     self.api.connections.StartConnection,
                     self.start_request(mount_path="/volume",
                                        options={"donate_host_fds": 3}))

    def test_sandbox_kill_not_acknowledged(self):
        self.mounted_load()
        self.provoke("SANDBOX_KILL_NOT_ACKNOWLEDGED",
                     self.api.connections.StopConnection,
                     connections.StopConnectionRequest(
                         name="servers/web/connections/c1"))

    def test_escaped_by_connections(self):
        self.start_connection()
        request = handlers.CreateHandlerRuleRequest(
            parent="servers/web", handler_rule_id="r", strict=True,
            handler_rule=rules.HandlerRule(
                match={"mids": [mid_pb2.MID_PREAD]}, deny={}, permanent=True))
        details = self.provoke("ESCAPED_BY_CONNECTIONS",
                               self.api.handlers.CreateHandlerRule, request)
        self.assertEqual(details.info.metadata["connections"],
                         "servers/web/connections/c1")
        self.assertEqual(details.info.metadata["count"], "1")
        self.assertEqual(details.info.metadata["warnings"], "DONATED_HOST_FDS")

    def test_etag_mismatch(self):
        self.provoke("ETAG_MISMATCH", self.api.servers.DeleteServer,
                     servers.DeleteServerRequest(name="servers/web", etag="x"))
        self.provoke("ETAG_MISMATCH", self.api.handlers.SetHandlers,
                     handlers.SetHandlersRequest(parent="servers/web", etag="x"))
        self.start_connection()
        self.provoke("ETAG_MISMATCH", self.api.connections.StopConnection,
                     connections.StopConnectionRequest(
                         name="servers/web/connections/c1", etag="x"))

    def test_operation_pending(self):
        drain = servers.DrainServerRequest(name="servers/web")
        with self.stopped(self.made.gofer_pid):
            first = self.api.servers.DrainServer.future(drain, timeout=TIMEOUT)
            # The one that is second is refused, whichever it is.
            self.wait_for_busy()
            self.provoke("OPERATION_PENDING", self.api.servers.DrainServer, drain)
        self.assertEqual(first.result().state, SERVER_STATE.DRAINING)

    def wait_for_busy(self):
        def busy():
            try:
                self.api.servers.UpdateServer(
                    servers.UpdateServerRequest(
                        server=server_pb2.Server(name="servers/web"),
                        update_mask=field_mask_pb2.FieldMask(paths=["labels"]),
                        validate_only=True), timeout=TIMEOUT)
            except grpc.RpcError as error:
                return node.reason_of(error)[0] == "OPERATION_PENDING"
            return False
        wait_until(busy, "the first call")


class AttachTest(ErrorsTest):
    """Those that the attach socket answers: a code, a reason and a text."""

    def setUp(self):
        super().setUp()
        self.create_server()

    def test_ticket_invalid(self):
        started = self.start_connection()
        self.refused_at_the_attach_socket(
            "TICKET_INVALID", started.ticket.attach_socket_path,
            node.request(1, [b"x" * 16]))

    def test_peer_mismatch(self):
        started = self.start_connection(expected_peer={"pid": 1})
        self.refused_at_the_attach_socket(
            "PEER_MISMATCH", started.ticket.attach_socket_path,
            node.request(1, [started.ticket.ticket]))


class LimitsTest(ErrorsTest):

    CONFIG = ("servers { max_servers: 2 max_handler_rules: 1 } "
              "attach { max_pending_tickets: 3 } ")

    def setUp(self):
        super().setUp()
        self.create_server()

    def test_connection_limit(self):
        self.create_server("small", limits={"max_connections": 1})
        request = self.start_request()
        request.parent = "servers/small"
        self.api.connections.StartConnection(request, timeout=TIMEOUT)
        request.connection_id = "c2"
        details = self.provoke("CONNECTION_LIMIT",
                               self.api.connections.StartConnection, request)
        self.assertEqual((details.info.metadata["used"],
                          details.info.metadata["limit"]), ("1", "1"))

    def test_fd_limit(self):
        """The gofer has no descriptor left to open a mount point with."""
        self.create_server("small", limits={"max_fds": 64, "max_connections": 99})
        request = self.start_request()
        request.parent = "servers/small"

        def start_more():
            for i in range(99):
                request.connection_id = f"c{i}"
                started = self.api.connections.StartConnection(
                    request, timeout=TIMEOUT)
                self.addCleanup(os.close, *self.take(started))

        with self.assertRaises(grpc.RpcError):
            start_more()
        self.provoke("FD_LIMIT", self.api.connections.StartConnection, request)
        # It serves on.
        self.assertEqual(self.server("small").state, SERVER_STATE.ACTIVE)

    def test_process_limit(self):
        self.create_server("second")
        details = self.provoke("PROCESS_LIMIT", self.api.servers.CreateServer,
                               self.server_request("third", root=self.tree))
        self.assertEqual(details.info.metadata["limit"], "2")

    def test_ticket_limit(self):
        for i in range(3):
            self.start_connection(f"c{i}")
        details = self.provoke("TICKET_LIMIT",
                               self.api.connections.StartConnection,
                               self.start_request("c3"))
        self.assertEqual(details.info.metadata["limit"], "3")

    def test_rule_limit(self):
        self.api.handlers.CreateHandlerRule(self.rule_request(), timeout=TIMEOUT)
        self.provoke("RULE_LIMIT", self.api.handlers.CreateHandlerRule,
                     self.rule_request("r2"))


class StorageTest(ErrorsTest):

    @unittest.skipIf(os.geteuid() != 0, "mounts a file system")
    def test_storage_limit(self):
        self.goferd.stop()
        os.makedirs(self.goferd.state, exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,nr_inodes=24,mode=700",
                        "goferd-test", self.goferd.state], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", self.goferd.state],
                        check=True)
        self.goferd.start()
        self.create_server()
        with self.assertRaises(grpc.RpcError):
            for i in range(24):
                self.create_server(f"s{i}")
        details = self.provoke("STORAGE_LIMIT", self.api.servers.CreateServer,
                               self.server_request("more", root=self.tree))
        self.assertEqual(details.info.metadata["errno"], "ENOSPC")
        # What was there is there, and goes.
        self.api.servers.DeleteServer(
            servers.DeleteServerRequest(name="servers/web"), timeout=TIMEOUT)
        self.create_server()


class CompactedTest(ErrorsTest):

    CONFIG = "max_kept_events: 1024"

    def test_compacted(self):
        self.create_server()
        for i in range(1030):
            self.api.servers.UpdateServer(
                servers.UpdateServerRequest(
                    server=server_pb2.Server(name="servers/web",
                                             labels={"n": str(i)})),
                timeout=TIMEOUT)
        self.provoke("COMPACTED", self.api.events.WatchEvents,
                     events.WatchEventsRequest(start_revision=1))


class GoferTest(ErrorsTest):
    """Gofers that are late, hang, or lack something."""

    CONFIG = "servers { control_timeout { seconds: 2 } }"

    def use_gofer(self, text):
        """goferd starts, from now on, this script in place of its gofer."""
        path = os.path.join(self.base, "gofer")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, 0o755)
        os.environ["GOFER"] = path
        self.goferd.stop()
        self.goferd = node.Goferd(self.base, self.CONFIG)
        self.goferd.start()

    def test_starting(self):
        gate = os.path.join(self.base, "gate")
        os.mkfifo(gate)
        self.use_gofer(f'#!/bin/sh\nread line <{gate}\nexec {self.gofer} "$@"\n')
        creation = self.api.servers.CreateServer.future(
            self.server_request(root=self.tree), timeout=TIMEOUT)
        wait_until(lambda: self.api.servers.ListServers(
            servers.ListServersRequest(), timeout=TIMEOUT).servers, "STARTING")
        self.assertEqual(self.server().state, SERVER_STATE.STARTING)
        self.provoke("STARTING", self.api.connections.StartConnection,
                     self.start_request())
        with open(gate, "w", encoding="utf-8") as file:
            file.write("go\n")
        self.assertEqual(creation.result().state, SERVER_STATE.ACTIVE)

    def test_gofer_unreachable(self):
        with self.stopped(self.create_server().gofer_pid):
            self.provoke("GOFER_UNREACHABLE",
                         self.api.connections.StartConnection,
                         self.start_request())

    def test_kernel_feature_missing(self):
        """The gofer is told by a filter that the kernel has no Landlock."""
        self.use_gofer(f"""#!/usr/bin/python3 -BI
import ctypes, os, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
# A = the number; landlock_create_ruleset: ENOSYS; the rest is allowed.
code = [(0x20, 0, 0, 0), (0x15, 0, 1, 444), (0x06, 0, 0, 0x50000 | 38),
        (0x06, 0, 0, 0x7fff0000)]
text = b"".join(struct.pack("HBBI", *line) for line in code)
buffer = ctypes.create_string_buffer(text)
program = ctypes.create_string_buffer(
    struct.pack("HxxxxxxQ", len(code), ctypes.addressof(buffer)))
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, program, 0, 0) == 0
os.execv("{self.gofer}", ["{self.gofer}"] + sys.argv[1:])
""")
        details = self.provoke(
            "KERNEL_FEATURE_MISSING", self.api.servers.CreateServer,
            self.server_request(root=self.tree,
                                sandbox_mode=server_pb2.Server.STRICT))
        self.assertEqual(details.info.metadata["feature"], "landlock")
        # What is there is used when not all of it is asked for.
        self.assertIn("landlock", self.create_server().missing_sandbox_steps)

    def test_host_permission(self):
        self.use_gofer("")
        os.chmod(os.path.join(self.base, "gofer"), 0o644)
        details = self.provoke("HOST_PERMISSION", self.api.servers.CreateServer,
                               self.server_request(root=self.tree))
        self.assertEqual(details.info.metadata["errno"], "EACCES")
        self.assertEqual(self.gofers(), [])

    def test_internal_fault(self):
        self.use_gofer("this is no program")
        details = self.provoke("INTERNAL_FAULT", self.api.servers.CreateServer,
                               self.server_request(root=self.tree))
        self.assertEqual(details.info.metadata["errno"], "ENOEXEC")


class ShutdownTest(ErrorsTest):

    def test_shutting_down(self):
        self.create_server()
        # A reader that does not read keeps goferd for a while.
        stuck = watching.StuckWatch(self)
        self.goferd.process.send_signal(signal.SIGTERM)
        request = self.server_request("late", root=self.tree)
        request.validate_only = True

        def is_refused():
            try:
                self.api.servers.CreateServer(request, timeout=TIMEOUT)
            except grpc.RpcError:
                return True
            return False
        wait_until(is_refused, "the refusal")
        self.provoke("SHUTTING_DOWN", self.api.servers.CreateServer, request)
        # The others are asked no more; those who only read are answered.
        self.assertEqual(self.server().state, SERVER_STATE.ACTIVE)
        _, error = stuck.read_all()
        self.assertEqual(node.reason_of(error)[0], "SHUTTING_DOWN")
        self.assertEqual(self.goferd.process.wait(timeout=20), 0)


class RoleTest(ErrorsTest):

    def with_roles(self, text):
        path = os.path.join(self.base, "roles")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        self.goferd.stop()
        self.goferd = node.Goferd(self.base, f'roles_file: "{path}"')
        self.goferd.start()

    def test_role_required(self):
        self.with_roles(
            f"bindings {{ role: ROLE_VIEWER uid: {os.geteuid()} }}")
        details = self.provoke("ROLE_REQUIRED", self.api.servers.CreateServer,
                               self.server_request(root=self.tree))
        self.assertEqual(details.info.metadata["role"], "ROLE_ADMIN")

    def test_no_role_at_all(self):
        self.with_roles("bindings { role: ROLE_ADMIN uid: 4294967 }")
        error = self.assert_fails(Code.UNAUTHENTICATED, "ROLE_REQUIRED",
                                  self.api.servers.ListServers,
                                  servers.ListServersRequest())
        self.assertEqual(Details(error).info.metadata["role"], "ROLE_VIEWER")
        self.assertIn("roles file", error.details())


if __name__ == "__main__":
    unittest.main()
