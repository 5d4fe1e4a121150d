"""A state directory on a full disk, and on a read-only one."""

import contextlib
import ctypes
import errno
import os
import signal
import subprocess
import unittest

import grpc
from goferd.admin.v1 import handler_rule_pb2 as rules
from goferd.admin.v1 import handler_service_pb2 as handlers
from goferd.admin.v1 import mid_pb2 as mid
from goferd.admin.v1 import server_service_pb2 as servers

import node
from node import SERVER_STATE, TIMEOUT, wait_until

CODE = grpc.StatusCode
CLONE_NEWNS = 0x20000


def setUpModule():
    """Mounts are made in a namespace of this process."""
    if os.geteuid() != 0:
        raise unittest.SkipTest("mounting needs root")
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) != 0:
        raise unittest.SkipTest("no mount namespace: " +
                                errno.errorcode[ctypes.get_errno()])
    mount("--make-rprivate", "/")


def mount(*words):
    subprocess.run(["mount", *words], check=True)


class StorageTest(node.NodeTest):
    """The state directory is a small file system, or can be made read-only."""

    def setUp(self):
        super().setUp()
        self.goferd.stop()
        mount("-t", "tmpfs", "-o", "size=256k,mode=711", "state",
              self.goferd.state)
        self.ballast = os.path.join(self.goferd.state, "ballast")
        self.goferd.start()
        self.create_server()
        self.load_of_web = self.mounted_load()

    def tearDown(self):
        state = self.goferd.state
        super().tearDown()
        subprocess.run(["umount", "-l", state], check=False)
        with contextlib.suppress(OSError):
            os.rmdir(state)
            os.rmdir(self.base)

    def fill(self):
        with open(self.ballast, "wb", buffering=0) as file:
            for size in (4096, 1):
                with contextlib.suppress(OSError):
                    while True:
                        file.write(b"x" * size)

    def make_space(self):
        os.unlink(self.ballast)

    def remount(self, how):
        mount("-o", f"remount,{how}", self.goferd.state)

    def children(self):
        pid = self.goferd.process.pid
        found = []
        for thread in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(OSError):
                with open(f"/proc/{pid}/task/{thread}/children",
                          encoding="utf-8") as file:
                    found += file.read().split()
        return found

    def make_rule(self, rule_id, **fields):
        fields.setdefault("match", {"mids": [mid.MID_MKDIR_AT]})
        return self.api.handlers.CreateHandlerRule(
            handlers.CreateHandlerRuleRequest(
                parent="servers/web", handler_rule_id=rule_id,
                handler_rule=rules.HandlerRule(**fields)), timeout=TIMEOUT)

    def make_policy(self, rule_id):
        return self.make_rule(rule_id, permanent=True, deny={})

    def make_fault(self, rule_id):
        return self.make_rule(rule_id, ttl={"seconds": 600},
                              error={"code": "EIO"})

    def delete_rule(self, rule_id):
        self.api.handlers.DeleteHandlerRule(
            handlers.DeleteHandlerRuleRequest(
                name=f"servers/web/handlerRules/{rule_id}"),
            timeout=TIMEOUT)

    def rules(self):
        listed = self.api.handlers.ListHandlerRules(
            handlers.ListHandlerRulesRequest(parent="servers/web"),
            timeout=TIMEOUT)
        return [r.name.rsplit("/", 1)[1] for r in listed.handler_rules]

    def set_label(self, value):
        return self.api.servers.UpdateServer(
            servers.UpdateServerRequest(
                server={"name": "servers/web", "labels": {"stage": value}},
                update_mask={"paths": ["labels"]}), timeout=TIMEOUT)

    def delete_server(self, server_id="web", **fields):
        self.api.servers.DeleteServer(
            servers.DeleteServerRequest(name=f"servers/{server_id}", **fields),
            timeout=TIMEOUT)

    def assert_cannot_be_kept(self, code, reason, error_name, call, *words):
        with self.assertRaises(grpc.RpcError) as caught:
            call(*words)
        error = caught.exception
        self.assertEqual(error.code(), code, error)
        self.assertEqual(node.reason_of(error)[0], reason, error)
        self.assertEqual(node.metadata_of(error)["errno"], error_name, error)
        self.assertIn(self.goferd.state, error.details())

    def assert_load_has_not_failed(self):
        operations, failed, _ = self.load_of_web.finish()
        self.assertGreater(operations, 0)
        self.assertEqual(failed, 0)


