"""ATTACH_MODE_LISTEN: clients that can only open a path."""

import errno
import os
import signal
import socket
import stat
import subprocess
import sys
import time
import unittest

import grpc
from goferd.admin.v1 import connection_service_pb2 as connections
from goferd.admin.v1 import daemon_service_pb2 as daemon
from goferd.admin.v1 import server_service_pb2 as servers

import node
from node import STATE, TIMEOUT, goferctl, read_json, wait_until

TAKE, GIVE, LISTEN = 1, 2, 3

# Somebody else who connects: prints the error, or what becomes of the socket.
CONNECT = """
import os, socket, sys
os.setgroups([])
os.setgid(int(sys.argv[2]))
os.setuid(int(sys.argv[2]))
for _ in range(int(sys.argv[3])):
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(20)
    try:
        client.connect(sys.argv[1])
        print("ended" if client.recv(1) == b"" else "data")
    except TimeoutError:
        print("open")
    except OSError as error:
        print(type(error).__name__)
"""


def connect(path):
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(20)
    client.connect(path)
    client.settimeout(None)
    return client


def connect_error(path):
    """The errno of a connect that must fail."""
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(path)


class ListenTest(node.NodeTest):

    CONFIG = "attach { mode: 438 }\n"  # 0666: other users may connect.

    def setUp(self):
        super().setUp()
        # Other users pass through it.
        os.chmod(self.base, 0o711)
        self.create_server()

    def listen(self, connection_id="c1", **fields):
        started = self.start_connection(
            connection_id, attach_mode=LISTEN, **fields)
        self.assertEqual(started.connection.state, STATE.PENDING_ATTACH)
        self.assertEqual(started.ticket.ticket, b"")
        path = started.ticket.attach_socket_path
        self.assertTrue(stat.S_ISSOCK(os.stat(path).st_mode))
        return path

    def paths(self):
        return os.listdir(os.path.join(self.goferd.state, "attach/attach.sock.d"))

    def connect_as(self, path, uid, times=1):
        done = subprocess.run(
            [sys.executable, "-c", CONNECT, path, str(uid), str(times)],
            capture_output=True, text=True, timeout=60, check=True, cwd="/")
        return done.stdout.split()

    def serve_once(self, path):
        load = self.load(connect(path).detach(), "once")
        self.assertEqual(load.process.wait(timeout=20), 0)

    def test_a_client_that_opens_the_path(self):
        path = self.listen(expected_peer={"uid": os.geteuid(),
                                          "gid": os.getegid(),
                                          "pid": os.getpid()})
        load = self.load(connect(path).detach())
        load.wait_for_mount()
        wait_until(lambda: self.connection().state == STATE.MOUNTED, "MOUNTED")
        connection = self.connection()
        self.assertEqual(connection.attach_mode, LISTEN)
        self.assertEqual(connection.attached_peer.pid, os.getpid())
        self.assertEqual(self.paths(), [])
        self.assertEqual(connect_error(path), errno.ENOENT)
        self.assertEqual(self.count(), 1)
        ops, failures, _ = load.finish()
        self.assertGreater(ops, 0)
        self.assertEqual(failures, 0)
        wait_until(lambda: self.connection().state == STATE.CLOSED, "its end")
        self.assertEqual(self.connection().end_reason, STATE.CLIENT_EOF)

    def test_it_is_told_of(self):
        info = self.api.daemon.GetInfo(daemon.GetInfoRequest(), timeout=TIMEOUT)
        self.assertIn("attach-listen", info.capabilities)

    def test_a_client_that_says_nothing(self):
        client = connect(self.listen())
        wait_until(lambda: self.connection().state == STATE.ATTACHED, "ATTACHED")
        client.close()
        wait_until(lambda: self.connection().state == STATE.CLOSED, "its end")

    @unittest.skipIf(os.geteuid() != 0, "needs other users")
    def test_a_wrong_peer_does_not_use_it_up(self):
        path = self.listen(expected_peer={"uid": os.geteuid()})
        self.assertEqual(self.connect_as(path, 12345, times=40),
                         ["ended"] * 40)
        self.assertEqual(self.connection().state, STATE.PENDING_ATTACH)
        # One line, however many there were.
        self.assertEqual(self.goferd.log().count("of user 12345"), 1)
        self.serve_once(path)

    @unittest.skipIf(os.geteuid() != 0, "needs other users")
    def test_another_user_who_is_expected(self):
        path = self.listen(expected_peer={"uid": 12345})
        with connect(path) as wrong:
            self.assertEqual(wrong.recv(1), b"")
        other = subprocess.Popen(
            [sys.executable, "-c", CONNECT, path, "12345", "1"], cwd="/",
            stdout=subprocess.DEVNULL)
        try:
            wait_until(lambda: self.connection().state == STATE.ATTACHED,
                       "ATTACHED")
            self.assertEqual(self.connection().attached_peer.uid, 12345)
        finally:
            other.kill()
            other.wait()

    @unittest.skipIf(os.geteuid() != 0, "needs other users")
    def test_nobody_else_lists_the_paths(self):
        self.listen()
        listing = subprocess.run(
            ["setpriv", "--reuid=12345", "--regid=12345", "--clear-groups",
             "ls", os.path.join(self.goferd.state, "attach/attach.sock.d")],
            capture_output=True, text=True, timeout=20, check=False, cwd="/")
        self.assertNotEqual(listing.returncode, 0)
        self.assertEqual(listing.stdout, "")

    def test_the_path_is_no_ticket_for_the_attach_socket(self):
        path = self.listen()
        ticket = bytes.fromhex(os.path.basename(path))
        attach = os.path.join(self.goferd.state, "attach/attach.sock")
        for op in (TAKE, GIVE):
            end, other = socket.socketpair()
            with end, other:
                fds = [end.fileno()] if op == GIVE else []
                received, status, _, _ = node.exchange(
                    attach, node.request(op, [ticket]), fds)
                self.assertEqual(received, [])
                self.assertNotEqual(status, 0)
        self.serve_once(path)

    def test_it_expires(self):
        path = self.listen(ticket_ttl={"seconds": 1})
        wait_until(lambda: self.connection().state == STATE.FAILED, "its end")
        self.assertEqual(self.connection().end_reason, STATE.ATTACH_TIMEOUT)
        self.assertEqual(connect_error(path), errno.ENOENT)
        self.assertEqual(self.paths(), [])

    def test_it_is_stopped(self):
        path = self.listen()
        self.api.connections.StopConnection(
            connections.StopConnectionRequest(
                name="servers/web/connections/c1"), timeout=TIMEOUT)
        self.assertEqual(connect_error(path), errno.ENOENT)
        self.assertEqual(self.paths(), [])

    def test_its_server_is_deleted(self):
        path = self.listen()
        self.api.servers.DeleteServer(
            servers.DeleteServerRequest(name="servers/web", force=True),
            timeout=TIMEOUT)
        self.assertEqual(connect_error(path), errno.ENOENT)
        self.assertEqual(self.paths(), [])

    def test_its_gofer_dies(self):
        path = self.listen()
        os.kill(self.server().gofer_pid, signal.SIGKILL)
        wait_until(lambda: self.connection().state == STATE.FAILED, "its end")
        wait_until(lambda: self.paths() == [], "the path's end")
        self.assertEqual(connect_error(path), errno.ENOENT)

    def test_it_outlives_goferd(self):
        for number, how in enumerate((signal.SIGKILL, signal.SIGTERM)):
            path = self.listen(f"c{number}", ticket_ttl={"seconds": 300})
            self.goferd.stop(how)
            self.assertEqual(connect_error(path), errno.ECONNREFUSED)
            self.goferd.start()
            self.serve_once(path)
            self.assertEqual(self.paths(), [])

    def test_it_expires_while_goferd_is_away(self):
        path = self.listen(ticket_ttl={"seconds": 1})
        self.goferd.stop(signal.SIGKILL)
        time.sleep(1)  # It is the time that counts, not an event.
        self.goferd.start()
        wait_until(lambda: self.connection().state == STATE.FAILED, "its end")
        self.assertEqual(self.connection().end_reason, STATE.ATTACH_TIMEOUT)
        self.assertEqual(connect_error(path), errno.ENOENT)

    def test_what_a_dead_goferd_left_is_removed(self):
        path = self.listen()
        gofer = self.server().gofer_pid
        self.goferd.stop(signal.SIGKILL)
        os.kill(gofer, signal.SIGKILL)
        wait_until(lambda: not node.is_running(gofer), "its end")
        self.goferd.start()
        wait_until(lambda: self.paths() == [], "the path's end")
        self.assertEqual(connect_error(path), errno.ENOENT)

    def test_a_repeated_request_gets_a_new_path(self):
        same = {"attach_mode": LISTEN,
                "request_id": "6a1c3b52-59a1-4c2b-9f0e-1d2f3a4b5c6d"}
        first = self.start_connection(**same).ticket.attach_socket_path
        second = self.start_connection(**same).ticket.attach_socket_path
        self.assertNotEqual(first, second)
        self.assertEqual(connect_error(first), errno.ENOENT)
        self.serve_once(second)

    def test_a_batch_of_all_modes(self):
        started = self.batch(TAKE, GIVE, LISTEN, LISTEN).responses
        self.assertEqual([len(one.ticket.ticket) for one in started],
                         [16, 16, 0, 0])
        paths = [one.ticket.attach_socket_path for one in started]
        self.assertEqual(len(set(paths)), 3)
        self.serve_once(paths[2])
        self.serve_once(paths[3])
        [fd] = self.take(started[0])
        os.close(fd)

    def test_a_batch_that_fails_leaves_no_path(self):
        os.mkdir(os.path.join(self.tree, "there"))
        self.assert_fails(
            grpc.StatusCode.NOT_FOUND, "PATH_NOT_FOUND", self.batch,
            LISTEN, TAKE, LISTEN, last_mount="/not/there")
        self.assertEqual(self.paths(), [])
        self.assertEqual(self.count(), 0)

    def batch(self, *modes, last_mount="/", timeout=TIMEOUT):
        requests = [
            connections.StartConnectionRequest(
                connection_id=f"b{i}", mount_path="/", attach_mode=mode)
            for i, mode in enumerate(modes)]
        requests[-1].mount_path = last_mount
        return self.api.connections.BatchStartConnections(
            connections.BatchStartConnectionsRequest(
                parent="servers/web", requests=requests), timeout=timeout)

    def test_goferctl(self):
        done = goferctl(self.goferd.target, "connection", "start", "web/c1",
                        "--mount=/", "--attach=listen",
                        f"--peer-uid={os.geteuid()}", "-o", "json")
        self.assertEqual(done.returncode, 0, done.stderr)
        started = read_json(done.stdout)
        self.assertEqual(started["ticket"].get("ticket", ""), "")
        self.serve_once(started["ticket"]["attachSocketPath"])

    def test_goferctl_connect(self):
        program = ("import socket, sys\n"
                   "for path in sys.argv[1:]:\n"
                   "    client = socket.socket(socket.AF_UNIX)\n"
                   "    client.connect(path)\n"
                   "    print(path)\n")
        done = goferctl(self.goferd.target, "connect", "web", "--attach=listen",
                        "--mount=a=/", "--mount=b=/", "--", sys.executable,
                        "-c", program, "{path}", "{path1}")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(set(done.stdout.split())), 2)
        for name in ("a", "b"):
            wait_until(lambda: self.connection(name).state == STATE.CLOSED,
                       "its end")
            self.assertEqual(self.connection(name).end_reason, STATE.CLIENT_EOF)


