"""Connections that hold their mount's FD: what is told of them, and refused."""

import json
import os
import re
import unittest
import urllib.request

import grpc
from goferd.admin.v1 import connection_options_pb2 as options
from goferd.admin.v1 import connection_service_pb2 as connections
from goferd.admin.v1 import event_service_pb2 as events
from goferd.admin.v1 import handler_rule_pb2 as rules
from goferd.admin.v1 import handler_service_pb2 as handlers
from goferd.admin.v1 import mid_pb2 as mid
from goferd.admin.v1 import server_pb2
from goferd.admin.v1 import server_service_pb2 as servers
from goferd.admin.v1 import stats_service_pb2 as stats

import node
from node import STATE, TIMEOUT, wait_until

PRECONDITION = grpc.StatusCode.FAILED_PRECONDITION
REASON = "ESCAPED_BY_CONNECTIONS"
HOLDS = "servers/web/connections/holds"
Warning = rules.HandlerRule.Warning


def tcp_port(pid):
    """The port on which the process listens."""
    sockets = set()
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            sockets.add(os.readlink(f"/proc/{pid}/fd/{fd}"))
        except FileNotFoundError:
            continue
    with open(f"/proc/{pid}/net/tcp", encoding="ascii") as table:
        for line in table.readlines()[1:]:
            words = line.split()
            if words[3] == "0A" and f"socket:[{words[9]}]" in sockets:
                return int(words[1].split(":")[1], 16)
    raise AssertionError("it listens on no port")


