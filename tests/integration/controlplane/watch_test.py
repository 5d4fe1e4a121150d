"""Watches: slow readers, readers that come back, many readers."""

import contextlib
import threading
import time
import unittest

import grpc
from goferd.admin.v1 import connection_service_pb2 as connections
from goferd.admin.v1 import event_service_pb2 as events
from goferd.admin.v1 import handler_rule_pb2 as rules
from goferd.admin.v1 import handler_service_pb2 as handlers
from goferd.admin.v1 import mid_pb2 as mid
from goferd.admin.v1 import server_pb2
from goferd.admin.v1 import server_service_pb2 as servers
from goferd.admin.v1 import stats_service_pb2 as stats

import node
import watching
from node import SERVER_STATE, TIMEOUT, wait_until
from watching import EVENT

KEPT = 1024  # The least that can be configured.
TOO_FAR_BEHIND = KEPT * 3 // 4


class WatchTest(node.NodeTest):

    CONFIG = f"max_kept_events: {KEPT}"

    def setUp(self):
        super().setUp()
        self.create_server()

    def watch(self, **fields):
        return self.api.events.WatchEvents(events.WatchEventsRequest(**fields),
                                           timeout=2 * TIMEOUT)

    def assert_watch_fails(self, code, reason, **fields):
        stream = self.watch(**fields)
        with self.assertRaises(grpc.RpcError) as caught:
            next(stream)
        self.assertEqual(caught.exception.code(), code)
        self.assertEqual(node.reason_of(caught.exception)[0], reason)

    def revision(self):
        return self.api.servers.ListServers(
            servers.ListServersRequest(), timeout=TIMEOUT).revision

    def events_until(self, revision, **fields):
        """Those of a new watch, up to `revision`."""
        seen = []
        stream = self.watch(**fields)
        while not seen or seen[-1].revision < revision:
            seen += next(stream).events
        stream.cancel()
        return seen

    def relabel(self, number):
        return self.api.servers.UpdateServer(
            servers.UpdateServerRequest(
                server=server_pb2.Server(name="servers/web",
                                         labels={"n": str(number)})),
            timeout=TIMEOUT)


class SlowReaderTest(WatchTest):

    def test_it_is_told_and_resumes_without_a_gap(self):
        stuck = watching.StuckWatch(self, TOO_FAR_BEHIND + 100)
        last = self.revision()
        first = stuck.first[-1].revision
        seen, error = stuck.read_all()
        self.assertIsNone(error)
        self.assertEqual(seen[-1].type, EVENT.OVERFLOW)
        told = [e.revision for e in seen[:-1]]
        # What it was told of has no gap, and it was not told of all.
        self.assertEqual(told, list(range(first + 1, first + 1 + len(told))))
        self.assertLess(told[-1], last - TOO_FAR_BEHIND)
        self.assertEqual(seen[-1].revision, told[-1])
        rest = self.events_until(last, resume_token=seen[-1].resume_token)
        self.assertEqual([e.revision for e in rest],
                         list(range(told[-1] + 1, last + 1)))
        self.assertEqual(rest[-1].server.labels["n"],
                         str(TOO_FAR_BEHIND + 100 - 1))

    def test_it_keeps_no_other_reader_waiting(self):
        watching.StuckWatch(self)
        reader = watching.Reader(self.watch())
        self.addCleanup(reader.stop)
        # Another watch begins at the moment when it is asked for.
        wait_until(lambda: self.relabel("x") and reader.events, "an event")

    def test_one_that_is_gone_too_long_has_to_list_again(self):
        [event] = self.events_until(0, start_revision=1)[:1]
        for i in range(KEPT + 1):
            self.relabel(i)
        for start in ({"resume_token": event.resume_token},
                      {"start_revision": event.revision}):
            self.assert_watch_fails(grpc.StatusCode.OUT_OF_RANGE, "COMPACTED",
                                    **start)
        # Those that are not there yet were another run's.
        self.assert_watch_fails(grpc.StatusCode.OUT_OF_RANGE, "COMPACTED",
                                start_revision=self.revision() + 1000)

    def test_tokens_that_are_none(self):
        token = self.events_until(0, start_revision=1)[0].resume_token
        for fields in ({"resume_token": "nonsense"},
                       {"resume_token": token, "filter": 'kind = "server"'},
                       {"resume_token": token, "parent": "servers/web"},
                       {"start_revision": 0},
                       {"resume_token": token, "include_initial_state": True}):
            self.assert_watch_fails(grpc.StatusCode.INVALID_ARGUMENT,
                                    "FIELD_INVALID", **fields)


