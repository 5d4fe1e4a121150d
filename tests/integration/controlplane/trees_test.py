"""Servers whose tree is an OCI bundle, or has mapped ids, from outside."""

import json
import os
import shutil
import signal
import tempfile
import unittest

import grpc
from goferd.admin.v1 import daemon_service_pb2 as daemon
from goferd.admin.v1 import server_pb2
from goferd.admin.v1 import server_service_pb2 as servers

import node
from node import SERVER_STATE, TIMEOUT, wait_until

NOT_FOUND = grpc.StatusCode.NOT_FOUND
INVALID = grpc.StatusCode.INVALID_ARGUMENT
PRECONDITION = grpc.StatusCode.FAILED_PRECONDITION

HOST_ID = 100000
ID_RANGE = server_pb2.IdRange(host_id=HOST_ID, sandbox_id=0, count=1000)


class TreeTest(node.NodeTest):

    def setUp(self):
        if os.geteuid() != 0:
            self.skipTest("needs root, to make mounts")
        super().setUp()
        self.outside = tempfile.mkdtemp(prefix="goferd-outside-")
        self.write(self.outside, "secret", "not for you")

    def tearDown(self):
        shutil.rmtree(self.outside, ignore_errors=True)
        super().tearDown()

    @staticmethod
    def write(directory, name, text):
        with open(os.path.join(directory, name), "w", encoding="utf-8") as file:
            file.write(text)

    @staticmethod
    def read(*path):
        with open(os.path.join(*path), encoding="utf-8") as file:
            return file.read()

    def ctl(self, *words, code=0):
        done = node.goferctl(self.goferd.target, *words)
        self.assertEqual(done.returncode, code, done.stderr + done.stdout)
        return done

    def put(self, path, text, code=0):
        source = os.path.join(self.base, "source")
        self.write(self.base, "source", text)
        return self.ctl("fs", "put", "web", path, source, code=code)

    def cat(self, path):
        return self.ctl("fs", "cat", "web", path).stdout

    def capabilities(self):
        return self.api.daemon.GetInfo(daemon.GetInfoRequest(),
                                       timeout=TIMEOUT).capabilities

    def assert_nothing_left(self):
        self.assertEqual(os.listdir(self.goferd.state + "/servers"), [])
        self.assertEqual(
            list(self.api.servers.ListServers(servers.ListServersRequest(),
                                              timeout=TIMEOUT).servers), [])


