"""A thousand servers and ten thousand connections, and nothing is left of them.

Measured are, of goferd and (for connections) of the gofer: descriptors, threads
and resident memory, before and after; and that no child is left unreaped, no
state behind and no ticket unused. Memory may grow once, by what the allocator
and the bounded tables (events) keep; more of the same may not add to it.
"""

import concurrent.futures
import os
import resource
import time
import unittest

from goferd.admin.v1 import connection_service_pb2 as connections
from goferd.admin.v1 import event_service_pb2 as events
from goferd.admin.v1 import server_service_pb2 as servers

import node
import watching
from node import SERVER_STATE, STATE, TIMEOUT, wait_until

SERVERS = 1000
# How many come and go once more, which may not take more memory.
AGAIN = 200
CONNECTIONS = 10000
# Each so many-th is mounted by a client that works on it.
MOUNTED = 100
AT_ONCE = 4
THREADS = 8
MIB = 1 << 20


class Footprint:
    """What a process has now."""

    def __init__(self, pid):
        self.fds = len(os.listdir(f"/proc/{pid}/fd"))
        self.threads = len(os.listdir(f"/proc/{pid}/task"))
        with open(f"/proc/{pid}/statm", encoding="ascii") as file:
            self.resident = int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def __str__(self):
        return (f"{self.fds} descriptors, {self.threads} threads, "
                f"{self.resident / MIB:.1f} MiB")


def children_of(pid):
    found = []
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as file:
            found += file.read().split()
    return found


class ScaleTest(node.NodeTest):

    CONFIG = (f"servers {{ max_servers: {SERVERS} }} "
              "connections { ended_retention { nanos: 100000000 } } "
              "max_kept_events: 2048 "
              "attach { max_pending_tickets: 64 } "
              "log { level: LOG_LEVEL_WARNING gofer_level: LOG_LEVEL_ERROR }")

    def setUp(self):
        # The usual one, which goferd must not keep.
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(1024, hard), hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        super().setUp()
        self.began = time.monotonic()

    def goferd_has(self):
        return Footprint(self.goferd.process.pid)

    def note(self, text):
        print(f"\n  {time.monotonic() - self.began:6.1f} s: {text}", end="",
              flush=True)

    def assert_as_before(self, before, what, now):
        """Descriptors and threads come back; the transport may take a moment.
        Pools of threads may not have been as full before as they may get."""
        def is_back():
            after = now()
            return (after.fds <= before.fds and
                    after.threads <= before.threads + THREADS)
        try:
            wait_until(is_back, "the end")
        except AssertionError:
            self.fail(f"{what}: before {before}, after {now()}")

    def at_once(self, work, items):
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(work, items))

    def delete(self, server_id):
        self.api.servers.DeleteServer(
            servers.DeleteServerRequest(name=f"servers/{server_id}"),
            timeout=4 * TIMEOUT)


class ServersTest(ScaleTest):

    def test_a_thousand_servers(self):
        # What is started once and stays is started before.
        self.at_once(self.round_trip, [f"warm-up-{i}" for i in range(32)])
        before = self.goferd_has()
        self.note(f"before: {before}")
        watch = watching.Reader(self.api.events.WatchEvents(
            events.WatchEventsRequest(include_initial_state=True,
                                      filter='kind = "server"'), timeout=600))
        wait_until(lambda: watch.events, "the bookmark")
        ids = [f"s{i:04}" for i in range(SERVERS)]
        self.at_once(self.create_server, ids)
        self.note(f"created {SERVERS}: {self.goferd_has()}")
        self.assertEqual(self.listed(), [f"servers/{i}" for i in ids])
        self.assertEqual(len(children_of(self.goferd.process.pid)), SERVERS)
        self.assertEqual(len(os.listdir(self.goferd.state + "/servers")), SERVERS)
        self.note("listed")
        self.at_once(self.delete, ids)
        self.note("deleted")
        self.assertEqual(self.listed(), [])
        wait_until(lambda: self.deleted_of(watch) == SERVERS, "the last event")
        watch.stop()
        self.check_events(watch, ids)
        self.check_nothing_is_left()
        self.assert_as_before(before, "goferd", self.goferd_has)
        after = self.goferd_has()
        self.note(f"after: {after}")
        self.at_once(self.round_trip, ids[:AGAIN])
        self.check_nothing_is_left()
        self.assert_as_before(before, "goferd", self.goferd_has)
        again = self.goferd_has()
        self.note(f"after {AGAIN} more: {again}\n")
        self.assertLess(after.resident, before.resident + 64 * MIB)
        self.assertLess(again.resident, after.resident + 4 * MIB)

    def round_trip(self, server_id):
        self.create_server(server_id)
        self.delete(server_id)

    def listed(self):
        names, token = [], ""
        while True:
            page = self.api.servers.ListServers(
                servers.ListServersRequest(page_size=99, page_token=token),
                timeout=TIMEOUT)
            self.assertLessEqual(len(page.servers), 99)
            names += [s.name for s in page.servers]
            token = page.next_page_token
            if not token:
                return names

    @staticmethod
    def deleted_of(watch):
        return sum(e.type == watching.EVENT.DELETED for e in watch.events)

    def check_events(self, watch, ids):
        """Of each: ADDED, STARTING, ACTIVE, STOPPING, DELETED, in order."""
        states = {}
        for event in watch.events:
            if event.server.name:
                states.setdefault(event.server.name, []).append(
                    (event.type, event.server.state))
        self.assertEqual(set(states), {f"servers/{i}" for i in ids})
        for name, told in states.items():
            types = [t for t, _ in told]
            self.assertEqual(types[0], watching.EVENT.ADDED, name)
            self.assertEqual(types[-1], watching.EVENT.DELETED, name)
            self.assertEqual(set(types[1:-1]), {watching.EVENT.MODIFIED}, name)
            self.assertIn(SERVER_STATE.ACTIVE, [s for _, s in told], name)

    def check_nothing_is_left(self):
        self.assertEqual(children_of(self.goferd.process.pid), [])
        self.assertEqual(os.listdir(self.goferd.state + "/servers"), [])