class RestartTest(WatchTest):

    def test_a_reader_comes_back_after_a_restart(self):
        """The token of the last words is of a run that is over: it is told so,
        lists again, and has missed nothing that holds."""
        reader = watching.Reader(self.watch(include_initial_state=True))
        wait_until(lambda: reader.events, "the initial state")
        self.relabel("before")
        process = self.goferd.process
        process.terminate()
        reader.thread.join()
        self.assertEqual(node.reason_of(reader.error)[0], "SHUTTING_DOWN")
        self.assertEqual(reader.events[-1].type, EVENT.BOOKMARK)
        self.assertEqual(process.wait(timeout=TIMEOUT), 0)
        self.goferd.start()
        self.assert_watch_fails(grpc.StatusCode.OUT_OF_RANGE, "COMPACTED",
                                resume_token=reader.events[-1].resume_token)
        self.start_connection()
        stream = self.watch(include_initial_state=True)
        seen = []
        while not seen or seen[-1].type != EVENT.BOOKMARK:
            seen += next(stream).events
        [server] = [e.server for e in seen if e.server.name]
        self.assertEqual(server.labels["n"], "before")
        self.assertEqual([e.connection.name for e in seen if e.connection.name],
                         ["servers/web/connections/c1"])
        # And goes on from its bookmark.
        token = seen[-1].resume_token
        stream.cancel()
        self.relabel("after")
        [event] = self.events_until(self.revision(), resume_token=token)
        self.assertEqual(event.server.labels["n"], "after")


class ConsistencyTest(WatchTest):

    def test_the_initial_state_fits_what_follows(self):
        """Watches begin while all kinds of resources come and go: at the end,
        what each was told adds up to what is listed."""
        ended = threading.Event()
        threads = [threading.Thread(target=self.keep_changing, args=(i, ended))
                   for i in range(3)]
        for thread in threads:
            thread.start()
        try:
            readers = []
            for _ in range(12):
                readers.append(watching.Reader(
                    self.watch(include_initial_state=True)))
                wait_until(lambda: any(e.type == EVENT.BOOKMARK
                                       for e in readers[-1].events),
                           "the bookmark")
        finally:
            ended.set()
            for thread in threads:
                thread.join()
        last = self.relabel("the last").etag
        for reader in readers:
            wait_until(lambda: any(e.server.etag == last
                                   for e in reader.events), "the last event")
            reader.stop()
            self.assertEqual(self.what_is_there(reader.events), self.listed())
            self.check_order(reader.events)

    def keep_changing(self, number, ended):
        i = 0
        while not ended.is_set():
            i += 1
            server_id = f"s{number}-{i}"
            self.create_server(server_id)
            started = self.start_connection("c", server_id)
            self.api.handlers.CreateHandlerRule(
                handlers.CreateHandlerRuleRequest(
                    parent="servers/web", handler_rule_id=f"r{number}-{i}",
                    handler_rule=rules.HandlerRule(observe={}, permanent=True)),
                timeout=TIMEOUT)
            if i % 2:
                self.api.connections.StopConnection(
                    connections.StopConnectionRequest(
                        name=started.connection.name), timeout=TIMEOUT)
                self.api.handlers.DeleteHandlerRule(
                    handlers.DeleteHandlerRuleRequest(
                        name=f"servers/web/handlerRules/r{number}-{i}"),
                    timeout=TIMEOUT)
                self.api.servers.DeleteServer(
                    servers.DeleteServerRequest(name=f"servers/{server_id}",
                                                force=True), timeout=TIMEOUT)

    @staticmethod
    def resource_of(event):
        kind = event.WhichOneof("resource")
        return getattr(event, kind) if kind else None

    def what_is_there(self, told):
        """{name: etag} of servers, connections and rules."""
        there = {}
        for event in told:
            resource = self.resource_of(event)
            if resource is None or event.HasField("handler"):
                continue
            if event.type == EVENT.DELETED:
                there.pop(resource.name, None)
            else:
                there[resource.name] = resource.etag
        return there

    def listed(self):
        page = {"page_size": 1000}
        found = list(self.api.servers.ListServers(
            servers.ListServersRequest(**page), timeout=TIMEOUT).servers)
        page["parent"] = "servers/-"
        found += self.api.connections.ListConnections(
            connections.ListConnectionsRequest(**page),
            timeout=TIMEOUT).connections
        found += self.api.handlers.ListHandlerRules(
            handlers.ListHandlerRulesRequest(**page),
            timeout=TIMEOUT).handler_rules
        return {r.name: r.etag for r in found}

    def check_order(self, told):
        """Of a resource: ADDED first and once in each life, DELETED last."""
        bookmark = next(i for i, e in enumerate(told)
                        if e.type == EVENT.BOOKMARK)
        revisions = [e.revision for e in told[bookmark:]
                     if e.type != EVENT.BOOKMARK]
        self.assertEqual(revisions, sorted(set(revisions)))
        alive = set()
        for event in told:
            resource = self.resource_of(event)
            if resource is None or event.HasField("handler"):
                continue
            if event.type == EVENT.ADDED:
                self.assertNotIn(resource.name, alive, event)
                alive.add(resource.name)
            else:
                self.assertIn(resource.name, alive, event)
            if event.type == EVENT.DELETED:
                alive.remove(resource.name)


