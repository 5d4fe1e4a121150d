"""A goferd of a test's own, and what asks it."""

import contextlib
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time
import unittest

import grpc
from goferd.admin.v1 import connection_pb2
from goferd.admin.v1 import connection_service_pb2 as connections
from goferd.admin.v1 import connection_service_pb2_grpc as connections_grpc
from goferd.admin.v1 import daemon_service_pb2_grpc as daemon_grpc
from goferd.admin.v1 import error_reason_pb2
from goferd.admin.v1 import event_service_pb2_grpc as events_grpc
from goferd.admin.v1 import handler_service_pb2_grpc as handlers_grpc
from goferd.admin.v1 import server_pb2
from goferd.admin.v1 import server_service_pb2 as servers
from goferd.admin.v1 import server_service_pb2_grpc as servers_grpc
from goferd.admin.v1 import stats_service_pb2_grpc as stats_grpc
from google.rpc import error_details_pb2
from google.rpc import status_pb2

TIMEOUT = 30


def wait_until(condition, what, seconds=20):
    """Until `condition` is true; polls, for what no event tells of."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not in time: {what}")
        time.sleep(0.01)


def is_running(pid):
    """A process that nobody has waited for does not run, either."""
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8") as file:
            return "State:\tZ" not in file.read()
    except (FileNotFoundError, ProcessLookupError):
        return False


def metadata_of(error):
    """The ErrorInfo metadata of a grpc.RpcError."""
    for key, value in error.trailing_metadata() or ():
        if key != "grpc-status-details-bin":
            continue
        for detail in status_pb2.Status.FromString(value).details:
            info = error_details_pb2.ErrorInfo()
            if detail.Unpack(info):
                return dict(info.metadata)
    return {}


def retry_of(error):
    """The seconds of the RetryInfo of a grpc.RpcError; None without one."""
    for key, value in error.trailing_metadata() or ():
        if key != "grpc-status-details-bin":
            continue
        for detail in status_pb2.Status.FromString(value).details:
            retry = error_details_pb2.RetryInfo()
            if detail.Unpack(retry):
                return retry.retry_delay.seconds + retry.retry_delay.nanos / 1e9
    return None


def reason_of(error):
    """The ErrorInfo reason and the field violations of a grpc.RpcError."""
    for key, value in error.trailing_metadata() or ():
        if key != "grpc-status-details-bin":
            continue
        status = status_pb2.Status.FromString(value)
        reason, violations = "", []
        for detail in status.details:
            info = error_details_pb2.ErrorInfo()
            bad = error_details_pb2.BadRequest()
            if detail.Unpack(info):
                assert info.domain == "goferd", info
                reason = info.reason
            elif detail.Unpack(bad):
                violations = [v.field for v in bad.field_violations]
        return reason, violations
    return "", []


class Api:
    """The six services over one channel."""

    def __init__(self, target, credentials=None):
        # A connection of its own, whatever other channels there are.
        options = [("grpc.use_local_subchannel_pool", 1)]
        self.channel = (
            grpc.insecure_channel(target, options) if credentials is None
            else grpc.secure_channel(target, credentials, options))
        self.servers = servers_grpc.ServerServiceStub(self.channel)
        self.connections = connections_grpc.ConnectionServiceStub(self.channel)
        self.handlers = handlers_grpc.HandlerServiceStub(self.channel)
        self.events = events_grpc.EventServiceStub(self.channel)
        self.stats = stats_grpc.StatsServiceStub(self.channel)
        self.daemon = daemon_grpc.DaemonServiceStub(self.channel)

    def close(self):
        self.channel.close()


class Goferd:
    """The daemon's process on a state directory that outlives it."""

    def __init__(self, base, config=""):
        self.base = base
        self.state = os.path.join(base, "state")
        self.config = os.path.join(base, "goferd.textproto")
        self.log_path = os.path.join(base, "goferd.log")
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(f'state_directory: "{self.state}"\n'
                       f'allowed_roots: "{base}"\n'
                       f'gofer_path: "{os.environ["GOFER"]}"\n' + config)
        # A program and its arguments that becomes goferd, such as setpriv(1).
        self.wrapper = []
        self.process = None
        self.api = None

    @property
    def target(self):
        return f"unix:{self.state}/admin.sock"

    def spawn(self, *flags, prefix=(), **popen):
        """Starts the process, whether it gets ready or not. `prefix` is a
        command that executes the rest of its words."""
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [*self.wrapper, *prefix, os.environ["GOFERD"], f"--config={self.config}",
                 *flags], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                **popen)
        return self.process

    def start(self, *flags, **how):
        self.spawn(*flags, **how)
        self.api = Api(self.target)
        try:
            grpc.channel_ready_future(self.api.channel).result(timeout=20)
        except grpc.FutureTimeoutError as error:
            raise AssertionError("goferd does not answer:\n" + self.log()) from error
        return self

    def log(self):
        if not os.path.exists(self.log_path):
            return ""
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def refuses_to_start(self, *flags, **how):
        """The exit status of one that does not, and what it says meanwhile."""
        at = len(self.log())
        process = self.spawn(*flags, **how)
        self.process = None
        try:
            status = process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
        return status, self.log()[at:]

    def stop(self, how=signal.SIGTERM):
        """Returns the exit status."""
        if self.api:
            self.api.close()
            self.api = None
        if self.process is None:
            return None
        self.process.send_signal(how)
        status = self.process.wait(timeout=30)
        self.process = None
        return status


