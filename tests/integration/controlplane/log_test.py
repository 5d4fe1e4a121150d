"""The logs of goferd and its gofers as JSON, whoever writes what."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import unittest

import grpc
from goferd.admin.v1 import server_service_pb2 as servers

import node
from node import TIMEOUT, wait_until

KEYS = {"time", "level", "component", "pid", "thread", "message"}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
LEVELS = {"trace", "debug", "info", "warning", "error", "critical"}
FORGED = ('x"}\n{"time":"1970-01-01T00:00:00.000000Z","level":"error",'
          '"component":"goferd","message":"forged"}\r\n\x1b[2J\u2028')


class JsonLogTest(node.NodeTest):

    CONFIG = ("log { format: JSON level: LOG_LEVEL_DEBUG "
              "gofer_level: LOG_LEVEL_DEBUG }\n")

    def records(self):
        """All of the log; fails when a line is anything else."""
        with open(self.goferd.log_path, "rb") as file:
            lines = file.read().split(b"\n")
        self.assertEqual(lines.pop(), b"", "a line without an end")
        records = []
        for line in lines:
            try:
                record = json.loads(line.decode("utf-8"))
            except ValueError as error:
                raise AssertionError(f"no JSON: {line!r}") from error
            self.assertEqual(set(record), KEYS, line)
            self.assertRegex(record["time"], TIME)
            self.assertIn(record["level"], LEVELS)
            self.assertGreater(record["thread"], 0)
            records.append(record)
        return records

    def of(self, component):
        return [r for r in self.records() if r["component"] == component]

    def test_goferd_and_gofers(self):
        self.create_server()
        self.mounted_load().finish()
        [gofer] = self.gofers()
        self.assertEqual({r["pid"] for r in self.of("goferd")},
                         {self.goferd.process.pid})
        self.assertFalse([r for r in self.of("audit")
                          if not r["message"].startswith("audit {")])
        self.assertEqual(self.goferd.stop(), 0)
        self.goferd.start()
        # From within its sandbox; the first was said when nobody listened.
        for words in ("goferd is gone", "adopted by a goferd"):
            [said] = wait_until(lambda: [r["message"] for r in self.of("goferd")
                                         if words in r["message"]], words)
            self.assertTrue(said.startswith("servers/web: its gofer: "), said)
            self.assertIn(f"gofer[{gofer}]", said)
        times = [r["time"] for r in self.of("goferd")]
        self.assertGreater(len(times), 2)
        # Written by several threads: nearly in order.
        self.assertLessEqual(times[0], times[-1])

    def test_last_words_of_a_gofer(self):
        # Its level does not matter.
        done = subprocess.run(
            [os.environ["GOFER"], "managed", "--control-fd=0", "--log-level=off",
             "--log-format=json"], stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=20, check=False)
        self.assertNotEqual(done.returncode, 0)
        record = json.loads(done.stderr)
        self.assertEqual(set(record), KEYS)
        self.assertEqual((record["component"], record["level"]),
                         ("gofer", "error"))
        self.assertIn("control-socket", record["message"])

    def test_end_of_a_gofer(self):
        self.create_server()
        os.kill(self.gofers()[0], signal.SIGKILL)
        wait_until(lambda: [r for r in self.of("goferd")
                            if "its gofer died" in r["message"]], "its end")

    def test_a_forged_record_stays_a_message(self):
        for name in (FORGED, "ab\x00\x7f"):
            with self.assertRaises(grpc.RpcError):
                self.api.servers.CreateServer(
                    servers.CreateServerRequest(
                        server_id=name, request_id=name,
                        server={"root": self.tree}), timeout=TIMEOUT)
        self.assertEqual(
            [r for r in self.records() if r["message"] == "forged"], [])
        # The audit record has it, as a string of a string.
        audits = [json.loads(r["message"].removeprefix("audit "))
                  for r in self.of("audit")]
        self.assertTrue([a for a in audits if FORGED in a["resource"]], audits)

    def test_names_of_a_client_of_the_attach_socket(self):
        self.create_server()
        self.start_connection()
        path = os.path.join(self.goferd.state, "attach", "attach.sock")
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client:
            client.connect(path)
            client.send(FORGED.encode() + b"\xff\xfe")
            client.recv(1024)
        self.records()

    def test_grpc_speaks_the_same_language(self):
        with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as taken:
            address = "127.0.0.1:%d" % taken.getsockname()[1]
            other = os.path.join(self.base, "other")
            os.mkdir(other)
            status, text = node.Goferd(other).refuses_to_start(
                "--log-format=json", "--plaintext-loopback-role=viewer",
                f"--listen=tcp:{address}")
        self.assertEqual(status, 14, text)
        records = [json.loads(line) for line in text.splitlines()]
        [own] = [r for r in records if r["level"] == "error"]
        self.assertIn(address, own["message"])
        self.assertTrue([r for r in records if r["component"] == "grpc"], text)


class FlagTest(node.NodeTest):

    def setUp(self):
        super().setUp()
        self.goferd.stop()

    def test_the_flag_overrides_the_file(self):
        with open(self.goferd.config, "a", encoding="utf-8") as file:
            file.write("log { format: JSON }\n")
        at = len(self.goferd.log())
        self.goferd.start("--log-format=text")
        self.assertRegex(self.goferd.log()[at:],
                         r"^\d{4}-\S+ info goferd\[\d+\] ")
        self.goferd.stop()
        at = len(self.goferd.log())
        self.goferd.start()
        for line in self.goferd.log()[at:].splitlines():
            self.assertEqual(set(json.loads(line)), KEYS)

    def test_faults_of_the_configuration(self):
        with open(self.goferd.config, "a", encoding="utf-8") as file:
            file.write('max_kept_events: 5 node: "a\\nb"\nroles_file: "c"\n')
        status, text = self.goferd.refuses_to_start("--log-format=json")
        self.assertEqual(status, 10, text)
        record = json.loads(text)
        self.assertEqual((record["level"], record["component"]),
                         ("error", "goferd"))
        self.assertIn("max_kept_events", record["message"])
        self.assertIn("roles_file", record["message"])
        status, text = self.goferd.refuses_to_start("--log-format=yaml")
        self.assertEqual(status, 10, text)
        self.assertIn("--log-format: choose text or json", text)

    def test_help_names_it(self):
        shown = subprocess.run([os.environ["GOFERD"], "--help"], check=True,
                               capture_output=True, text=True).stdout
        self.assertIn("--log-format", shown)


if __name__ == "__main__":
    unittest.main()