class PublishedTest(WatchTest):

    def published_by(self, call, request):
        """What was published when `call` returned."""
        before = self.revision()
        call(request, timeout=TIMEOUT)
        after = self.revision()
        self.assertGreater(after, before, "nothing was published in time")
        return [(EVENT.Type.Name(e.type), e.WhichOneof("resource"))
                for e in self.events_until(after, start_revision=before)]

    def test_before_the_call_returns(self):
        api = self.api
        server = servers.CreateServerRequest(
            server_id="new", server=server_pb2.Server(root=self.tree))
        rule = handlers.CreateHandlerRuleRequest(
            parent="servers/web", handler_rule_id="r1",
            handler_rule=rules.HandlerRule(observe={}, permanent=True))
        connection = connections.StartConnectionRequest(
            parent="servers/web", connection_id="c1", mount_path="/")
        steps = [
            (api.servers.CreateServer, server, ("ADDED", "server")),
            (api.servers.UpdateServer, servers.UpdateServerRequest(
                server=server_pb2.Server(name="servers/new",
                                         labels={"a": "b"})),
             ("MODIFIED", "server")),
            (api.servers.DrainServer,
             servers.DrainServerRequest(name="servers/new"),
             ("MODIFIED", "server")),
            (api.servers.UndrainServer,
             servers.UndrainServerRequest(name="servers/new"),
             ("MODIFIED", "server")),
            (api.servers.DeleteServer,
             servers.DeleteServerRequest(name="servers/new"),
             ("DELETED", "server")),
            (api.connections.StartConnection, connection,
             ("ADDED", "connection")),
            (api.connections.StopConnection, connections.StopConnectionRequest(
                name="servers/web/connections/c1"), ("MODIFIED", "connection")),
            (api.handlers.CreateHandlerRule, rule, ("ADDED", "handler_rule")),
            (api.handlers.BatchUpsertHandlerRules,
             handlers.BatchUpsertHandlerRulesRequest(
                 parent="servers/web", handler_rules=[rules.HandlerRule(
                     name="servers/web/handlerRules/r1", deny={},
                     permanent=True)]), ("MODIFIED", "handler_rule")),
            (api.handlers.DeleteHandlerRule, handlers.DeleteHandlerRuleRequest(
                name="servers/web/handlerRules/r1"),
             ("DELETED", "handler_rule")),
            (api.handlers.SetHandlers, handlers.SetHandlersRequest(
                parent="servers/web",
                assignments=[handlers.HandlerAssignment(
                    mid=mid.MID_MOUNT, implementation="stock")]),
             ("MODIFIED", "handler")),
            (api.handlers.ResetHandlers, handlers.ResetHandlersRequest(
                parent="servers/web",
                scope=handlers.ResetHandlersRequest.ALL),
             ("MODIFIED", "handler")),
        ]
        for call, request, expected in steps:
            with self.subTest(request=type(request).__name__):
                self.assertIn(expected, self.published_by(call, request))


