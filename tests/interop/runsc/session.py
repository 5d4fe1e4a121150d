"""Drives the containers of one run of one case, and notes the observations."""

import json
import os
import signal
import subprocess
import time

from processes import find_mounts, find_processes, kill_all
from spec import base_spec, write_spec

TIMEOUT = 120  # seconds, for whatever runsc does on a busy machine
SETTLE = 15  # for processes that end after their container
READY = "ready\n"


class Stop(Exception):
    """Nothing more can be observed."""


class Session:
    """Observations are pairs of label and value, the same for both runtimes."""

    def __init__(self, case, place, runtime, options):
        self.place = place
        self.probe = options.probe
        self.observations = []
        self.errors = []  # runsc's words; told, not compared
        self._runtime = runtime
        self._command = [
            runtime.runsc, f"--root={place.state}", f"--log={place.log}",
            "--network=none", "--ignore-cgroups", f"--platform={options.platform}",
            f"--directfs={'true' if options.directfs == 'on' else 'false'}",
            *(flag.replace("PLACE", place.folder) for flag in case.flags)]
        self._running = {}

    def observe(self, label, value):
        self.observations.append((label, self.place.scrub(str(value))))

    def id_of(self, number):
        return f"{self.place.name}-{number}"

    def _file(self, number, name):
        return os.path.join(self.place.folder, f"{number}.{name}")

    def output(self, number=0):
        with open(self._file(number, "stdout"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def launch(self, *words, number=0):
        """Starts a runsc that stays for as long as its container."""
        with open(self._file(number, "stdout"), "wb") as output, \
                open(self._file(number, "stderr"), "wb") as errors:
            self._running[number] = subprocess.Popen(
                [*self._command, *words, self.id_of(number)], stdin=subprocess.DEVNULL,
                stdout=output, stderr=errors, start_new_session=True)

    def run(self, number=0, bundle=None):
        self.launch("run", f"--bundle={bundle or self.place.bundle}", number=number)

    def start(self, number=0, bundle=None):
        """As run, until the container's script says that it is ready."""
        self.run(number, bundle)
        self.await_ready(number)

    def await_ready(self, number=0, count=1):
        """Stops the case when the container ends before."""
        process = self._running[number]
        end = time.monotonic() + TIMEOUT
        while self.output(number).count(READY) < count:
            try:
                process.wait(0.01)
                self.end(number)
                raise Stop
            except subprocess.TimeoutExpired:
                pass
            if time.monotonic() > end:
                self.observe(f"container {number}", f"is not ready after {TIMEOUT} s")
                self._note_errors(number)
                raise Stop
        self._prove_gofer(number)

    def _prove_gofer(self, number):
        """The gofer is the program that the runtime says."""
        name = f"{self.id_of(number)}_sandbox:{self.id_of(0)}.state"
        path = os.path.join(self.place.state, name)
        with open(path, encoding="utf-8") as file:
            pid = json.load(file)["goferPid"]
        exe = os.readlink(f"/proc/{pid}/exe")
        self.observe(f"gofer {number}", "the runtime's" if exe == self._runtime.gofer
                     else f"{exe}, not {self._runtime.gofer}")

    def end(self, number=0):
        """Waits for the container; notes its status and its output."""
        process = self._running.pop(number)
        try:
            status = process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            status = f"did not end in {TIMEOUT} s"
        self.observe(f"status {number}", status)
        self.observe(f"output {number}", self.output(number))
        self._note_errors(number)

    def _note_errors(self, number):
        with open(self._file(number, "stderr"), encoding="utf-8", errors="replace") as file:
            text = file.read().strip()
        if text:
            self.errors.append(self.place.scrub(text))

    def runsc(self, *words, label=None, observe=True):
        """A command of runsc that ends by itself."""
        label = label or words[0]
        try:
            done = subprocess.run([*self._command, *words], stdin=subprocess.DEVNULL,
                                  capture_output=True, timeout=TIMEOUT, check=False)
        except subprocess.TimeoutExpired:
            self.observe(label, f"did not end in {TIMEOUT} s")
            return
        if observe:
            self.observe(f"{label}: status", done.returncode)
            self.observe(f"{label}: output", done.stdout.decode(errors="replace"))
        if done.returncode != 0 and done.stderr:
            self.errors.append(self.place.scrub(done.stderr.decode(errors="replace").strip()))

    def exec(self, script, *options, number=0):
        self.runsc("exec", *options, self.id_of(number), "sh", "-c", script)

    def kill(self, number=0, name="KILL"):
        self.runsc("kill", self.id_of(number), name)

    def add_container(self, number, script, binds=()):
        """A bundle for another container in the first container's sandbox."""
        bundle = self.place.make_bundle(f"bundle{number}")
        spec = base_spec(["sh", "-ec", script])
        spec["mounts"] += binds
        in_pod(spec, "container", self.id_of(0))
        write_spec(bundle, spec)
        return bundle

    def wait_for_host(self, condition, label):
        """Until the host sees it; the container must live on."""
        end = time.monotonic() + TIMEOUT
        while not condition():
            if time.monotonic() > end:
                self.observe(label, f"not in {TIMEOUT} s")
                raise Stop
            if any(process.poll() is not None for process in self._running.values()):
                self.observe(label, "a container ended before")
                raise Stop
            time.sleep(0.01)
        self.observe(label, "yes")

    def finish(self):
        """Deletes all, and notes the files, processes and mounts on the host."""
        for number in list(self._running):
            self._running[number].send_signal(signal.SIGKILL)
            self.end(number)
        for number in (2, 1, 0):
            self.runsc("delete", "--force", self.id_of(number), observe=False)
        self.errors = [text for text in self.errors if "does not exist" not in text]
        self.observe("left processes", find_processes(self.place.folder, SETTLE))
        kill_all(self.place.folder)
        self.observe("left mounts", find_mounts(self.place.folder))
        self.observe("left in state", sorted(os.listdir(self.place.state)))
        for path, text in self.place.tree():
            self.observe(f"host {path}", text)
        if os.path.exists(self.place.log):
            with open(self.place.log, encoding="utf-8", errors="replace") as file:
                self.errors.append(self.place.scrub(file.read()))


def in_pod(spec, kind, sandbox=None):
    """The annotations of a CRI runtime."""
    spec["annotations"]["io.kubernetes.cri.container-type"] = kind
    if sandbox:
        spec["annotations"]["io.kubernetes.cri.sandbox-id"] = sandbox


def run_to_end(session):
    """The usual way to drive a case."""
    session.run()
    session.end()
