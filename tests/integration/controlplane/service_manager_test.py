"""goferd under a service manager: sockets, notifications, watchdog, signals."""

import contextlib
import ctypes
import os
import signal
import socket
import sys
import unittest

import grpc
from goferd.admin.v1 import daemon_service_pb2 as daemon
from goferd.admin.v1 import server_service_pb2 as servers

import node
from node import TIMEOUT

CODE = grpc.StatusCode

# Gives goferd the descriptors of argv[1] as 3, 4 and so on, as systemd does.
HAND_OVER = """
import os, sys
fds = [int(fd) for fd in sys.argv[1].split(",")]
fds = [os.dup(fd) for fd in fds]
fds = [os.dup2(fd, 100 + i) for i, fd in enumerate(fds)]
for i, fd in enumerate(fds):
    os.dup2(fd, 3 + i, inheritable=True)
os.environ["LISTEN_FDS"] = str(len(fds))
os.environ["LISTEN_PID"] = str(os.getpid() + int(sys.argv[2]))
os.execv(sys.argv[3], sys.argv[3:])
"""


def hand_over(*sockets, wrong_pid=0):
    fds = [s.fileno() for s in sockets]
    return {"prefix": [sys.executable, "-c", HAND_OVER,
                       ",".join(map(str, fds)), str(wrong_pid)],
            "pass_fds": fds}


def unix_listener(path):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    return listener


def tcp_listener():
    listener = socket.create_server(("127.0.0.1", 0))
    return listener, "127.0.0.1:%d" % listener.getsockname()[1]


class UnstartedTest(node.NodeTest):
    """A test that starts goferd itself."""

    def setUp(self):
        super().setUp()
        self.goferd.stop()
        self.open = contextlib.ExitStack()

    def tearDown(self):
        self.open.close()
        super().tearDown()

    def configure(self, text):
        with open(self.goferd.config, "a", encoding="utf-8") as file:
            file.write(text)

    def info(self, api):
        return api.daemon.GetInfo(daemon.GetInfoRequest(), timeout=TIMEOUT)