class StatsTest(WatchTest):

    def watch_stats(self, **fields):
        return self.api.stats.WatchStats(stats.WatchStatsRequest(**fields),
                                         timeout=2 * TIMEOUT)

    def test_samples_come_again_and_again(self):
        self.create_server("other")
        load = self.mounted_load()
        stream = self.watch_stats(name="servers/-", interval={"nanos": 100000000})
        begin = time.monotonic()
        samples = []
        while len(samples) < 4:
            response = next(stream)
            self.assertTrue(response.sample_complete)
            self.assertEqual([s.name for s in response.stats],
                             ["servers/other", "servers/web"])
            samples.append(sum(m.call_count for m in response.stats[1].messages))
        self.assertGreater(time.monotonic() - begin, 0.2)
        self.assertEqual(samples, sorted(samples))
        self.assertLess(samples[0], samples[-1])
        stream.cancel()
        self.assertEqual(load.finish()[1], 0)

    def test_of_each_connection(self):
        self.mounted_load("c1")
        self.mounted_load("c2")
        [sample] = [next(self.watch_stats(name="servers/-/connections/-"))]
        self.assertEqual([s.name for s in sample.stats],
                         [f"servers/web/connections/c{i}" for i in (1, 2)])

    def test_requests_that_make_no_sense(self):
        for fields in ({"name": "web"}, {},
                       {"name": "servers/web", "interval": {"nanos": 1}},
                       {"name": "servers/web", "interval": {"seconds": 3601}}):
            with self.assertRaises(grpc.RpcError) as caught:
                next(self.watch_stats(**fields))
            self.assertEqual(node.reason_of(caught.exception)[0],
                             "FIELD_INVALID")

    def test_the_end_is_told(self):
        stream = self.watch_stats(name="servers/web")
        next(stream)
        self.goferd.process.terminate()
        with self.assertRaises(grpc.RpcError) as caught:
            next(stream)
        self.assertEqual(node.reason_of(caught.exception)[0], "SHUTTING_DOWN")
        self.assertEqual(self.goferd.process.wait(timeout=TIMEOUT), 0)


class BoundTest(WatchTest):

    LIMIT = 256

    def test_there_are_so_many_watches(self):
        """Of all clients together; those that are there go on, and one that
        ends makes room."""
        streams = []
        with contextlib.ExitStack() as channels:
            # One transport has as many calls at most: take two.
            for _ in range(2):
                channel = grpc.insecure_channel(
                    self.goferd.target,
                    options=[("grpc.use_local_subchannel_pool", 1)])
                channels.callback(channel.close)
                stub = type(self.api.events)(channel)
                for _ in range(self.LIMIT // 2):
                    stream = stub.WatchEvents(events.WatchEventsRequest(
                        include_initial_state=True), timeout=4 * TIMEOUT)
                    next(stream)
                    streams.append(stream)
            self.assert_watch_fails(grpc.StatusCode.RESOURCE_EXHAUSTED,
                                    "PROCESS_LIMIT")
            # Waits have places of their own, and others are not kept out.
            self.api.servers.WaitServer(
                servers.WaitServerRequest(name="servers/web"), timeout=TIMEOUT)
            self.assertEqual(self.server().state, SERVER_STATE.ACTIVE)
            streams.pop().cancel()
            wait_until(self.can_watch, "room")

    def can_watch(self):
        stream = self.watch(include_initial_state=True)
        try:
            next(stream)
        except grpc.RpcError:
            return False
        stream.cancel()
        return True


if __name__ == "__main__":
    unittest.main()