class BundleTest(TreeTest):

    def setUp(self):
        super().setUp()
        self.bundle = os.path.join(self.base, "bundle")
        self.rootfs = os.path.join(self.bundle, "rootfs")
        os.makedirs(self.rootfs)
        self.write(self.rootfs, "hello", "from the root")
        self.shared = os.path.join(self.base, "shared")
        os.mkdir(self.shared)
        self.write(self.shared, "hello", "from the mount")

    @staticmethod
    def bind(source, destination, *options):
        return {"type": "bind", "source": source, "destination": destination,
                "options": ["rbind", *options]}

    def configure(self, *mounts, root="rootfs", readonly=False):
        with open(self.bundle + "/config.json", "w", encoding="utf-8") as file:
            json.dump({"ociVersion": "1.0.0", "process": {"cwd": "/"},
                       "root": {"path": root, "readonly": readonly},
                       "mounts": [{"type": "proc", "source": "proc",
                                   "destination": "/proc"}, *mounts]}, file)

    def create(self, **fields):
        return self.create_server(root=None, oci_bundle=self.bundle, **fields)

    def assert_refused(self, code, reason, text="", **fields):
        error = self.assert_fails(code, reason, lambda timeout: self.create(**fields))
        self.assertIn(text, error.details())
        self.assert_nothing_left()

    def test_readonly_and_writable_mounts(self):
        self.assertIn("oci-bundle", self.capabilities())
        self.configure(self.bind(self.shared, "/mnt/ro", "ro"),
                       self.bind("../shared", "/rw"),
                       self.bind(self.shared + "/hello", "/etc/one"))
        made = self.create(sandbox_mode=SERVER_STATE.STRICT)
        self.assertEqual(made.oci_bundle, self.bundle)
        self.assertIn("bind-mount", made.sandbox_steps)
        self.assertEqual(self.cat("/hello"), "from the root")
        self.assertEqual(self.cat("/mnt/ro/hello"), "from the mount")
        self.assertEqual(self.cat("/etc/one"), "from the mount")
        self.put("/rw/new", "written")
        self.assertEqual(self.read(self.shared, "new"), "written")
        self.put("/top", "written")
        self.assertEqual(self.read(self.rootfs, "top"), "written")
        refused = node.goferctl(self.goferd.target, "fs", "put", "web",
                                "/mnt/ro/no", self.base + "/source")
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("Read-only", refused.stderr)
        # A mount of its own, over a connection of its own.
        [fd] = self.take(self.start_connection("data", mount_path="/rw"))
        load = self.load(fd, "once")
        load.wait_for_mount()
        _, failures, _ = load.finish()
        self.assertEqual(failures, 0)

    def test_readonly_root_with_a_writable_mount(self):
        self.configure(self.bind(self.shared, "/rw"), readonly=True)
        self.create()
        self.put("/rw/new", "written")
        refused = node.goferctl(self.goferd.target, "fs", "mkdir", "web", "/no")
        self.assertNotEqual(refused.returncode, 0)
        self.assertFalse(os.path.exists(self.rootfs + "/no"))

    def test_by_goferctl(self):
        self.configure()
        self.ctl("server", "create", "web", "--oci-bundle=" + self.bundle)
        self.assertIn(self.bundle, self.ctl("server", "list").stdout)
        self.assertEqual(self.cat("/hello"), "from the root")
        self.ctl("server", "delete", "web")
        self.assert_nothing_left()

    def test_rootfs_is_a_symlink_out_of_the_allowed_roots(self):
        shutil.rmtree(self.rootfs)
        os.symlink(self.outside, self.rootfs)
        self.configure()
        self.assert_refused(INVALID, "PATH_NOT_ALLOWED", "root.path")

    def test_sources_outside_are_all_named(self):
        os.symlink(self.outside, self.base + "/link")
        self.configure(self.bind(self.outside, "/a"),
                       self.bind("/", "/b"),
                       self.bind(self.base + "/link/secret", "/c"))
        error = self.assert_fails(INVALID, "PATH_NOT_ALLOWED",
                                  lambda timeout: self.create())
        self.assertEqual(node.reason_of(error)[1], ["server.oci_bundle"] * 3)
        self.assertIn("mount /a", error.details())
        self.assert_nothing_left()

    def test_destinations_stay_in_the_tree(self):
        os.symlink(self.outside, self.rootfs + "/out")
        self.configure(self.bind(self.shared, "/out/in"),
                       self.bind(self.shared, "/../../up"))
        self.create()
        self.assertEqual(os.listdir(self.outside), ["secret"])
        self.assertEqual(self.cat("/up/hello"), "from the mount")
        self.assertEqual(self.cat(self.outside + "/in/hello"), "from the mount")

    def test_what_makes_no_bundle(self):
        self.assert_refused(NOT_FOUND, "PATH_NOT_FOUND", "config.json")
        self.write(self.bundle, "config.json", "not JSON")
        self.assert_refused(INVALID, "FIELD_INVALID", "not JSON")
        self.configure(self.bind(self.base + "/gone", "/data"))
        self.assert_refused(NOT_FOUND, "PATH_NOT_FOUND", "mount /data")
        self.configure(self.bind(self.shared, "data"))
        self.assert_refused(INVALID, "FIELD_INVALID", "not absolute")
        self.configure(root="config.json")
        self.assert_refused(PRECONDITION, "ROOT_NOT_DIRECTORY", "root.path")
        os.symlink("loop", self.rootfs + "/loop")
        self.configure(self.bind(self.shared, "/loop/x"))
        self.assert_refused(INVALID, "FIELD_INVALID", "/loop/x")
        self.configure(self.bind(self.shared, "/hello"))
        self.assert_refused(PRECONDITION, "ROOT_NOT_DIRECTORY", "/hello")
        self.configure()
        self.assert_refused(INVALID, "FIELD_INVALID",
                            sandbox_mode=SERVER_STATE.UNCONFINED)

    def test_validate_only_reads_it_and_makes_nothing(self):
        def ask():
            return self.api.servers.CreateServer(
                servers.CreateServerRequest(
                    server_id="web", validate_only=True,
                    server=server_pb2.Server(oci_bundle=self.bundle)),
                timeout=TIMEOUT)
        self.configure(self.bind(self.shared, "/new"))
        self.assertEqual(ask().oci_bundle, self.bundle)
        self.assertFalse(os.path.exists(self.rootfs + "/new"))
        self.configure(self.bind("/", "/new"))
        self.assert_fails(INVALID, "PATH_NOT_ALLOWED", lambda timeout: ask())

    def test_a_new_gofer_reads_it_again(self):
        self.configure(self.bind(self.shared, "/data"))
        first = self.create()
        other = os.path.join(self.base, "other")
        os.mkdir(other)
        self.write(other, "hello", "from the other")
        self.configure(self.bind(other, "/data"))
        self.assertEqual(self.cat("/data/hello"), "from the mount")
        os.kill(first.gofer_pid, signal.SIGKILL)
        wait_until(lambda: self.server().restart_count == 1 and
                   self.server().state == SERVER_STATE.ACTIVE, "a restart")
        self.assertEqual(self.cat("/data/hello"), "from the other")

    def test_a_bundle_gone_bad_starts_no_new_gofer(self):
        self.configure(self.bind(self.shared, "/data"))
        first = self.create()
        self.configure(self.bind("/", "/data"))
        os.kill(first.gofer_pid, signal.SIGKILL)
        failed = wait_until(
            lambda: (self.server().failure.reason ==
                     server_pb2.ServerFailure.START_FAILED and self.server()),
            "a failed start")
        self.assertIn("mount /data", failed.failure.message)
        self.configure(self.bind(self.shared, "/data"))
        wait_until(lambda: self.server().state == SERVER_STATE.ACTIVE, "a restart")
        self.assertEqual(self.cat("/data/hello"), "from the mount")

    def test_it_outlives_goferd(self):
        self.configure(self.bind(self.shared, "/data"))
        first = self.create()
        self.goferd.stop(signal.SIGKILL)
        self.goferd.start()
        again = wait_until(self.server, "the server")
        self.assertEqual(again.gofer_pid, first.gofer_pid)
        self.assertEqual(again.oci_bundle, self.bundle)
        self.assertEqual(self.cat("/data/hello"), "from the mount")
        os.kill(first.gofer_pid, signal.SIGKILL)
        wait_until(lambda: self.server().restart_count == 1 and
                   self.server().state == SERVER_STATE.ACTIVE, "a restart")
        self.assertEqual(self.cat("/data/hello"), "from the mount")