class ConnectionsTest(ScaleTest):

    SERVER_IDS = ("a", "b", "c", "d")

    def test_ten_thousand_connections(self):
        pids = {}
        for server_id in self.SERVER_IDS:
            pids[server_id] = self.create_server(
                server_id, limits={"max_connections": 64}).gofer_pid
        # As above; and the tables get as full as they get.
        self.work_through(0, CONNECTIONS // 4)
        self.wait_for_forgetting()
        before = self.all_footprints(pids)
        self.note(self.describe(before))
        self.work_through(CONNECTIONS // 4, CONNECTIONS)
        self.wait_for_forgetting()
        for name, now in self.watchers(pids).items():
            self.assert_as_before(before[name], name, now)
        after = self.all_footprints(pids)
        self.note(self.describe(after) + "\n")
        for name in before:
            self.assertLess(after[name].resident,
                            before[name].resident + 8 * MIB, name)
        self.check_tickets()
        for server_id in self.SERVER_IDS:
            self.delete(server_id)
        self.assertEqual(children_of(self.goferd.process.pid), [])
        self.assertEqual(os.listdir(self.goferd.state + "/servers"), [])

    def work_through(self, begin, end):
        self.at_once(self.one_connection, range(begin, end))

    def one_connection(self, number):
        """Started, attached, used or not, and stopped by one side or other."""
        server_id = self.SERVER_IDS[number % len(self.SERVER_IDS)]
        connection_id = f"c{number}"
        started = self.start_connection(connection_id, server_id)
        if number % 10 == 9:  # Nobody comes.
            return self.stop(started)
        [fd] = self.take(started)
        if number % MOUNTED == 0:
            client = node.Load(fd, "once")
            self.assertEqual(client.process.wait(timeout=60), 0)
            client.kill()
        elif number % 3 == 0:
            self.stop(started)
            os.close(fd)
        else:
            os.close(fd)
        return None

    def stop(self, started):
        self.api.connections.StopConnection(
            connections.StopConnectionRequest(
                name=started.connection.name, acknowledge_sandbox_kill=True),
            timeout=TIMEOUT)

    def wait_for_forgetting(self):
        """Until none is active, and those that ended are not kept."""
        def listed():
            return self.api.connections.ListConnections(
                connections.ListConnectionsRequest(parent="servers/-"),
                timeout=TIMEOUT).connections
        wait_until(lambda: not listed(), "their ends", 60)
        self.assertEqual(self.count(), 0)

    def watchers(self, pids):
        def of(pid):
            return lambda: Footprint(pid)
        found = {f"gofer {i}": of(pid) for i, pid in pids.items()}
        return found | {"goferd": self.goferd_has}

    def all_footprints(self, pids):
        return {name: now() for name, now in self.watchers(pids).items()}

    @staticmethod
    def describe(footprints):
        return "; ".join(f"{n}: {f}" for n, f in footprints.items())

    def check_tickets(self):
        """All 64 can be had: none was left unused by those that are gone."""
        held = [self.start_connection(f"t{i}", self.SERVER_IDS[i % 4])
                for i in range(64)]
        for started in held:
            self.stop(started)
        self.start_connection("another", "a")
        self.assertEqual(self.connection("another", "a").state,
                         STATE.PENDING_ATTACH)
        self.stop_all("another")

    def stop_all(self, connection_id):
        self.api.connections.StopConnection(
            connections.StopConnectionRequest(
                name=f"servers/a/connections/{connection_id}"), timeout=TIMEOUT)


if __name__ == "__main__":
    unittest.main()
