"""Shared resources with isolation: what hangs, or is greedy, starves nobody."""

import concurrent.futures
import contextlib
import os
import signal
import socket
import threading
import time
import unittest

import grpc
from goferd.admin.v1 import connection_service_pb2 as connections
from goferd.admin.v1 import daemon_service_pb2 as daemon
from goferd.admin.v1 import event_service_pb2 as events
from goferd.admin.v1 import log_level_pb2
from goferd.admin.v1 import server_service_pb2 as servers

import node
from node import SERVER_STATE, STATE, TIMEOUT, wait_until

CODE = grpc.StatusCode
TAKE, GIVE = 1, 2
HUNG = 32
# A machine that is busy with other things may be so late.
NOISE = 0.25


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class IsolationTest(node.NodeTest):

    def setUp(self):
        self.port = free_port()
        self.CONFIG = (  # pylint: disable=invalid-name
            "listeners { uds { } }\n"
            f'listeners {{ tcp {{ address: "127.0.0.1:{self.port}" '
            "plaintext_loopback_role: ROLE_VIEWER } }\n" + self.MORE)
        self.open = contextlib.ExitStack()
        self.stopped = []
        super().setUp()

    MORE = ""

    def tearDown(self):
        for pid in self.stopped:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        self.open.close()
        super().tearDown()

    def another_api(self, target=None):
        """Over a transport of its own."""
        api = node.Api(target or self.goferd.target)
        self.open.callback(api.close)
        return api

    def hang(self, *names):
        for name in names:
            pid = self.server(name).gofer_pid
            os.kill(pid, signal.SIGSTOP)
            self.stopped.append(pid)

    def wake(self):
        for pid in self.stopped:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        self.stopped.clear()


class HungGofersTest(IsolationTest):

    def start_times(self, prefix, count=40):
        """How long StartConnection takes on the healthy server, sorted."""
        times = []
        for i in range(count):
            begin = time.monotonic()
            self.start_connection(f"{prefix}{i}", "healthy")
            times.append(time.monotonic() - begin)
            self.api.connections.StopConnection(
                connections.StopConnectionRequest(
                    name=f"servers/healthy/connections/{prefix}{i}"),
                timeout=TIMEOUT)
        return sorted(times)

    def test_hung_gofers_hold_up_no_other_server(self):
        self.create_server("healthy")
        names = [f"hung{i}" for i in range(HUNG)]
        for name in names:
            self.create_server(name)
        idle = self.start_times("idle")
        self.hang(*names)
        api = self.another_api()
        deletions = [api.servers.DeleteServer.future(
            servers.DeleteServerRequest(name=f"servers/{name}", force=True),
            timeout=120) for name in names]
        viewer = self.another_api(f"127.0.0.1:{self.port}")
        watches = [viewer.events.WatchEvents(events.WatchEventsRequest())
                   for _ in range(200)]
        wait_until(lambda: all(self.server(name).state == SERVER_STATE.STOPPING
                               for name in names), "all deletions")
        busy = self.start_times("busy")
        self.assertFalse(any(one.done() for one in deletions))
        print(f"p99 of StartConnection: {idle[-1] * 1e3:.1f} ms idle, "
              f"{busy[-1] * 1e3:.1f} ms beside {HUNG} hung gofers")
        self.assertLess(busy[-1], max(3 * idle[-1], NOISE))
        for watch in watches:
            watch.cancel()
        self.wake()
        for deletion in deletions:
            deletion.result()

    def test_set_log_level_names_gofers_that_were_not_told(self):
        for name in ("a", "b", "c"):
            self.create_server(name)
        self.hang("b")
        answer = self.api.daemon.SetLogLevel(
            daemon.SetLogLevelRequest(name="servers/-",
                                      log_level=log_level_pb2.LOG_LEVEL_DEBUG),
            timeout=TIMEOUT)
        self.assertEqual(list(answer.unreachable), ["servers/b"])


