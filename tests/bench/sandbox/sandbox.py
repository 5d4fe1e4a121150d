"""A live sandbox that obeys steps.c, and what its processes cost."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from dataclasses import dataclass

PROJECT = os.path.realpath(os.path.join(os.path.dirname(__file__), "../../.."))
sys.path += [os.path.join(PROJECT, "deploy/runsc"),
             os.path.join(PROJECT, "tests/interop/containers")]

# pylint: disable=wrong-import-position
import oci_bundle  # of deploy/runsc

TIMEOUT = 120  # seconds, for a step on a busy machine
WORK = "/work"


@dataclass(frozen=True)
class Cost:
    """Of one turn; times in nanoseconds."""

    time: int
    gofer_cpu: int
    sentry_cpu: int
    gofer_sleeps: int

    def __sub__(self, before):
        return Cost(self.time - before.time, self.gofer_cpu - before.gofer_cpu,
                    self.sentry_cpu - before.sentry_cpu,
                    self.gofer_sleeps - before.gofer_sleeps)


class Sandbox:
    """A context: a container of one runtime, with a folder of the host at /work."""

    def __init__(self, contender, folder, work, platform, programs):
        self.name = contender.label
        self._runtime = contender.runtime
        self._folder = folder
        self._id = f"bench-{os.getpid()}-{contender.label}"
        self._state = os.path.join(folder, "state")
        self._command = [
            self._runtime.runsc, f"--root={self._state}", "--network=none",
            "--ignore-cgroups", f"--platform={platform}",
            f"--directfs={'true' if contender.directfs else 'false'}"]
        self._bundle = self._make_bundle(work, programs)

    def _make_bundle(self, work, programs):
        bundle = os.path.join(self._folder, "bundle")
        rootfs = oci_bundle.make_rootfs(bundle)
        os.link(os.path.join(os.path.dirname(self._folder), "steps"),
                os.path.join(rootfs, "bin/steps"))
        mounts = oci_bundle.share_host_programs(rootfs) if programs else []
        mounts.append(oci_bundle.bind_mount(work, WORK))
        oci_bundle.write_config(bundle, oci_bundle.Config(
            args=["/bin/steps", WORK], mounts=mounts))
        return bundle

    def __enter__(self):
        self._errors = open(os.path.join(self._folder, "stderr"), "w+", encoding="utf-8")
        self._process = subprocess.Popen(
            [*self._command, "run", f"--bundle={self._bundle}", self._id],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, bufsize=0,
            start_new_session=True)
        try:
            self._expect("ready")
            self._find_processes()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *failure):
        self._process.stdin.close()
        try:
            self._process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
        self._process.stdout.close()
        self._errors.close()
        subprocess.run([*self._command, "delete", "--force", self._id], check=False,
                       capture_output=True, timeout=TIMEOUT)

    def _find_processes(self):
        name = f"{self._id}_sandbox:{self._id}.state"
        with open(os.path.join(self._state, name), encoding="utf-8") as file:
            state = json.load(file)
        self.gofer = state["goferPid"]
        self._sentry = state["sandbox"]["pid"]
        program = os.readlink(f"/proc/{self.gofer}/exe")
        if program != self._runtime.gofer:
            raise RuntimeError(f"{self.name}: the gofer is {program}, not {self._runtime.gofer}")

    def _ask(self, line):
        self._process.stdin.write(line.encode() + b"\n")
        return self._read()

    def _read(self):
        end = time.monotonic() + TIMEOUT
        line = b""
        while not line.endswith(b"\n"):
            ready, _, _ = select.select([self._process.stdout], [], [],
                                        max(0, end - time.monotonic()))
            piece = os.read(self._process.stdout.fileno(), 4096) if ready else b""
            if not piece:
                self._errors.seek(0)
                raise RuntimeError(f"{self.name}: the container "
                                   f"{'ended' if ready else 'does not answer'}: "
                                   f"{self._errors.read().strip()}")
            line += piece
        return line.decode().strip()

    def _expect(self, wanted, line=None):
        answer = self._read() if line is None else self._ask(line)
        if answer != wanted:
            raise RuntimeError(f"{self.name}: {answer!r}, not {wanted!r}")

    def prepare(self, step, count):
        self._expect("prepared", f"prepare {step} {count}")

    def run(self):
        """The cost of the step that was prepared."""
        before = self._read_costs(0)
        nanos = int(self._ask("run"))
        return self._read_costs(nanos) - before

    def clean(self):
        self._expect("clean", "clean")

    def _read_costs(self, nanos):
        return Cost(nanos, cpu_nanos(self.gofer), cpu_nanos(self._sentry), sleeps(self.gofer))


def cpu_nanos(pid):
    """Of all threads, those that have ended too: the process's own CPU clock."""
    return time.clock_gettime_ns((~pid << 3) | 2)


def sleeps(pid):
    """How often its threads left the CPU to wait."""
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/status", encoding="utf-8") as file:
            total += int(file.read().rpartition("\nvoluntary_ctxt_switches:")[2].split()[0])
    return total
