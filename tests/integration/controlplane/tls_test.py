"""goferd and an orchestrator in two network namespaces, over mutual TLS."""

import contextlib
import ctypes
import os
import queue
import socket
import subprocess
import threading
import time
import unittest

import grpc
from goferd.admin.v1 import daemon_service_pb2 as daemon
from goferd.admin.v1 import event_service_pb2 as events
from goferd.admin.v1 import handler_service_pb2 as handlers
from goferd.admin.v1 import server_service_pb2 as servers

import node
from certificates import Authority
from node import TIMEOUT, wait_until

CODE = grpc.StatusCode
CLONE_NEWNET = 0x40000000
OURS, THEIRS, PORT = "10.200.7.1", "10.200.7.2", 7443
ROLES = ("viewer", "operator", "chaos", "admin")


def run(*words):
    subprocess.run(words, check=True)


class Wire:
    """A network namespace besides ours, and a cable to it."""

    def __init__(self):
        # Keeps the namespace; it ends with its standard input.
        self.keeper = subprocess.Popen(
            ["unshare", "--net", "sh", "-c", "echo made; read wait"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.keeper.stdout.readline() == b"made\n"
        pid = str(self.keeper.pid)
        self.prefix = ["nsenter", "--target", pid, "--net", "--"]
        run("ip", "link", "add", "ours0", "type", "veth", "peer", "name",
            "theirs0", "netns", pid)
        for prefix, name, address in (([], "ours0", OURS),
                                      (self.prefix, "theirs0", THEIRS)):
            run(*prefix, "ip", "address", "add", f"{address}/24", "dev", name)
            run(*prefix, "ip", "link", "set", name, "up")
            run(*prefix, "ip", "link", "set", "lo", "up")

    def close(self):
        run("ip", "link", "del", "ours0")
        self.keeper.communicate(timeout=20)


def setUpModule():
    """From here on this process, the orchestrator, is in a namespace."""
    if os.geteuid() != 0:
        raise unittest.SkipTest("network namespaces need root")
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        raise unittest.SkipTest("no network namespace")


class TlsTest(node.NodeTest):

    def setUp(self):
        super().setUp()
        self.goferd.stop()
        self.open = contextlib.ExitStack()
        self.wire = Wire()
        self.open.callback(self.wire.close)
        self.keys = os.path.join(self.base, "keys")
        os.mkdir(self.keys)
        self.ca = Authority(self.keys)
        self.ca.sign("server", f"DNS:goferd.example,IP:{THEIRS}")
        for role in ROLES:
            self.ca.sign(role, f"URI:spiffe://example.org/{role}")
        self.ca.sign("ci", "DNS:ci.example")
        bindings = "".join(
            f"bindings {{ role: ROLE_{role.upper()} "
            f'spiffe_id: "spiffe://example.org/{role}" }}\n' for role in ROLES)
        roles = os.path.join(self.base, "roles")
        with open(roles, "w", encoding="utf-8") as file:
            file.write(bindings +
                       'bindings { role: ROLE_OPERATOR dns_name: "ci.example" }\n'
                       f"bindings {{ role: ROLE_ADMIN uid: {os.geteuid()} }}\n")
        with open(self.goferd.config, "a", encoding="utf-8") as file:
            file.write(
                f'roles_file: "{roles}"\n'
                "listeners { uds { } }\n"
                f'listeners {{ tcp {{ address: "{THEIRS}:{PORT}" tls {{\n'
                f'certificate_file: "{self.ca.path("server")}"\n'
                f'private_key_file: "{self.ca.path("server", "key")}"\n'
                f'client_ca_file: "{self.ca.certificate}"\n'
                "refresh_interval { seconds: 1 } } } }\n")
        # The UNIX socket is in the file system that both share.
        self.goferd.start(prefix=self.wire.prefix)

    def tearDown(self):
        super().tearDown()
        self.open.close()

    def remote(self, name=None, authority=None, roots=None):
        """The API as the owner of a certificate has it."""
        authority = authority or self.ca
        pair = (None, None)
        if name:
            pair = (authority.read(name, "key"), authority.read(name))
        if roots is None:
            roots = self.ca.read("ca")
        api = node.Api(f"{THEIRS}:{PORT}",
                       grpc.ssl_channel_credentials(roots, *pair))
        self.open.callback(api.close)
        return api

    def get_info(self, api, timeout=TIMEOUT):
        return api.daemon.GetInfo(daemon.GetInfoRequest(), timeout=timeout)

    def assert_refused(self, api):
        """No call comes through, and not for want of a role."""
        with self.assertRaises(grpc.RpcError) as caught:
            self.get_info(api)
        self.assertEqual(caught.exception.code(), CODE.UNAVAILABLE,
                         caught.exception)

    def ctl(self, *words, name="admin", **tls):
        flags = {"ca": self.ca.certificate, "cert": self.ca.path(name),
                 "key": self.ca.path(name, "key"), **tls}
        return node.goferctl(
            f"{THEIRS}:{PORT}",
            *(f"--tls-{flag}={value}" for flag, value in flags.items() if value),
            *words)

    def served_certificate(self):
        """What goferd shows, as text of openssl."""
        shown = subprocess.run(
            ["openssl", "s_client", "-connect", f"{THEIRS}:{PORT}", "-CAfile",
             self.ca.certificate, "-cert", self.ca.path("viewer"), "-key",
             self.ca.path("viewer", "key")], stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=20, check=False).stdout
        return shown[shown.find("-----BEGIN"):shown.find("-----END")]

    def test_each_role_and_no_more(self):
        tried = {
            "viewer": lambda api: self.get_info(api),
            "operator": lambda api: api.servers.DrainServer(
                servers.DrainServerRequest(name="servers/web", validate_only=True),
                timeout=TIMEOUT),
            "chaos": lambda api: api.handlers.ResetHandlers(
                handlers.ResetHandlersRequest(
                    parent="servers/web", scope="FAULTS", validate_only=True),
                timeout=TIMEOUT),
            "admin": lambda api: api.servers.DeleteServer(
                servers.DeleteServerRequest(name="servers/web", validate_only=True),
                timeout=TIMEOUT),
        }
        self.create_server()
        for level, role in enumerate(ROLES):
            api = self.remote(role)
            for needed, (name, call) in enumerate(tried.items()):
                with self.subTest(role=role, method=name):
                    if needed <= level:
                        call(api)
                        continue
                    with self.assertRaises(grpc.RpcError) as caught:
                        call(api)
                    self.assertEqual(caught.exception.code(),
                                     CODE.PERMISSION_DENIED)
                    self.assertEqual(node.reason_of(caught.exception)[0],
                                     "ROLE_REQUIRED")
        # By the name in the certificate, without a SPIFFE id.
        ci = self.remote("ci")
        tried["operator"](ci)
        with self.assertRaises(grpc.RpcError) as caught:
            tried["chaos"](ci)
        self.assertEqual(caught.exception.code(), CODE.PERMISSION_DENIED)

    def test_a_certificate_without_a_role(self):
        # Alike, but not the same.
        for number, name in enumerate((
                "URI:spiffe://example.org/admin/x", "URI:spiffe://example.com/admin",
                "DNS:x.ci.example", "DNS:*.example", "email:ci.example")):
            self.ca.sign(f"nobody{number}", name)
            with self.assertRaises(grpc.RpcError) as caught:
                self.get_info(self.remote(f"nobody{number}"))
            self.assertEqual(caught.exception.code(), CODE.UNAUTHENTICATED, name)

    def test_strangers_are_refused(self):
        other_keys = os.path.join(self.keys, "other")
        os.mkdir(other_keys)
        # Its name is that of the true one, and so are those that it signs.
        other = Authority(other_keys)
        other.sign("admin", "URI:spiffe://example.org/admin")
        self.ca.sign("late", "URI:spiffe://example.org/admin", days=-1)
        self.assert_refused(self.remote("admin", other))
        self.assert_refused(self.remote("late"))
        self.assert_refused(self.remote())
        plain = node.Api(f"{THEIRS}:{PORT}")
        self.open.callback(plain.close)
        self.assert_refused(plain)
        # And a client does not trust a server of another CA.
        self.assert_refused(self.remote("admin", roots=other.read("ca")))
        # None of which troubled anybody.
        self.get_info(self.remote("viewer"))

    def test_silent_peers_keep_nobody_out(self):
        silent = [socket.create_connection((THEIRS, PORT), timeout=10)
                  for _ in range(50)]
        for peer in silent:
            self.open.callback(peer.close)
            peer.sendall(b"\x16\x03\x01\x02\x00")
        self.get_info(self.remote("viewer"))

    def test_a_running_watch_outlives_new_certificates(self):
        watcher = self.remote("viewer")
        changes = queue.Queue()
        stream = watcher.events.WatchEvents(events.WatchEventsRequest())
        self.open.callback(stream.cancel)

        def read():
            with contextlib.suppress(grpc.RpcError):
                for response in stream:
                    for event in response.events:
                        changes.put(event)

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        # It stands when what happens shows up in it.
        for i in range(TIMEOUT):
            self.create_server(f"first{i}")
            with contextlib.suppress(queue.Empty):
                changes.get(timeout=1)
                break
        else:
            self.fail("the watch tells of nothing")

        before = self.served_certificate()
        self.assertIn("BEGIN CERTIFICATE", before)
        self.ca.sign("server", f"DNS:goferd.example,IP:{THEIRS}")
        replaced = time.monotonic()
        wait_until(lambda: self.served_certificate() not in ("", before),
                   "the new certificate")
        # Looked at every second, on a machine that may be busy.
        self.assertLess(time.monotonic() - replaced, 10)

        self.create_server("second")
        self.wait_for_server(changes, "servers/second")
        self.assertTrue(stream.is_active())
        self.get_info(self.remote("viewer"))

    def wait_for_server(self, changes, name):
        while changes.get(timeout=TIMEOUT).server.name != name:
            pass

    def test_a_new_authority_is_trusted_and_the_old_one_no_more(self):
        old = self.remote("admin")
        self.get_info(old)
        next_keys = os.path.join(self.keys, "next")
        os.mkdir(next_keys)
        new = Authority(next_keys, "next")
        new.sign("admin", "URI:spiffe://example.org/admin")
        self.assert_refused(self.remote("admin", new))
        os.rename(self.ca.certificate, self.ca.path("former"))
        os.rename(new.certificate, self.ca.certificate)
        former = self.ca.read("former")

        def is_known():
            with contextlib.suppress(grpc.RpcError):
                return self.get_info(self.remote("admin", new, former), 5)
        wait_until(is_known, "trust in the new authority")
        self.assert_refused(self.remote("admin", roots=former))
        # Who was in stays in.
        self.get_info(old)

    def test_broken_files_leave_the_former_ones_in_force(self):
        before = self.remote("viewer")
        self.get_info(before)
        for kind, text in (("pem", "no certificate"), ("key", "no key")):
            with open(self.ca.path("server", f"{kind}.new"), "w",
                      encoding="utf-8") as file:
                file.write(text)
            os.rename(self.ca.path("server", f"{kind}.new"),
                      self.ca.path("server", kind))
        path = self.ca.path("server")
        wait_until(lambda: f"{path}: has no certificate" in self.goferd.log(),
                   "the name of the broken file in the log")
        self.get_info(self.remote("viewer"))
        self.get_info(before)
        self.ca.sign("server", f"DNS:goferd.example,IP:{THEIRS}")
        wait_until(lambda: "make sense again" in self.goferd.log(),
                   "the repaired files")
        self.get_info(self.remote("viewer"))

    def test_goferctl(self):
        done = self.ctl("server", "create", "web", f"--root={self.tree}")
        self.assertEqual(done.returncode, 0, done.stderr)
        done = self.ctl("server", "list", "-o", "json", name="viewer")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("servers/web", done.stdout)
        done = self.ctl("server", "delete", "web", name="operator")
        self.assertEqual(done.returncode, CODE.PERMISSION_DENIED.value[0])
        self.assertIn("ask for the role", done.stderr)

    def test_errors_of_goferctl_say_what_to_do(self):
        # Without TLS, and with half of it: before anything is sent.
        done = self.ctl("info", ca="", cert="", key="")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("give the TLS files", done.stderr)
        done = self.ctl("info", key="")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("certificate and its key", done.stderr)
        done = self.ctl("info", ca="/no/such/ca.pem")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("/no/such/ca.pem", done.stderr)
        # A file that is no certificate.
        junk = self.ca.path("junk")
        with open(junk, "w", encoding="utf-8") as file:
            file.write("no certificate\n")
        done = self.ctl("info", ca=junk)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(f"{junk}: the file holds no PEM block", done.stderr)
        # Not one of goferd's CA, or none.
        other_keys = os.path.join(self.keys, "other")
        os.mkdir(other_keys)
        other = Authority(other_keys, "other")
        other.sign("admin", "URI:spiffe://example.org/admin")
        for tls in ({"cert": other.path("admin"), "key": other.path("admin", "key")},
                    {"cert": "", "key": ""}):
            done = self.ctl("info", "--timeout=5s", **tls)
            self.assertEqual(done.returncode, 14, done.stderr)
            self.assertIn("--tls-cert", done.stderr)
        # goferd's is not of our CA, or has another name.
        done = self.ctl("info", "--timeout=5s", ca=other.certificate)
        self.assertEqual(done.returncode, 14, done.stderr)
        self.assertIn("--tls-ca", done.stderr)
        done = self.ctl("info", "--timeout=5s", **{"server-name": "else.example"})
        self.assertEqual(done.returncode, 14, done.stderr)
        self.assertIn("--tls-server-name", done.stderr)
        done = self.ctl("info", **{"server-name": "goferd.example"})
        self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    unittest.main()
