"""Each role calls each method: who may do what, as seen from outside.

The methods are those that reflection tells of: one that comes without a row
here fails the test. The callers are processes' users, one for each role.
"""

import json
import os
import unittest

import grpc
from goferd.admin.v1 import event_service_pb2 as events
from standard import channelz_pb2 as channelz
from standard import reflection_pb2 as reflection

import node
import reflecting
from node import TIMEOUT

NONE, VIEWER, OPERATOR, CHAOS, ADMIN = range(5)
NAMES = {VIEWER: "ROLE_VIEWER", OPERATOR: "ROLE_OPERATOR", CHAOS: "ROLE_CHAOS",
         ADMIN: "ROLE_ADMIN"}
# Users that nobody is.
UIDS = {NONE: 61000, VIEWER: 61001, OPERATOR: 61002, CHAOS: 61003, ADMIN: 61004}

# The first role that may call each.
NEEDED = {
    "goferd.admin.v1.ServerService": {
        "CreateServer": ADMIN, "GetServer": VIEWER, "ListServers": VIEWER,
        "UpdateServer": ADMIN, "DeleteServer": ADMIN, "DrainServer": OPERATOR,
        "UndrainServer": OPERATOR, "WaitServer": VIEWER},
    "goferd.admin.v1.ConnectionService": {
        "StartConnection": OPERATOR, "BatchStartConnections": OPERATOR,
        "GetConnection": VIEWER, "ListConnections": VIEWER,
        "StopConnection": OPERATOR, "GetActiveConnectionCount": VIEWER},
    "goferd.admin.v1.HandlerService": {
        "ListHandlers": VIEWER, "SetHandlers": CHAOS, "ResetHandlers": CHAOS,
        "CreateHandlerRule": CHAOS, "GetHandlerRule": VIEWER,
        "ListHandlerRules": VIEWER, "DeleteHandlerRule": CHAOS,
        "BatchUpsertHandlerRules": CHAOS},
    "goferd.admin.v1.EventService": {"WatchEvents": VIEWER},
    "goferd.admin.v1.StatsService": {"GetStats": VIEWER, "WatchStats": VIEWER},
    "goferd.admin.v1.DaemonService": {
        "GetInfo": VIEWER, "SetLogLevel": ADMIN, "ListInflightRpcs": VIEWER},
    "grpc.health.v1.Health": {"Check": NONE, "Watch": NONE},
    "grpc.reflection.v1alpha.ServerReflection": {"ServerReflectionInfo": VIEWER},
    "grpc.channelz.v1.Channelz": {
        "GetTopChannels": VIEWER, "GetServers": VIEWER, "GetServer": VIEWER,
        "GetServerSockets": VIEWER, "GetChannel": VIEWER,
        "GetSubchannel": VIEWER, "GetSocket": VIEWER},
}
ROWS = {f"/{service}/{method}": role for service, methods in NEEDED.items()
        for method, role in methods.items()}

# An empty request is refused by most, which is enough; these would wait.
REQUESTS = {
    "/goferd.admin.v1.EventService/WatchEvents":
        events.WatchEventsRequest(include_initial_state=True),
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo":
        reflection.ServerReflectionRequest(list_services="*"),
    "/grpc.channelz.v1.Channelz/GetServers": channelz.GetServersRequest(),
}
DENIED = (grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.UNAUTHENTICATED)


def call(channel, method, descriptor):
    """Calls it; the error, if it is one."""
    request = REQUESTS.get(method)
    data = request.SerializeToString() if request else b""
    kind = (("stream" if descriptor.client_streaming else "unary") + "_" +
            ("stream" if descriptor.server_streaming else "unary"))
    function = getattr(channel, kind)(method)
    argument = iter([data]) if descriptor.client_streaming else data
    try:
        answer = function(argument, timeout=TIMEOUT)
        if descriptor.server_streaming:
            next(answer)
            answer.cancel()
    except grpc.RpcError as error:
        return error
    return None


@unittest.skipIf(os.geteuid() != 0, "becomes other users")
class RolesTest(node.NodeTest):

    def setUp(self):
        super().setUp()
        self.goferd.stop()
        os.chmod(self.base, 0o711)
        self.audit = os.path.join(self.base, "audit")
        roles = os.path.join(self.base, "roles")
        with open(roles, "w", encoding="utf-8") as file:
            for role, name in NAMES.items():
                file.write(f"bindings {{ role: {name} uid: {UIDS[role]} }}\n")
            file.write("bindings { role: ROLE_ADMIN uid: 0 }\n")
        self.open_path = os.path.join(self.base, "open", "admin.sock")
        self.goferd = node.Goferd(
            self.base, f'roles_file: "{roles}"\n'
            f'log {{ audit_file: "{self.audit}" }}\n'
            "listeners { uds {} }\n"
            f'listeners {{ uds {{ path: "{self.open_path}" mode: 0666 }} }}\n')
        self.goferd.start()

    def channel_of(self, role):
        """A connection of this role's user; those who call are asked for at
        the moment when they connect."""
        channel = grpc.insecure_channel(
            f"unix:{self.open_path}",
            options=[("grpc.use_local_subchannel_pool", 1)])
        self.addCleanup(channel.close)
        os.setegid(UIDS[role])
        os.seteuid(UIDS[role])
        try:
            grpc.channel_ready_future(channel).result(timeout=TIMEOUT)
        finally:
            os.seteuid(0)
            os.setegid(0)
        return channel

    def test_each_role_may_do_what_it_may(self):
        methods = reflecting.methods(self.api.channel)
        self.assertEqual(set(methods), set(ROWS), "a method without a row")
        for role in (NONE, *NAMES):
            channel = self.channel_of(role)
            for method, descriptor in sorted(methods.items()):
                with self.subTest(role=NAMES.get(role), method=method):
                    error = call(channel, method, descriptor)
                    self.check(role, method, error)
        self.check_audit(methods)

    def check(self, role, method, error):
        if role >= ROWS[method]:
            self.assertNotIn(error and error.code(), DENIED, error)
            return
        self.assertIsNotNone(error)
        self.assertIn(error.code(), DENIED)
        self.assertIn("roles file", error.details())
        if method.startswith("/goferd."):
            self.assertEqual(error.code(), DENIED[role == NONE])
            self.assertEqual(node.reason_of(error)[0], "ROLE_REQUIRED")

    def check_audit(self, methods):
        """Who asked for a change is written down, refused or not; who only
        looked is not."""
        with open(self.audit, encoding="utf-8") as file:
            records = [json.loads(line) for line in file]
        seen = sorted((r["method"], r["caller"]) for r in records)
        self.assertEqual(seen, sorted(
            (method, f"uid={uid} gid={uid}")
            for method in methods
            if method.startswith("/goferd.") and ROWS[method] > VIEWER
            for uid in UIDS.values()))


if __name__ == "__main__":
    unittest.main()
