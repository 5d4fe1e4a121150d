"""One container of a runtime, driven with the commands of OCI."""

import json
import os
import select
import signal
import subprocess
import threading
import time

TIMEOUT = 60  # seconds, for whatever a container does
# runsc kills the gofer of a dead sandbox, and waits for it when it is its own.
GOFER_MAY_END = (None, 0, -signal.SIGKILL)


class Failed(Exception):
    """A workload's outcome is not as it must be."""


class Child:
    """A process that runsc started, and that comes to us when runsc has gone."""

    def __init__(self, pid):
        self.pid = pid
        self.status = None  # stays so when runsc itself waited for it
        self.pid_namespaces = _pid_namespaces(pid)
        self._descriptor = os.pidfd_open(pid)
        self._thread = threading.Thread(target=self._reap, daemon=True)
        self._thread.start()

    def _reap(self):
        """At once: runsc takes a process that nobody waited for to be alive."""
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        poll.poll()
        while self.status is None and self._is_there():
            try:
                self.status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
            except ChildProcessError:
                time.sleep(0.01)  # still runsc's, which may be ending too
        os.close(self._descriptor)

    def _is_there(self):
        try:
            signal.pidfd_send_signal(self._descriptor, 0)
        except ProcessLookupError:
            return False
        return True

    def ended(self, seconds):
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def kill(self):
        """Not by its number alone: that may be somebody else's by now."""
        try:
            signal.pidfd_send_signal(self._descriptor, signal.SIGKILL)
        except OSError:
            pass
        self._thread.join(10)


class Container:
    """Owned by a Bed, which asks it at the end what is left of it."""

    def __init__(self, runtime, flags, bundle, name, environment):
        self._runtime = runtime
        self._command = [runtime.runsc, *flags]
        self._state = next(f for f in flags if f.startswith("--root=")).split("=")[1]
        self._environment = environment
        self.bundle = bundle
        self.name = name
        self.sandbox = self.gofer = None
        self._output = []
        self._reader = None

    def runsc(self, *words, check=True, timeout=TIMEOUT):
        """Runs a command of runsc; returns what it wrote to stdout."""
        done = subprocess.run([*self._command, *words], stdin=subprocess.DEVNULL,
                              capture_output=True, env=self._environment,
                              timeout=timeout, check=False)
        text = done.stdout.decode(errors="replace")
        if check and done.returncode != 0:
            raise Failed(f"runsc {words[0]}: status {done.returncode}: "
                         + done.stderr.decode(errors="replace").strip()[-300:])
        return text

    def create(self, command="create", *words):
        """Until the sandbox is there, and its gofer is who it must be.

        command: "create", or "restore" with its flags.
        """
        read_end, write_end = os.pipe()
        self._reader = threading.Thread(target=self._read, args=(read_end,), daemon=True)
        self._reader.start()
        with os.fdopen(write_end, "wb") as pipe:
            done = subprocess.run(
                [*self._command, command, f"--bundle={self.bundle}", *words, self.name],
                stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe,
                env=self._environment, timeout=TIMEOUT, check=False)
        if done.returncode != 0:
            raise Failed(f"runsc {command}: {self.output().strip()[-300:]}")
        self.meet_processes()

    def meet_processes(self):
        state = os.path.join(self._state, f"{self.name}_sandbox:{self.name}.state")
        with open(state, encoding="utf-8") as file:
            known = json.load(file)
        self.gofer = Child(known["goferPid"])
        self.sandbox = Child(known["sandbox"]["pid"])
        self.prove_gofer()

    def attach(self, *words):
        """Starts a runsc that stays; returns its Popen, with pipes.

        The caller waits for a word of the container before it calls
        meet_children.
        """
        return subprocess.Popen([*self._command, *words], stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                env=self._environment)

    def meet_children(self, runsc_pid):
        """As meet_processes, for a runsc that is the parent of both."""
        by_name = {name: pid for pid, name in _children(runsc_pid)}
        self.gofer = Child(by_name["runsc-gofer"])
        self.sandbox = Child(by_name["runsc-sandbox"])
        self.prove_gofer()

    def prove_gofer(self):
        """The gofer process is the program that the runtime says."""
        end = time.monotonic() + 5
        while True:
            exe = _exe(self.gofer.pid)
            if exe == self._runtime.gofer:
                return
            if time.monotonic() > end:  # the dispatcher becomes it at once
                raise Failed(f"the gofer is {exe}, not {self._runtime.gofer}")
            time.sleep(0.01)

    def start(self):
        self.runsc("start", self.name)

    def wait(self):
        """Returns the exit status of the container's first process.

        It is the sandbox's; `runsc wait` fails for one that has ended.
        """
        if not self.sandbox.ended(TIMEOUT):
            raise Failed(f"the container did not end in {TIMEOUT} s")
        return self.sandbox.status

    def output(self):
        """All of it, when the container has ended."""
        if self._reader is not None:
            self._reader.join(TIMEOUT)
        return b"".join(self._output).decode(errors="replace")

    def _read(self, descriptor):
        with os.fdopen(descriptor, "rb", buffering=0) as pipe:
            while data := pipe.read(65536):
                self._output.append(data)

    def delete(self):
        self.runsc("delete", "--force", self.name)
        self._check_gofer_end()

    def _check_gofer_end(self):
        if self.gofer is None:
            return
        if not self.gofer.ended(10):
            raise Failed("the gofer did not end")
        if self.gofer.status not in GOFER_MAY_END:
            raise Failed(f"the gofer ended with {self.gofer.status}")

    def destroy(self):
        """Whatever state it is in; for after a failure."""
        try:
            self.runsc("delete", "--force", self.name, check=False, timeout=30)
        except subprocess.TimeoutExpired:
            pass
        for child in (self.sandbox, self.gofer):
            if child is not None and not child.ended(1):
                child.kill()


def _exe(pid):
    try:
        return os.readlink(f"/proc/{pid}/exe")
    except OSError as error:
        return f"unknown ({error.strerror})"


def _children(parent):
    """Pairs of number and argv[0]."""
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as file:
                its_parent = int(file.read().rpartition(")")[2].split()[1])
            with open(f"/proc/{name}/cmdline", "rb") as file:
                first = file.read().split(b"\0")[0].decode(errors="replace")
        except OSError:
            continue  # gone
        if its_parent == parent:
            yield int(name), first


def _pid_namespaces(pid):
    """Its own, if it is not the one that we are in."""
    try:
        theirs = {os.readlink(f"/proc/{pid}/ns/{kind}")
                  for kind in ("pid", "pid_for_children")}
    except OSError:
        return set()
    return theirs - {os.readlink("/proc/self/ns/pid")}