class QuotaTest(IsolationTest):

    def test_a_viewer_cannot_lock_the_admin_out(self):
        self.create_server()
        viewers = [self.another_api(f"127.0.0.1:{self.port}") for _ in range(2)]
        watches = [viewers[i % 2].events.WatchEvents(
            events.WatchEventsRequest(include_initial_state=True))
                   for i in range(300)]
        taken = refused = 0
        for watch in watches:
            try:
                next(watch)
                taken += 1
            except grpc.RpcError as error:
                self.assertEqual(error.code(), CODE.RESOURCE_EXHAUSTED)
                self.assertGreater(node.retry_of(error), 0)
                refused += 1
        self.assertEqual((taken, refused), (64, 236))
        admin = self.api.events.WatchEvents(
            events.WatchEventsRequest(include_initial_state=True),
            timeout=TIMEOUT)
        next(admin)
        admin.cancel()
        for watch in watches:
            watch.cancel()

    def test_one_caller_waits_for_more_servers_than_there_are_watches(self):
        self.create_server()
        # A transport has 256 calls.
        apis = [self.another_api() for _ in range(3)]
        waits = [apis[i % 3].servers.WaitServer.future(
            servers.WaitServerRequest(
                name="servers/web",
                until=servers.WaitServerRequest.SERVER_ENDED), timeout=60)
                 for i in range(600)]
        self.api.servers.DeleteServer(
            servers.DeleteServerRequest(name="servers/web"), timeout=TIMEOUT)
        for wait in waits:
            # Those that come after the deletion find no server.
            error = wait.exception()
            if error is not None:
                self.assertEqual(error.code(), CODE.NOT_FOUND, error)

    def test_simultaneous_clients_of_the_attach_socket_wait(self):
        self.create_server()
        started = [self.start_connection(f"c{i}") for i in range(60)]
        barrier = threading.Barrier(len(started))

        def take(one):
            barrier.wait()
            return node.exchange(one.ticket.attach_socket_path,
                                 node.request(TAKE, [one.ticket.ticket]))

        with concurrent.futures.ThreadPoolExecutor(len(started)) as threads:
            results = list(threads.map(take, started))
        for fds, status, _, text in results:
            self.assertEqual((len(fds), status), (1, 0), text)
            os.close(fds[0])


class WholeBatchesTest(IsolationTest):

    MORE = "servers { control_timeout { seconds: 1 } }\n"

    def batch(self, mode):
        for name in ("good", "hung"):
            self.create_server(name)
        return self.api.connections.BatchStartConnections(
            connections.BatchStartConnectionsRequest(
                parent="servers/-", requests=[
                    connections.StartConnectionRequest(
                        parent=f"servers/{name}", connection_id="c1",
                        mount_path="/", attach_mode=mode)
                    for name in ("good", "hung")]),
            timeout=TIMEOUT)

    def assert_whole(self, mode, fds=()):
        started = self.batch(mode).responses
        self.hang("hung")
        received, status, _, text = node.exchange(
            started[0].ticket.attach_socket_path,
            node.request(mode, [one.ticket.ticket for one in started]), fds)
        self.assertEqual(received, [])
        self.assertEqual(status, CODE.UNAVAILABLE.value[0], text)
        good = self.connection("c1", "good")
        self.assertEqual((good.state, good.end_reason),
                         (STATE.FAILED, STATE.INTERNAL_ERROR), good)
        self.assertIn("servers/hung/connections/c1", good.end_detail)

    def test_take(self):
        self.assert_whole(TAKE)

    def test_give(self):
        pairs = [socket.socketpair() for _ in range(2)]
        self.assert_whole(GIVE, [pair[1].fileno() for pair in pairs])
        for pair in pairs:
            pair[1].close()
            pair[0].settimeout(20)
            if pair is pairs[0]:
                # Its gofer has let go of it.
                self.assertEqual(pair[0].recv(1), b"")
            pair[0].close()


class RaceTest(IsolationTest):

    def test_a_start_that_races_a_drain_says_that_the_server_drains(self):
        self.create_server()
        refused = 0
        with concurrent.futures.ThreadPoolExecutor(4) as threads:
            for i in range(20):
                starts = [threads.submit(self.start_connection, f"c{i}-{k}")
                          for k in range(3)]
                self.api.servers.DrainServer(
                    servers.DrainServerRequest(name="servers/web"),
                    timeout=TIMEOUT)
                for start in starts:
                    error = start.exception()
                    if error is not None:
                        self.assertEqual(node.reason_of(error)[0],
                                         "SERVER_DRAINING", error)
                        refused += 1
                self.api.servers.UndrainServer(
                    servers.UndrainServerRequest(name="servers/web"),
                    timeout=TIMEOUT)
        print(f"{refused} of 60 starts were refused")


if __name__ == "__main__":
    unittest.main()