class IdMapTest(TreeTest):

    MAP = server_pb2.IdMap(uid_ranges=[ID_RANGE], gid_ranges=[ID_RANGE])

    def setUp(self):
        super().setUp()
        if "id-map" not in self.capabilities():
            self.tearDown()
            self.skipTest("the file system of " + self.base + " cannot map ids")
        os.chown(self.tree, HOST_ID, HOST_ID)
        os.chown(self.tree + "/hello", HOST_ID + 7, HOST_ID + 8)
        self.write(self.tree, "foreign", "x")

    def owner(self, path):
        _, row = self.ctl("fs", "stat", "web", path).stdout.splitlines()
        words = row.split()
        return int(words[3]), int(words[4])

    def assert_on_disk(self, name, uid, gid):
        stat = os.stat(os.path.join(self.tree, name))
        self.assertEqual((stat.st_uid, stat.st_gid), (uid, gid))

    def test_owners_both_ways(self):
        made = self.create_server(id_map=self.MAP)
        self.assertIn("id-map", made.sandbox_steps)
        self.assertEqual(self.owner("/"), (0, 0))
        self.assertEqual(self.owner("/hello"), (7, 8))
        self.assertEqual(self.owner("/foreign"), (65534, 65534))
        self.put("/new", "x")
        self.ctl("fs", "mkdir", "web", "/sub")
        self.assertEqual(self.owner("/new"), (0, 0))
        self.assert_on_disk("new", HOST_ID, HOST_ID)
        self.assert_on_disk("sub", HOST_ID, HOST_ID)
        self.assert_on_disk("hello", HOST_ID + 7, HOST_ID + 8)

    def test_by_goferctl_and_after_a_restart(self):
        self.ctl("server", "create", "web", "--root=" + self.tree,
                 f"--uid-map={HOST_ID}:0:1000")
        self.assertEqual(self.owner("/hello"), (7, HOST_ID + 8))
        os.kill(self.server().gofer_pid, signal.SIGKILL)
        wait_until(lambda: self.server().restart_count == 1 and
                   self.server().state == SERVER_STATE.ACTIVE, "a restart")
        self.assertEqual(self.owner("/hello"), (7, HOST_ID + 8))

    def test_with_a_bundle(self):
        os.mkdir(self.base + "/bundle")
        shared = self.base + "/shared"
        os.mkdir(shared)
        os.chown(shared, HOST_ID + 1, HOST_ID)
        self.write(self.base + "/bundle", "config.json", json.dumps(
            {"process": {}, "root": {"path": self.tree}, "mounts": [
                {"type": "bind", "source": shared, "destination": "/data"}]}))
        self.create_server(root=None, oci_bundle=self.base + "/bundle",
                           id_map=self.MAP)
        self.assertEqual(self.owner("/hello"), (7, 8))
        self.assertEqual(self.owner("/data"), (1, 0))
        # The mount point, below the mount.
        self.assert_on_disk("data", HOST_ID, HOST_ID)

    def test_maps_that_make_no_sense(self):
        no_root = server_pb2.IdMap(uid_ranges=[
            server_pb2.IdRange(host_id=5, sandbox_id=5, count=1)])
        for fields in ({"id_map": no_root},
                       {"id_map": self.MAP,
                        "sandbox_mode": SERVER_STATE.UNCONFINED}):
            self.assert_fails(INVALID, "FIELD_INVALID",
                              lambda timeout, f=fields: self.create_server(**f))
        self.assert_nothing_left()