@unittest.skipIf(os.geteuid() != 0, "clones mounts")
class DirectfsTest(node.NodeTest):
    """The connection "holds" has its mount's FD, "asks" has none."""

    CONFIG = 'metrics { address: "127.0.0.1:0" }\n'

    def setUp(self):
        super().setUp()
        self.create_server()
        self.holds = self.mount("holds", options.ConnectionOptions(
            donate_host_fds="FILES_AND_MOUNT_POINT"), "directfs")
        self.asks = self.mount("asks", options.ConnectionOptions(
            donate_host_fds="NO_FDS"))

    def mount(self, connection_id, connection_options, *words):
        [fd] = self.take(self.start_connection(
            connection_id, options=connection_options))
        load = self.load(fd, *words)
        load.wait_for_mount()
        wait_until(lambda: self.connection(connection_id).state == STATE.MOUNTED,
                   "the mount")
        return load

    def ctl(self, *words, code=0):
        done = node.goferctl(self.goferd.target, *words)
        self.assertEqual(done.returncode, code,
                         f"{words}: {done.stderr}{done.stdout}")
        return done

    def rule_request(self, **fields):
        return handlers.CreateHandlerRuleRequest(
            parent="servers/web", handler_rule_id="full",
            handler_rule=rules.HandlerRule(
                match={"mids": [mid.MID_MKDIR_AT]}, error={"code": "ENOSPC"},
                permanent=True), **fields)

    def list_rules(self):
        return list(self.api.handlers.ListHandlerRules(
            handlers.ListHandlerRulesRequest(parent="servers/web"),
            timeout=TIMEOUT).handler_rules)

    def assert_names_the_holder(self, warnings):
        self.assertEqual([w.code for w in warnings], [Warning.MOUNT_FD_DONATED])
        self.assertEqual(list(warnings[0].connections), [HOLDS])
        self.assertEqual(warnings[0].connection_count, 1)

    def test_who_holds_it_is_told(self):
        self.assertEqual(self.connection("holds").mount_fd, STATE.DONATED)
        self.assertEqual(self.connection("asks").mount_fd, STATE.WITHHELD)
        pending = self.start_connection("later", options=options.ConnectionOptions(
            donate_host_fds="FILES_AND_MOUNT_POINT")).connection
        self.assertEqual(pending.mount_fd, STATE.POSSIBLE)
        self.assertEqual(self.server().mount_fd_connection_count, 1)
        listed = self.api.connections.ListConnections(
            connections.ListConnectionsRequest(
                parent="servers/-", filter="mount_fd = DONATED"), timeout=TIMEOUT)
        self.assertEqual([c.name for c in listed.connections], [HOLDS])
        counted = self.api.connections.GetActiveConnectionCount(
            connections.GetActiveConnectionCountRequest(
                parent="servers/web", filter="mount_fd = DONATED"),
            timeout=TIMEOUT)
        self.assertEqual(counted.total_count, 1)
        rows = {line.split()[0]: line.split()
                for line in self.ctl("connection", "list").stdout.splitlines()}
        column = rows["NAME"].index("DIRECTFS")
        self.assertEqual({name: row[column] for name, row in rows.items()},
                         {"NAME": "DIRECTFS", "web/holds": "yes",
                          "web/asks": "no", "web/later": "maybe"})

    def test_a_watch_is_filtered_by_it(self):
        stream = self.api.events.WatchEvents(
            events.WatchEventsRequest(
                include_initial_state=True,
                filter='kind = "connection" AND mount_fd = DONATED'),
            timeout=TIMEOUT)
        first = next(stream).events[0]
        stream.cancel()
        self.assertEqual(first.connection.name, HOLDS)

    def test_a_rule_that_is_escaped_warns(self):
        rule = self.api.handlers.CreateHandlerRule(self.rule_request(),
                                                   timeout=TIMEOUT)
        self.assert_names_the_holder(rule.warnings)
        self.assert_names_the_holder(self.list_rules()[0].warnings)
        # It escapes, indeed: it makes directories and removes them again.
        ops, failures, _ = self.holds.finish()
        self.assertGreater(ops, 0)
        self.assertEqual(failures, 0)
        self.assertEqual(self.list_rules()[0].counters.match_count, 0)
        wait_until(lambda: not self.list_rules()[0].warnings,
                   "the end of the warning")

    def test_goferctl_shows_the_warning(self):
        added = self.ctl("faults", "add", "web/full", "--mid=MkdirAt",
                         "--error=ENOSPC", "--permanent").stdout
        self.assertIn("ESCAPED BY", added)
        self.assertRegex(added, r"warning: .*mount point's FD.*\(web/holds\)")
        self.assertIn("web/holds", self.ctl("faults", "list", "web").stdout)
        refused = self.ctl("faults", "add", "web/other", "--readonly",
                           "--permanent", "--strict", code=9).stderr
        self.assertIn(REASON, refused)
        self.assertIn(HOLDS, refused)
        self.assertIn("dev.goferd.directfs", refused)
        self.assertEqual(len(self.list_rules()), 1)
        told = self.ctl("handler", "set", "web", "--without=FAllocate").stderr
        self.assertIn("web/holds", told)
        self.assertIn("web/holds", self.ctl("server", "drain", "web").stdout)

    def test_strict_requests_change_nothing(self):
        api = self.api
        error = self.assert_fails(PRECONDITION, REASON,
                                  api.handlers.CreateHandlerRule,
                                  self.rule_request(strict=True))
        self.assertEqual(node.metadata_of(error)["connections"], HOLDS)
        self.assert_fails(
            PRECONDITION, REASON, api.handlers.BatchUpsertHandlerRules,
            handlers.BatchUpsertHandlerRulesRequest(
                parent="servers/web", strict=True,
                handler_rules=[rules.HandlerRule(
                    name="servers/web/handlerRules/ro", readonly={},
                    permanent=True)]))
        self.assertEqual(self.list_rules(), [])
        self.assert_fails(
            PRECONDITION, REASON, api.handlers.SetHandlers,
            handlers.SetHandlersRequest(parent="servers/web", strict=True))
        self.assert_fails(
            PRECONDITION, REASON, api.servers.UpdateServer,
            servers.UpdateServerRequest(
                server=server_pb2.Server(name="servers/web",
                                         limits={"max_fds": 4096}),
                strict=True))
        self.assertNotEqual(self.server().limits.max_fds, 4096)
        self.assert_fails(PRECONDITION, REASON, api.servers.DrainServer,
                          servers.DrainServerRequest(name="servers/web",
                                                     strict=True))
        self.assertEqual(self.server().state, node.SERVER_STATE.ACTIVE)
        self.assert_fails(
            PRECONDITION, REASON, api.connections.StopConnection,
            connections.StopConnectionRequest(
                name=HOLDS, mode="DRAIN", acknowledge_sandbox_kill=True,
                strict=True))
        self.assertEqual(self.connection("holds").state, STATE.MOUNTED)
        # What reaches everybody is no matter of strictness.
        api.handlers.CreateHandlerRule(
            handlers.CreateHandlerRuleRequest(
                parent="servers/web", handler_rule_id="of-asks", strict=True,
                handler_rule=rules.HandlerRule(
                    match={"connection": "servers/web/connections/asks"},
                    observe={}, permanent=True)), timeout=TIMEOUT)

    def test_limits_and_drains_warn(self):
        updated = self.api.servers.UpdateServer(
            servers.UpdateServerRequest(server=server_pb2.Server(
                name="servers/web", limits={"max_fds": 4096})), timeout=TIMEOUT)
        self.assertEqual(updated.limits.max_fds, 4096)
        self.assert_names_the_holder(updated.warnings)
        updated = self.api.servers.UpdateServer(
            servers.UpdateServerRequest(server=server_pb2.Server(
                name="servers/web", default_connection_options={
                    "donate_host_fds": "NO_FDS"})), timeout=TIMEOUT)
        self.assert_names_the_holder(updated.warnings)
        drained = self.api.servers.DrainServer(
            servers.DrainServerRequest(name="servers/web"), timeout=TIMEOUT)
        self.assert_names_the_holder(drained.warnings)
        self.assertEqual(list(self.server().warnings), [])
        stopped = self.api.connections.StopConnection(
            connections.StopConnectionRequest(
                name=HOLDS, mode="DRAIN", acknowledge_sandbox_kill=True),
            timeout=TIMEOUT)
        self.assert_names_the_holder(stopped.warnings)

    def test_a_start_that_will_escape_warns(self):
        def start(name, donation, **more):
            return self.api.connections.StartConnection(
                connections.StartConnectionRequest(
                    parent="servers/web", connection_id=name, mount_path="/",
                    options={"donate_host_fds": donation, "max_fds": 64}, **more),
                timeout=TIMEOUT).connection.warnings

        self.assertEqual(list(start("asks-too", "NO_FDS")), [])
        for validate_only in (True, False):
            [warning] = start("later", "FILES_AND_MOUNT_POINT", validate_only=validate_only)
            self.assertEqual(warning.code, Warning.MOUNT_FD_DONATED)
            self.assertIn("it escapes max_fds", warning.message)
            self.assertEqual(list(warning.connections), ["servers/web/connections/later"])

    def test_an_expiry_that_is_escaped_is_logged(self):
        self.api.servers.UpdateServer(
            servers.UpdateServerRequest(server=server_pb2.Server(
                name="servers/web", ttl={"seconds": 1})), timeout=TIMEOUT)
        said = "servers/web has expired and drains: these clients hold"
        wait_until(lambda: said in self.goferd.log(), said)

    def test_statistics_say_why_they_are_empty(self):
        counted = self.api.stats.GetStats(
            stats.GetStatsRequest(name="servers/web"), timeout=TIMEOUT)
        self.assertEqual(counted.active_connection_count, 2)
        self.assertEqual(counted.mount_fd_connection_count, 1)
        self.assertIn("1 of 2 connections hold their mount's FD: the sandbox "
                      "works on the host's files itself",
                      self.ctl("stats", "web").stdout)
        self.assertIn("1 of 1 connections",
                      self.ctl("stats", "web/holds").stdout)
        self.assertNotIn("mount's FD", self.ctl("stats", "web/asks").stdout)
        self.assertIn("dev.goferd.directfs",
                      self.ctl("server", "get", "web").stdout)
        shown = json.loads(self.ctl("stats", "web", "-o", "json").stdout)
        self.assertEqual(shown["mountFdConnectionCount"], 1)

    def test_the_node_counts_them(self):
        port = tcp_port(self.goferd.process.pid)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics",
                                    timeout=TIMEOUT) as answer:
            text = answer.read().decode()
        self.assertEqual(
            re.findall(r"^goferd_mount_fd_connections (\S+)$", text, re.M), ["1"])

    def test_another_goferd_learns_of_it(self):
        self.goferd.stop()
        self.goferd.start()
        self.assertEqual(self.connection("holds").mount_fd, STATE.DONATED)
        self.assertEqual(self.server().mount_fd_connection_count, 1)


if __name__ == "__main__":
    unittest.main()