class FullDiskTest(StorageTest):

    def assert_full(self, call, *words):
        self.assert_cannot_be_kept(CODE.RESOURCE_EXHAUSTED, "STORAGE_LIMIT",
                                   "ENOSPC", call, *words)

    def test_a_server_is_not_made_and_leaves_nothing(self):
        self.fill()
        before = self.children()
        for _ in range(3):
            self.assert_full(self.create_server, "second")
        self.assertEqual(os.listdir(os.path.join(self.goferd.state, "servers")),
                         ["web"])
        self.assertEqual(self.children(), before)
        listed = self.api.servers.ListServers(servers.ListServersRequest(),
                                              timeout=TIMEOUT)
        self.assertEqual([s.name for s in listed.servers], ["servers/web"])
        self.make_space()
        self.create_server("second")
        self.assert_load_has_not_failed()

    def test_what_exists_goes_on(self):
        self.fill()
        self.mounted_load("c2")
        self.assertEqual(self.count(), 2)
        # Faults are not kept, and need no space.
        self.make_fault("fault")
        self.delete_rule("fault")
        self.assert_load_has_not_failed()

    def test_changes_that_cannot_be_kept_are_not_made(self):
        self.make_policy("kept")
        self.set_label("old")
        self.fill()
        etag = self.server().etag
        self.assert_full(self.make_policy, "lost")
        self.assert_full(self.set_label, "new")
        self.assertEqual(self.rules(), ["kept"])
        self.assertEqual(self.server().labels["stage"], "old")
        self.assertEqual(self.server().etag, etag)
        # To remove the last rule is to remove a file.
        self.delete_rule("kept")
        self.make_space()
        self.make_policy("next")
        self.set_label("new")
        self.assert_load_has_not_failed()
        # And this is what the next goferd knows, of a gofer that is gone, too.
        [gofer] = self.gofers()
        self.goferd.stop(signal.SIGKILL)
        os.kill(gofer, signal.SIGKILL)
        self.goferd.start()
        wait_until(lambda: self.server().state == SERVER_STATE.ACTIVE,
                        "a new gofer")
        self.assertEqual(self.rules(), ["next"])
        self.assertEqual(self.server().labels["stage"], "new")

    def test_a_server_can_be_deleted(self):
        self.fill()
        self.delete_server(force=True)
        self.assertEqual(os.listdir(os.path.join(self.goferd.state, "servers")),
                         [])

    def test_goferd_starts_again(self):
        self.fill()
        self.goferd.stop(signal.SIGKILL)
        self.goferd.start()
        self.assertEqual(self.count(), 1)
        self.assertEqual(self.goferd.stop(), 0)
        self.goferd.start()
        self.assertEqual(self.count(), 1)
        self.assert_load_has_not_failed()

    def test_a_gofer_that_died_is_started_when_there_is_space(self):
        self.fill()
        [gofer] = self.gofers()
        os.kill(gofer, signal.SIGKILL)
        wait_until(
            lambda: "No space left" in self.server().failure.message,
            "a failed start")
        self.make_space()
        wait_until(lambda: self.server().state == SERVER_STATE.ACTIVE,
                        "a new gofer")
        self.mounted_load("c2")


class ReadOnlyTest(StorageTest):

    def tearDown(self):
        with contextlib.suppress(subprocess.CalledProcessError):
            self.remount("rw")
        super().tearDown()

    def assert_read_only(self, call, *words):
        self.assert_cannot_be_kept(CODE.FAILED_PRECONDITION, "HOST_PERMISSION",
                                   "EROFS", call, *words)

    def test_at_the_start(self):
        self.goferd.stop()
        self.remount("ro")
        status, text = self.goferd.refuses_to_start()
        self.assertEqual(status, 13, text)
        [line] = text.splitlines()
        self.assertIn(self.goferd.state, line)
        self.assertIn("Read-only file system", line)
        self.remount("rw")
        self.goferd.start()
        self.assertEqual(self.count(), 1)
        self.assert_load_has_not_failed()

    def test_while_it_runs(self):
        self.make_policy("kept")
        self.set_label("old")
        self.create_server("second")
        self.remount("ro")
        self.assert_read_only(self.create_server, "third")
        self.assert_read_only(self.make_policy, "lost")
        self.assert_read_only(self.delete_rule, "kept")
        self.assert_read_only(self.set_label, "new")
        self.assert_read_only(self.delete_server, "second")
        # Reads, and what is not kept.
        self.assertEqual(self.rules(), ["kept"])
        self.assertEqual(self.server().labels["stage"], "old")
        self.assertEqual(self.server("second").state, SERVER_STATE.ACTIVE)
        self.mounted_load("c2")
        self.assertEqual(self.count(), 2)
        self.make_fault("fault")
        self.delete_rule("fault")
        self.remount("rw")
        self.create_server("third")
        self.delete_rule("kept")
        self.set_label("new")
        self.delete_server("second")
        self.assertEqual(self.goferd.stop(), 0)
        self.assert_load_has_not_failed()

    def test_the_end_while_it_is_read_only(self):
        self.remount("ro")
        self.assertEqual(self.goferd.stop(), 0)
        self.remount("rw")
        # The names of its sockets could not be removed.
        self.goferd.start()
        self.assertEqual(self.count(), 1)
        self.assert_load_has_not_failed()


if __name__ == "__main__":
    unittest.main()
