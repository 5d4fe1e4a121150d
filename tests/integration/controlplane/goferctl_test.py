"""goferctl on live nodes: every RPC, every command, several nodes, watches."""

import concurrent.futures
import json
import os
import re
import signal
import subprocess
import unittest

import grpc

import node
import reflecting

SERVICES = "/goferd.admin.v1."


class Recorder(grpc.GenericRpcHandler):
    """Between goferctl and goferd: passes everything on, and knows what."""

    def __init__(self, channel):
        self.channel = channel
        self.methods = set()

    def service(self, details):
        self.methods.add(details.method)
        forward = self.channel.stream_stream(details.method)

        def behave(requests, context):
            left = context.time_remaining()
            call = forward(requests, timeout=left and min(left, 60))
            context.add_callback(call.cancel)
            try:
                yield from call
            except grpc.RpcError as error:
                context.set_trailing_metadata(error.trailing_metadata() or ())
                context.abort(error.code(), error.details())

        return grpc.stream_stream_rpc_method_handler(behave)


class GoferctlTest(node.NodeTest):

    def setUp(self):
        super().setUp()
        self.target = self.goferd.target

    def ctl(self, *words, code=0, **kwargs):
        done = node.goferctl(self.target, *words, **kwargs)
        self.assertEqual(done.returncode, code,
                         f"{words}: {done.stderr}{done.stdout}")
        return done

    def run_bare(self, *words):
        """Without the --endpoint that node.goferctl gives."""
        return subprocess.run([os.environ["GOFERCTL"], *words], timeout=60,
                              capture_output=True, text=True, check=False)


# All that there is for goferd, in an order in which it works; what is in
# capitals is filled in. Each with the methods it is there for.
STEPS = (
    ("info", "GetInfo"),
    ("health", ""),
    ("log-level info", "SetLogLevel"),
    ("server create web --root=TREE", "CreateServer"),
    ("server list", "ListServers"),
    ("server get web", "GetServer"),
    ("server update web --label=a=b", "UpdateServer"),
    ("server drain web", "DrainServer"),
    ("server undrain web", "UndrainServer"),
    ("server wait web", "WaitServer"),
    ("connection start web/c1 --mount=/", "StartConnection"),
    ("connection start-batch web --mount=b1=/ --mount=b2=/",
     "BatchStartConnections"),
    ("connection get web/c1", "GetConnection"),
    ("connection list", "ListConnections"),
    ("connection count web --by-state", "GetActiveConnectionCount"),
    ("connection stop web/c1", "StopConnection"),
    ("handler list web", "ListHandlers"),
    ("handler set web --without=RenameAt2", "SetHandlers"),
    ("handler reset web", "ResetHandlers"),
    ("faults add web/slow --mid=PRead --delay=10ms --ttl=5m",
     "CreateHandlerRule"),
    ("faults get web/slow", "GetHandlerRule"),
    ("faults list", "ListHandlerRules"),
    ("faults apply web RULES", "BatchUpsertHandlerRules"),
    ("faults delete web/slow", "DeleteHandlerRule"),
    ("faults reset web", "ResetHandlers"),
    ("events", "WatchEvents"),
    ("stats web", "GetStats"),
    ("stats - -w --timeout=1s", "WatchStats"),
    ("inflight", "ListInflightRpcs"),
    ("connect web --mount=/ -- LOAD {fd} once", "BatchStartConnections"),
    ("fs ls web /", "BatchStartConnections"),
    ("fs cat web /hello", ""),
    ("fs stat web /hello", ""),
    ("fs put web /new", ""),
    ("fs mv web /new /newer", ""),
    ("fs rm web /newer", ""),
    ("fs mkdir web /folder", ""),
    ("server delete web --force", "DeleteServer"),
)
# The ones whose answer is a list.
LISTS = ("server list", "connection list", "handler list web", "faults list",
         "inflight", "events", "connection count - --by-server", "health",
         "info", "fs ls web /")
DEADLINE_EXCEEDED = 4