class SocketActivationTest(UnstartedTest):

    def listen_unix(self):
        os.makedirs(self.goferd.state, mode=0o711, exist_ok=True)
        path = self.goferd.target.removeprefix("unix:")
        return self.open.enter_context(unix_listener(path)), path

    def test_unix_socket(self):
        listener, path = self.listen_unix()
        inode = os.stat(path).st_ino
        self.goferd.start(**hand_over(listener))
        self.create_server()
        self.assertEqual(self.goferd.stop(), 0)
        # It is the service manager's, which starts goferd again when somebody
        # comes: who comes meanwhile waits.
        self.assertEqual(os.stat(path).st_ino, inode)
        early = node.Api(self.goferd.target)
        self.open.callback(early.close)
        call = early.servers.GetServer.future(
            servers.GetServerRequest(name="servers/web"), timeout=TIMEOUT)
        self.goferd.start(**hand_over(listener))
        self.assertEqual(call.result().name, "servers/web")

    def test_tcp_port(self):
        listener, address = tcp_listener()
        self.open.enter_context(listener)
        # With the default listener, which is our own.
        self.configure(
            f'listeners {{ tcp {{ address: "{address}" '
            'plaintext_loopback_role: ROLE_VIEWER } } listeners { uds { } }')
        self.goferd.start(**hand_over(listener))
        viewer = node.Api(address)
        self.open.callback(viewer.close)
        self.assertEqual(self.info(viewer).node, self.info(self.api).node)
        self.create_server()
        self.assert_fails(
            CODE.PERMISSION_DENIED, "ROLE_REQUIRED",
            viewer.servers.DeleteServer,
            servers.DeleteServerRequest(name="servers/web"))
        self.assertEqual(self.goferd.stop(), 0)
        # Still listened at, by us.
        with socket.create_connection(listener.getsockname(), timeout=10):
            pass

    def test_both_at_once(self):
        tcp, address = tcp_listener()
        self.open.enter_context(tcp)
        unix_socket, _ = self.listen_unix()
        self.configure(
            f'listeners {{ tcp {{ address: "{address}" '
            'plaintext_loopback_role: ROLE_ADMIN } } listeners { uds { } }')
        self.goferd.start(**hand_over(unix_socket, tcp))
        admin = node.Api(address)
        self.open.callback(admin.close)
        self.create_server()
        admin.servers.DeleteServer(
            servers.DeleteServerRequest(name="servers/web"), timeout=TIMEOUT)

    def test_sockets_of_another_process_are_left_alone(self):
        listener, path = self.listen_unix()
        os.unlink(path)
        self.goferd.start(**hand_over(listener, wrong_pid=1))
        self.info(self.api)

    def test_what_no_listener_has_is_refused(self):
        stray = self.open.enter_context(
            unix_listener(os.path.join(self.base, "stray.sock")))
        status, text = self.goferd.refuses_to_start(**hand_over(stray))
        self.assertEqual(status, 14, text)
        self.assertIn("stray.sock: was passed by the service manager", text)
        tcp, address = tcp_listener()
        self.open.enter_context(tcp)
        status, text = self.goferd.refuses_to_start(**hand_over(tcp))
        self.assertEqual(status, 14, text)
        self.assertIn(f"{address}: was passed by the service manager", text)

    def test_wrong_kinds_are_refused(self):
        silent = self.open.enter_context(socket.socket(socket.AF_UNIX))
        datagrams = self.open.enter_context(
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        datagrams.bind(("127.0.0.1", 0))
        for wrong in (silent, datagrams):
            status, text = self.goferd.refuses_to_start(**hand_over(wrong))
            self.assertEqual(status, 14, text)
            self.assertIn("ListenStream=", text)


class NotifyTest(UnstartedTest):

    def setUp(self):
        super().setUp()
        path = os.path.join(self.base, "notify.sock")
        self.notify = self.open.enter_context(
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        self.notify.bind(path)
        self.notify.settimeout(20)
        self.environment = dict(os.environ, NOTIFY_SOCKET=path)

    def next_word(self):
        return self.notify.recv(4096).decode().split("\n")

    def wait_for_word(self, word):
        while word not in self.next_word():
            pass

    def test_ready_reloading_stopping(self):
        self.goferd.spawn(env=self.environment)
        self.assertIn("READY=1", self.next_word())
        # Whoever waits for READY can ask at once: no attempt is repeated.
        self.goferd.api = node.Api(self.goferd.target)
        self.info(self.api)
        self.goferd.process.send_signal(signal.SIGHUP)
        reloading = self.next_word()
        self.assertIn("RELOADING=1", reloading)
        self.assertTrue(any(w.startswith("MONOTONIC_USEC=") for w in reloading))
        self.assertIn("READY=1", self.next_word())
        self.goferd.process.send_signal(signal.SIGTERM)
        self.assertIn("STOPPING=1", self.next_word())
        self.assertEqual(self.goferd.stop(), 0)

    def test_one_that_fails_is_never_ready(self):
        status, text = self.goferd.refuses_to_start(
            "--roles-file=/no/such/file", env=self.environment)
        self.assertEqual(status, 11, text)
        self.notify.setblocking(False)
        with self.assertRaises(BlockingIOError):
            self.notify.recv(4096)

    def test_a_hanging_event_loop_is_not_alive(self):
        # Of ours alone: the environment of a service manager that watches the
        # test itself has another WATCHDOG_PID.
        self.environment.pop("WATCHDOG_PID", None)
        self.environment["WATCHDOG_USEC"] = "200000"
        self.goferd.start(env=self.environment)
        self.wait_for_word("WATCHDOG=1")
        for _ in range(3):
            self.assertEqual(self.next_word(), ["WATCHDOG=1"])
        loops = threads_named(self.goferd.process.pid, "event-loop")
        self.assertEqual(len(loops), 2)
        for thread in loops:
            with stopped_thread(thread):
                self.assertTrue(self.falls_silent())
                # The rest goes on.
                self.info(self.api)
            self.wait_for_word("WATCHDOG=1")
        self.assertIn("thread hangs", self.goferd.log())

    def falls_silent(self):
        """Not a word for five times the watchdog's time."""
        self.notify.settimeout(1)
        try:
            # Those under way, at most.
            for _ in range(20):
                self.next_word()
            return False
        except TimeoutError:
            return True
        finally:
            self.notify.settimeout(20)

    def test_a_hangup_reads_the_roles_and_names_what_it_does_not_read(self):
        roles = os.path.join(self.base, "roles")
        write(roles, f"bindings {{ role: ROLE_ADMIN uid: {os.geteuid()} }}")
        self.configure(f'roles_file: "{roles}"\n')
        self.goferd.start(env=self.environment)
        self.wait_for_word("READY=1")
        self.create_server()
        write(roles, f"bindings {{ role: ROLE_VIEWER uid: {os.geteuid()} }}")
        self.configure('node: "elsewhere" max_kept_events: 4096\n')
        self.hang_up()
        # Over the transport that is there already.
        self.server()
        self.assert_fails(
            CODE.PERMISSION_DENIED, "ROLE_REQUIRED",
            self.api.servers.DeleteServer,
            servers.DeleteServerRequest(name="servers/web"))
        self.assertNotEqual(self.info(self.api).node, "elsewhere")
        self.assertIn("not in force: node, max_kept_events", self.goferd.log())

        write(roles, "bindings { role: ROLE_KING }")
        self.configure("no such field\n")
        self.hang_up()
        self.server()
        self.assertIn("the roles before stay in force", self.goferd.log())
        self.assertIn("the configuration has faults", self.goferd.log())

        write(roles, f"bindings {{ role: ROLE_ADMIN uid: {os.geteuid()} }}")
        self.hang_up()
        self.api.servers.UpdateServer(
            servers.UpdateServerRequest(
                server={"name": "servers/web", "labels": {"a": "b"}},
                update_mask={"paths": ["labels"]}), timeout=TIMEOUT)

    def hang_up(self):
        self.goferd.process.send_signal(signal.SIGHUP)
        self.wait_for_word("RELOADING=1")
        self.wait_for_word("READY=1")


class EndTest(node.NodeTest):

    def test_sigterm_under_load_leaves_gofers_and_no_sockets(self):
        self.create_server()
        load = self.mounted_load()
        gofers = self.gofers()
        self.assertEqual(len(gofers), 1)
        names = ("admin.sock", "attach/attach.sock")
        for name in names:
            self.assertTrue(os.path.exists(os.path.join(self.goferd.state, name)))
        self.assertEqual(self.goferd.stop(), 0)
        for name in names:
            self.assertFalse(os.path.exists(os.path.join(self.goferd.state, name)))
        os.kill(gofers[0], 0)
        operations, failed, _ = load.finish()
        self.assertGreater(operations, 0)
        self.assertEqual(failed, 0)


class SecondGoferdTest(node.NodeTest):
    """Whose sockets are taken: it fails, and the first is unharmed."""

    def second(self, *flags):
        other = node.Goferd(os.path.join(self.base, "other"))
        return other.refuses_to_start(*flags)

    def setUp(self):
        super().setUp()
        os.mkdir(os.path.join(self.base, "other"))
        with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as free:
            self.address = "127.0.0.1:%d" % free.getsockname()[1]

    def test_same_unix_socket(self):
        status, text = self.second(f"--listen={self.goferd.target}")
        self.assertEqual(status, 14, text)
        self.assertIn("another goferd listens there", text)
        self.create_server()

    def test_same_port(self):
        self.goferd.stop()
        flags = ("--plaintext-loopback-role=admin", f"--listen=tcp:{self.address}")
        self.goferd.start(*flags, f"--listen={self.goferd.target}")
        status, text = self.second(*flags)
        self.assertEqual(status, 14, text)
        self.assertIn(f"{self.address}: cannot be listened at", text)
        # Every connection is the first one's.
        for _ in range(8):
            api = node.Api(self.address)
            api.daemon.GetInfo(daemon.GetInfoRequest(), timeout=TIMEOUT)
            api.close()

    def test_plaintext_off_loopback(self):
        for address in ("0.0.0.0:0", "[::]:0", "192.0.2.1:7443"):
            status, text = self.second("--plaintext-loopback-role=viewer",
                                       f"--listen=tcp:{address}")
            self.assertEqual(status, 10, text)
            self.assertIn("is not a loopback address: use tls", text)
        status, text = self.second("--listen=tcp:127.0.0.1:0")
        self.assertEqual(status, 10, text)
        self.assertIn("--tls-certificate", text)


def write(path, text):
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(text)
    os.rename(path + ".new", path)


def threads_named(pid, name):
    threads = []
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/comm", encoding="utf-8") as file:
            if file.read().strip() == name:
                threads.append(int(thread))
    return threads


@contextlib.contextmanager
def stopped_thread(thread):
    """One thread of another process does not run; a signal would stop all."""
    libc = ctypes.CDLL(None, use_errno=True)
    seize, interrupt, detach, wait_all = 0x4206, 0x4207, 17, 0x40000000

    def trace(request):
        libc.ptrace.argtypes = [ctypes.c_long] * 4
        if libc.ptrace(request, thread, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "ptrace")

    trace(seize)
    try:
        trace(interrupt)
        os.waitpid(thread, wait_all)
        yield
    finally:
        trace(detach)


if __name__ == "__main__":
    unittest.main()