class WithoutMountsTest(TreeTest):

    WRAPPER = ("setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin")

    def test_what_needs_them_says_so(self):
        self.assertNotIn("oci-bundle", self.capabilities())
        self.assertNotIn("id-map", self.capabilities())
        bundle = os.path.join(self.base, "bundle")
        os.mkdir(bundle)
        self.write(bundle, "config.json", json.dumps(
            {"process": {}, "root": {"path": self.tree}}))
        for fields in ({"root": None, "oci_bundle": bundle},
                       {"id_map": IdMapTest.MAP}):
            error = self.assert_fails(
                PRECONDITION, "HOST_PERMISSION",
                lambda timeout, f=fields: self.create_server(**f))
            self.assertIn("CAP_SYS_ADMIN", error.details())
            self.assert_nothing_left()
        # A plain tree is served, and says what is missing.
        self.assertIn("pivot-root", self.create_server().missing_sandbox_steps)


class UnmappableTest(TreeTest):

    CONFIG = 'allowed_roots: "/sys"\n'

    def test_file_system_that_cannot(self):
        error = self.assert_fails(
            PRECONDITION, "KERNEL_FEATURE_MISSING",
            lambda timeout: self.create_server(root="/sys", id_map=IdMapTest.MAP))
        self.assertIn("map ids", error.details())
        self.assert_nothing_left()


if __name__ == "__main__":
    unittest.main()