class CoverageTest(GoferctlTest):

    def setUp(self):
        super().setUp()
        self.recorder = Recorder(self.api.channel)
        self.proxy = grpc.server(concurrent.futures.ThreadPoolExecutor(8),
                                 handlers=[self.recorder])
        self.target = f"unix:{self.base}/proxy.sock"
        self.proxy.add_insecure_port(self.target)
        self.proxy.start()
        self.addCleanup(lambda: self.proxy.stop(None).wait())
        self.rules = os.path.join(self.base, "rules.json")
        with open(self.rules, "w", encoding="utf-8") as file:
            json.dump({"handlerRules": [
                {"name": "more", "observe": {}, "permanent": True}]}, file)

    def words_of(self, step):
        there = {"TREE": self.tree, "RULES": self.rules,
                 "LOAD": os.environ["LISAFS_LOAD"]}
        pattern = re.compile("|".join(there))
        return [pattern.sub(lambda m: there[m.group()], word)
                for word in step.split()]

    def test_every_rpc_has_a_command(self):
        methods = {m for m in reflecting.methods(self.api.channel)
                   if m.startswith(SERVICES)}
        seen = set()
        for step, method in STEPS:
            self.recorder.methods.clear()
            self.ctl(*self.words_of(step),
                     code=DEADLINE_EXCEEDED if "-w" in step.split() else 0,
                     input="")
            names = {m.rsplit("/", 1)[1] for m in self.recorder.methods}
            if method:
                self.assertIn(method, names, step)
            seen |= self.recorder.methods
        self.assertEqual(methods - seen, set())

    def test_every_command_is_tried_above(self):
        tried = [step.split() for step, _ in STEPS]
        for command in self.commands(()):
            self.assertTrue(
                any(tuple(words[:len(command)]) == command for words in tried),
                f"no step for: goferctl {' '.join(command)}")

    def commands(self, group):
        """The leaves of the tree of commands, from --help."""
        text = self.run_bare(*group, "--help").stdout
        _, _, below = text.partition("Subcommands:\n")
        names = re.findall(r"^  ([a-z][a-z-]*)", below.split("\n\n")[0], re.M)
        if not names:
            return [group]
        return [leaf for name in names
                for leaf in self.commands((*group, name))]


class JsonTest(GoferctlTest):

    def test_every_list_is_json(self):
        self.ctl("server", "create", "web", f"--root={self.tree}")
        self.ctl("server", "create", "other", f"--root={self.tree}")
        self.ctl("faults", "add", "web/r1", "--observe", "--permanent")
        self.mounted_load()
        for step in LISTS:
            with self.subTest(step=step):
                done = self.ctl(*step.split(), "-o", "json")
                self.assertEqual(done.stderr, "")
                self.check(step, done.stdout)

    def check(self, step, text):
        if step == "events":  # A stream: one object a line.
            told = [json.loads(line) for line in text.splitlines()]
            self.assertGreater(len(told), 30)
            self.assertEqual(told[-1]["type"], "BOOKMARK")
            return
        parsed = json.loads(text)
        if step not in ("info", "connection count - --by-server"):
            self.assertIsInstance(parsed, list)
        if step == "server list":
            self.assertEqual([s["name"] for s in parsed],
                             ["servers/other", "servers/web"])

    def test_empty_lists_are_lists(self):
        for step in ("server list", "connection list", "faults list",
                     "inflight"):
            self.assertEqual(
                json.loads(self.ctl(*step.split(), "-o", "json").stdout), [])