class TooLongTest(node.NodeTest):

    def setUp(self):
        super().setUp()
        # The attach socket's own path is good.
        self.goferd.stop(signal.SIGTERM)
        name = "p" * (90 - len(self.base))
        with open(self.goferd.config, "a", encoding="utf-8") as file:
            file.write(f'attach {{ path: "{self.base}/a/{name}" }}\n')
        self.goferd.start()

    def test_all_or_none(self):
        self.create_server()
        requests = [
            connections.StartConnectionRequest(
                connection_id=f"b{mode}", mount_path="/", attach_mode=mode)
            for mode in (TAKE, LISTEN)]
        batch = connections.BatchStartConnectionsRequest(
            parent="servers/web", requests=requests)
        for batch.validate_only in (True, False):
            error = self.assert_fails(
                grpc.StatusCode.INVALID_ARGUMENT, "FIELD_INVALID",
                self.api.connections.BatchStartConnections, batch)
            self.assertIn("attach.path", error.details())
        self.assertEqual(self.count(), 0)
        [fd] = self.take(self.start_connection())
        os.close(fd)
        info = self.api.daemon.GetInfo(daemon.GetInfoRequest(), timeout=TIMEOUT)
        self.assertNotIn("attach-listen", info.capabilities)


if __name__ == "__main__":
    unittest.main()
