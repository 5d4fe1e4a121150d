"""Readers of event streams, fast and slow, for tests."""

import threading

import grpc
from goferd.admin.v1 import event_service_pb2 as events
from goferd.admin.v1 import event_service_pb2_grpc
from goferd.admin.v1 import server_pb2
from goferd.admin.v1 import server_service_pb2 as servers

from node import TIMEOUT

EVENT = events.Event


def big_change(test, number, server_id="web"):
    """One event of some 8 KB."""
    labels = {f"k{i}": "v" * 63 for i in range(63)}
    labels["n"] = str(number)
    return test.api.servers.UpdateServer(
        servers.UpdateServerRequest(
            server=server_pb2.Server(name=f"servers/{server_id}",
                                     labels=labels)), timeout=TIMEOUT)


def read_all(stream):
    """All events of a stream until it ends, and its error, if it is one."""
    seen = []
    try:
        for response in stream:
            seen += response.events
    except grpc.RpcError as error:
        return seen, error
    return seen, None


class StuckWatch:
    """A watch of all events, up to date once, that nobody reads until
    read_all: goferd's writes to it get stuck."""

    # More than fits into the transport and goferd's own message.
    CHANGES = 64
    # The window stays as small as it begins.
    OPTIONS = (("grpc.http2.bdp_probe", 0),
               ("grpc.use_local_subchannel_pool", 1))

    def __init__(self, test, changes=CHANGES):
        channel = grpc.insecure_channel(test.goferd.target, self.OPTIONS)
        test.addCleanup(channel.close)
        stub = event_service_pb2_grpc.EventServiceStub(channel)
        self.stream = stub.WatchEvents(
            events.WatchEventsRequest(include_initial_state=True),
            timeout=2 * TIMEOUT)
        self.first = []
        while not self.first or self.first[-1].type != EVENT.BOOKMARK:
            self.first += next(self.stream).events
        for i in range(changes):
            big_change(test, i)

    def read_all(self):
        return read_all(self.stream)


class Reader:
    """Reads a stream on a thread of its own."""

    def __init__(self, stream):
        self.stream = stream
        self.events = []
        self.error = None
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        try:
            for response in self.stream:
                self.events += response.events
        except grpc.RpcError as error:
            self.error = error

    def stop(self):
        self.stream.cancel()
        self.thread.join()