class NodesTest(GoferctlTest):

    def setUp(self):
        super().setUp()
        other = os.path.join(self.base, "other")
        os.mkdir(other)
        self.second = node.Goferd(other)
        self.second.start()
        self.addCleanup(self.second.stop)
        self.dead = f"unix:{self.base}/nobody.sock"
        self.create_server()
        self.start_connection()
        self.all = f"--endpoints={self.target},{self.second.target},{self.dead}"

    def test_two_that_live_and_one_that_does_not(self):
        done = self.run_bare(self.all, "info")
        self.assertEqual(done.returncode, 0, done.stderr)
        for target in (self.target, self.second.target):
            self.assertIn(target, done.stdout)
            self.assertNotIn(target, done.stderr)
        self.assertIn(self.dead, done.stderr)
        self.assertNotIn(self.dead, done.stdout)

    def test_side_by_side(self):
        done = self.run_bare(self.all, "server", "list", "-o", "json")
        self.assertEqual(done.returncode, 0, done.stderr)
        [server] = json.loads(done.stdout)
        self.assertEqual((server["endpoint"], server["name"]),
                         (self.target, "servers/web"))
        self.assertIn(self.dead, done.stderr)
        table = self.run_bare(self.all, "health").stdout
        self.assertEqual(table.split("\n")[0].split(), ["NODE", "HEALTH"])
        self.assertEqual(table.count(" SERVING"), 2)

    def test_the_worst_answer_counts(self):
        done = self.run_bare(self.all, "connection", "list", "web")
        # The second does not know it.
        self.assertEqual(done.returncode, 5, done.stderr)
        self.assertIn(self.second.target, done.stderr)
        self.assertIn(self.target, done.stdout)

    def test_all_dead(self):
        done = self.run_bare(f"--endpoints={self.dead},{self.dead}2", "info")
        self.assertEqual(done.returncode, 14)
        self.assertEqual(done.stdout, "")
        self.assertIn(f"{self.dead}2", done.stderr)

    def test_changes_are_for_one_node(self):
        done = self.run_bare(self.all, "server", "delete", "web")
        self.assertEqual(done.returncode, 64, done.stderr)
        self.assertEqual(self.server().name, "servers/web")

    def test_a_watch_names_the_dead_while_it_goes_on(self):
        watch = subprocess.Popen(
            [os.environ["GOFERCTL"], self.all, "server", "list", "-w"],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        with watch:
            self.assertIn(self.dead, watch.stderr.readline())
            self.assertIsNone(watch.poll())
            watch.send_signal(signal.SIGINT)
            self.assertEqual(watch.wait(timeout=20), 0)


class WatchTest(GoferctlTest):

    WATCHES = ("server list -w", "connection list -w", "faults list -w",
               "events -w --initial", "stats - -w --interval=100ms")

    def test_an_interrupted_watch_ends_in_order(self):
        self.create_server()
        self.start_connection()
        self.ctl("faults", "add", "web/r1", "--observe", "--permanent")
        for words in self.WATCHES:
            for how in (signal.SIGINT, signal.SIGTERM):
                with self.subTest(words=words, how=how.name):
                    self.interrupt(words.split(), how)

    def interrupt(self, words, how):
        watch = subprocess.Popen(
            [os.environ["GOFERCTL"], f"--endpoint={self.target}", "-o", "json",
             *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        with watch:
            first = watch.stdout.readline()
            watch.send_signal(how)
            # Not communicate(): it would lose what readline() has read ahead.
            rest = watch.stdout.read()
            error = watch.stderr.read()
            self.assertEqual((watch.wait(timeout=20), error), (0, ""))
            for line in (first + rest).splitlines():
                self.assertIsInstance(json.loads(line), dict)

    def test_goferd_ends_a_watch(self):
        self.create_server()
        watch = subprocess.Popen(
            [os.environ["GOFERCTL"], f"--endpoint={self.target}", "events",
             "-w", "--initial"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        with watch:
            watch.stdout.readline()
            self.goferd.stop()
            _, error = watch.communicate(timeout=20)
        self.assertEqual(watch.returncode, 14)
        self.assertIn("SHUTTING_DOWN", error)


class ExitCodeTest(GoferctlTest):

    CONFIG = "max_kept_events: 1024 attach { max_pending_tickets: 1 }"

    def test_it_is_the_code_of_grpc(self):
        self.create_server()
        self.start_connection()
        for code, reason, words in (
                (3, "FIELD_INVALID", "server create other --root=TREE "
                                     "--max-fds=-1"),
                (3, "PATH_NOT_ALLOWED", "server create other --root=/etc"),
                (4, "DEADLINE_EXCEEDED",
                 "server wait web --until=ended --timeout=200ms"),
                (5, "SERVER_NOT_FOUND", "server get none"),
                (6, "SERVER_ALREADY_EXISTS", "server create web --root=TREE"),
                (8, "TICKET_LIMIT", "connection start web/c2 --mount=/"),
                (9, "SERVER_NOT_EMPTY", "server delete web"),
                (10, "ETAG_MISMATCH", "server delete web --etag=x"),
                (11, "COMPACTED", "events --from=99999"),
                (64, "goferctl --help", "server create"),
                (64, "goferctl --help", "no-such-command"),
                (64, "goferctl --help", "server list --timeout=soon")):
            with self.subTest(words=words):
                done = self.ctl(*words.replace("TREE", self.tree).split(),
                                code=code)
                self.assertEqual(done.stdout, "")
                self.assertIn(reason, done.stderr)

    def test_of_a_program_that_cannot_be_run(self):
        self.create_server()
        self.ctl("connect", "web", "--mount=/", "--", "/no/such/program",
                 code=127)

    def test_of_a_node_that_is_not_there(self):
        done = self.run_bare(f"--endpoint=unix:{self.base}/none", "info")
        self.assertEqual(done.returncode, 14)
        self.assertIn("check that goferd runs", done.stderr)

    def test_of_callers_without_the_role(self):
        roles = os.path.join(self.base, "roles")
        for binding, code in ((f"role: ROLE_VIEWER uid: {os.geteuid()}", 7),
                              ("role: ROLE_VIEWER uid: 4294967", 16)):
            with open(roles, "w", encoding="utf-8") as file:
                file.write(f"bindings {{ {binding} }}")
            self.goferd.stop()
            self.goferd = node.Goferd(self.base, f'roles_file: "{roles}"')
            self.goferd.start()
            done = self.ctl("server", "create", "web", f"--root={self.tree}",
                            code=code)
            self.assertIn("ROLE_REQUIRED", done.stderr)


if __name__ == "__main__":
    unittest.main()
