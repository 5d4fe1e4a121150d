"""Everything as large as the API allows, and as much of it as limits allow:
whatever dies then, nothing is lost, and memory stays below a bound."""

import os
import signal
import unittest

from goferd.admin.v1 import connection_service_pb2 as connections
from goferd.admin.v1 import handler_rule_pb2
from goferd.admin.v1 import handler_service_pb2 as handlers
from goferd.admin.v1 import server_service_pb2 as servers
from goferd.admin.v1 import stats_service_pb2 as stats

import node
from node import SERVER_STATE, STATE, is_running, wait_until

# 64 labels of the longest keys and values are 8 KiB, and the longest path is
# told twice: 1,100 connections are more than the 16 MiB that an answer of a gofer
# may have.
LABELS = {f"k{i:02}" + "k" * 60: "v" * 63 for i in range(64)}
LIVE = 1100
ENDED = 200
PATH = "/" + "/".join(["d" * 200] * 20)
# A thousand of these are more than the 1 MiB of a frame.
RULES = 1000
RULE_LABELS = dict(list(LABELS.items())[:11])
# Of goferd, whatever there is: 32 MiB each of events, of ended connections and
# of answers to request ids, the live connections, and what the process is
# without them.
MOST_RESIDENT = 256 << 20
# What fits into a request.
BATCH = 20


def resident(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        for line in file:
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) << 10
    raise AssertionError(f"process {pid} is gone")


class BoundsTest(node.NodeTest):
    CONFIG = "attach { max_pending_tickets: 16384 }\n"

    def setUp(self):
        super().setUp()
        # Too long to be made by its name.
        fd = os.open(self.tree, os.O_RDONLY)
        for name in PATH[1:].split("/"):
            os.mkdir(name, dir_fd=fd)
            below = os.open(name, os.O_RDONLY, dir_fd=fd)
            os.close(fd)
            fd = below
        os.close(fd)

    def start_many(self, prefix, count):
        for first in range(0, count, BATCH):
            self.api.connections.BatchStartConnections(
                connections.BatchStartConnectionsRequest(
                    parent="servers/web",
                    requests=[connections.StartConnectionRequest(
                        connection_id=f"{prefix}{i}", mount_path=PATH,
                        labels=LABELS, ticket_ttl={"seconds": 600})
                        for i in range(first, min(count, first + BATCH))]),
                timeout=node.TIMEOUT)

    def make_rules(self):
        for first in range(0, RULES, 100):
            self.api.handlers.BatchUpsertHandlerRules(
                handlers.BatchUpsertHandlerRulesRequest(
                    parent="servers/web",
                    handler_rules=[handler_rule_pb2.HandlerRule(
                        name=f"servers/web/handlerRules/r{i}", observe={},
                        permanent=True, labels=RULE_LABELS)
                        for i in range(first, first + 100)]),
                timeout=node.TIMEOUT)

    def rule_count(self):
        """Those of the model; the gofer has told of the counters of all."""
        count, token = 0, ""
        while True:
            listed = self.api.handlers.ListHandlerRules(
                handlers.ListHandlerRulesRequest(
                    parent="servers/web", page_size=1000, page_token=token),
                timeout=node.TIMEOUT)
            self.assertFalse(listed.unreachable)
            count += len(listed.handler_rules)
            token = listed.next_page_token
            if not token:
                return count

    def states(self):
        counts, token = {}, ""
        while True:
            listed = self.api.connections.ListConnections(
                connections.ListConnectionsRequest(
                    parent="servers/web", page_size=1000, page_token=token),
                timeout=node.TIMEOUT)
            for connection in listed.connections:
                self.assertEqual(len(connection.labels), len(LABELS))
                counts[connection.state] = counts.get(connection.state, 0) + 1
            token = listed.next_page_token
            if not token:
                return counts

    def check(self):
        """The server serves, and all that is long can be had."""
        wait_until(lambda: self.server().state == SERVER_STATE.ACTIVE, "ACTIVE")
        self.assertEqual(self.rule_count(), RULES)
        self.api.stats.GetStats(stats.GetStatsRequest(name="servers/web"),
                                timeout=node.TIMEOUT)
        self.assertEqual(self.server().state, SERVER_STATE.ACTIVE)
        size = resident(self.goferd.process.pid)
        print(f"goferd has {size >> 20} MiB", flush=True)
        self.assertLess(size, MOST_RESIDENT)

    def restart_goferd(self):
        self.goferd.stop(signal.SIGKILL)
        self.goferd.start()

    def test_nothing_is_lost_when_everything_is_large(self):
        self.create_server(limits={"max_connections": 4096, "max_fds": 8192})
        self.make_rules()
        self.start_many("live", LIVE)
        self.start_many("over", ENDED)
        for i in range(ENDED):
            self.api.connections.StopConnection(
                connections.StopConnectionRequest(
                    name=f"servers/web/connections/over{i}"),
                timeout=node.TIMEOUT)
        self.check()
        pid = self.server().gofer_pid

        # goferd dies: the gofer has it all.
        self.restart_goferd()
        self.check()
        self.assertEqual(self.server().gofer_pid, pid)
        self.assertEqual(self.states()[STATE.PENDING_ATTACH], LIVE)
        # Ended ones come later: nobody waits for them.
        wait_until(lambda: self.states().get(STATE.CLOSED, 0) == ENDED,
                   "ended connections are known again")
        self.assertNotIn("too long", self.goferd.log())

        # The link dies and is made anew: the longest answers once more.
        os.kill(pid, signal.SIGSTOP)
        self.goferd.stop(signal.SIGKILL)
        self.goferd.spawn()
        os.kill(pid, signal.SIGCONT)
        self.goferd.stop(signal.SIGKILL)
        self.goferd.start()
        self.check()
        self.assertEqual(self.states()[STATE.PENDING_ATTACH], LIVE)

        # The gofer dies: all rules are laid over the next one.
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: self.server().gofer_pid not in (0, pid),
                   "another gofer")
        self.assertFalse(is_running(pid))
        self.check()
        counts = self.states()
        self.assertEqual(self.count(), 0)
        self.assertNotIn(STATE.PENDING_ATTACH, counts)
        # As many as have room: 8 MiB of a server's.
        self.assertGreater(counts[STATE.FAILED], 100)

        # Both die.
        os.kill(self.server().gofer_pid, signal.SIGKILL)
        self.restart_goferd()
        self.check()

    def test_ends_and_events_take_no_more_than_their_room(self):
        self.create_server(limits={"max_connections": 4096, "max_fds": 8192})
        for turn in range(4):
            self.start_many(f"t{turn}-", 400)
            self.api.servers.DrainServer(
                servers.DrainServerRequest(name="servers/web"),
                timeout=node.TIMEOUT)
            self.assertEqual(self.count(), 0)
            self.api.servers.UndrainServer(
                servers.UndrainServerRequest(name="servers/web"),
                timeout=node.TIMEOUT)
        size = resident(self.goferd.process.pid)
        print(f"goferd has {size >> 20} MiB", flush=True)
        self.assertLess(size, 160 << 20)
        # The last ended ones are still listed.
        self.assertEqual(self.connection("t3-399").state, STATE.CLOSED)


if __name__ == "__main__":
    unittest.main()