class NodeTest(unittest.TestCase):
    """A test with a goferd; afterwards none of its processes is left."""

    CONFIG = ""
    WRAPPER = ()

    def setUp(self):
        self.base = os.path.realpath(tempfile.mkdtemp(prefix="goferd-test-"))
        self.tree = os.path.join(self.base, "tree")
        os.mkdir(self.tree)
        with open(os.path.join(self.tree, "hello"), "w", encoding="utf-8") as file:
            file.write("hello from the tree")
        self.goferd = Goferd(self.base, self.CONFIG)
        self.goferd.wrapper = list(self.WRAPPER)
        self.goferd.start()
        self.loads = []

    def tearDown(self):
        for load in self.loads:
            load.kill()
        gofers = set(self.gofers())
        self.goferd.stop(signal.SIGKILL)
        # Those that it was starting again meanwhile, too.
        for pid in gofers | set(self.gofers()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        shutil.rmtree(self.base, ignore_errors=True)

    @property
    def api(self):
        return self.goferd.api

    def gofers(self):
        """The pids of the gofers that this goferd, or one before it, started."""
        pids = []
        top = os.path.join(self.goferd.state, "servers")
        for name in os.listdir(top) if os.path.isdir(top) else ():
            with contextlib.suppress(OSError, ValueError, IndexError):
                with open(os.path.join(top, name, "pid"), encoding="utf-8") as file:
                    pids.append(int(file.read().split()[0]))
        return pids

    def assert_fails(self, code, reason, call, *args, **kwargs):
        with self.assertRaises(grpc.RpcError) as caught:
            call(*args, timeout=TIMEOUT, **kwargs)
        error = caught.exception
        self.assertEqual(error.code(), code, error)
        self.assertEqual(reason_of(error)[0], reason, error)
        self.assertTrue(error.details(), "an error without a text")
        return error

    def create_server(self, server_id="web", **fields):
        fields.setdefault("root", self.tree)
        return self.api.servers.CreateServer(
            servers.CreateServerRequest(
                server_id=server_id, server=server_pb2.Server(**fields)),
            timeout=TIMEOUT)

    def start_connection(self, connection_id="c1", server_id="web",
                         mount_path="/", **fields):
        return self.api.connections.StartConnection(
            connections.StartConnectionRequest(
                parent=f"servers/{server_id}", connection_id=connection_id,
                mount_path=mount_path, **fields),
            timeout=TIMEOUT)

    def count(self, parent="servers/-"):
        return self.api.connections.GetActiveConnectionCount(
            connections.GetActiveConnectionCountRequest(parent=parent),
            timeout=TIMEOUT).total_count

    def connection(self, connection_id="c1", server_id="web"):
        return self.api.connections.GetConnection(
            connections.GetConnectionRequest(
                name=f"servers/{server_id}/connections/{connection_id}"),
            timeout=TIMEOUT)

    def server(self, server_id="web"):
        return self.api.servers.GetServer(
            servers.GetServerRequest(name=f"servers/{server_id}"),
            timeout=TIMEOUT)

    def take(self, *started):
        """The clients' ends of connections, by their tickets."""
        path = started[0].ticket.attach_socket_path
        fds, status, reason, text = exchange(
            path, request(1, [s.ticket.ticket for s in started]))
        self.assertEqual((status, reason), (0, 0), text)
        self.assertEqual(len(fds), len(started))
        return fds

    def load(self, fd, *words):
        """A LISAFS client on `fd`, mounted."""
        load = Load(fd, *words)
        self.loads.append(load)
        return load

    def mounted_load(self, connection_id="c1", server_id="web"):
        [fd] = self.take(self.start_connection(connection_id, server_id))
        load = self.load(fd)
        load.wait_for_mount()
        return load


class Load:
    """tests/integration/controlplane/lisafs_load as a process."""

    def __init__(self, fd, *words):
        self.process = subprocess.Popen(
            [os.environ["LISAFS_LOAD"], str(fd), *words], pass_fds=[fd],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        os.close(fd)

    def wait_for_mount(self):
        line = self.process.stdout.readline()
        assert line == "mounted\n", line

    def finish(self):
        """Ends it; returns how many requests it made, and how many failed."""
        text, _ = self.process.communicate(timeout=30)
        words = text.split()
        if "ops" not in words:
            raise AssertionError(text)
        at = words.index("ops")
        return int(words[at + 1]), int(words[at + 3]), int(words[at + 5])

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            pipe.close()


# The status and the reason of answers at the attach socket: the codes of gRPC
# and the numbers of ErrorReason.
TICKET_INVALID = (grpc.StatusCode.UNAUTHENTICATED.value[0],
                  error_reason_pb2.TICKET_INVALID)
PEER_MISMATCH = (grpc.StatusCode.PERMISSION_DENIED.value[0],
                 error_reason_pb2.PEER_MISMATCH)
MALFORMED = (grpc.StatusCode.INVALID_ARGUMENT.value[0],
             error_reason_pb2.FIELD_INVALID)


def request(op, tickets, magic=b"GFRq", version=1, count=None, rest=b""):
    """An attach request, as controlplane/attach_record/attach_record.h lays it out."""
    count = len(tickets) if count is None else count
    return (struct.pack("<4sHHHH", magic, version, op, count, 0) +
            b"".join(tickets) + rest)


def exchange(path, packet, fds=()):
    """Sends one packet to the attach socket; the FDs and the answer."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client:
        client.settimeout(20)
        client.connect(path)
        socket.send_fds(client, [packet], list(fds))
        data, received, flags, _ = socket.recv_fds(client, 1024, 253)
        assert not flags & socket.MSG_CTRUNC
        magic, version, count, status, reason = struct.unpack("<4sHHII", data[:16])
        assert (magic, version, count) == (b"GFAn", 1, len(received)), data
        return received, status, reason, data[16:].decode()


def goferctl(target, *words, **kwargs):
    return subprocess.run(
        [os.environ["GOFERCTL"], f"--endpoint={target}", *words], timeout=60,
        capture_output=True, text=True, check=False, **kwargs)


def read_json(text):
    return json.loads(text)


STATE = connection_pb2.Connection
SERVER_STATE = server_pb2.Server
