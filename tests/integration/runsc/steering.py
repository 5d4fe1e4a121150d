"""A goferd that finds the containers of an installation, and steers them."""

import json
import os
import signal
import subprocess
import time

WAIT_S = 30


class Steering:
    """goferd in a folder; a context. install-runsc takes `state` as --state-dir."""

    def __init__(self, folder, goferd, goferctl, gofer):
        self.folder = folder
        self.state = os.path.join(folder, "state")
        self._goferctl = goferctl
        self._configuration = os.path.join(folder, "goferd.textproto")
        self._log = os.path.join(folder, "goferd.log")
        self._goferd = goferd
        self._gofer = gofer
        self._process = None

    def __enter__(self):
        os.mkdir(self.folder, 0o755)
        with open(self._configuration, "w", encoding="utf-8") as file:
            file.write(f'state_directory: "{self.state}"\n'
                       f'allowed_roots: "{self.folder}"\ngofer_path: "{self._gofer}"\n')
        with open(self._log, "wb") as log:
            self._process = subprocess.Popen(
                [self._goferd, f"--config={self._configuration}"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            self.wait_for(lambda: self.ctl("server", "list").returncode == 0, "goferd")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *failure):
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(timeout=WAIT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def ctl(self, *words):
        return subprocess.run(
            [self._goferctl, f"--endpoint=unix:{self.state}/admin.sock", *words],
            capture_output=True, text=True, timeout=WAIT_S, check=False)

    def json(self, *words):
        done = self.ctl("--output=json", *words)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def server_of(self, container):
        """The id of the container's server, once goferd has found its gofer.

        A long id is cut, as in server/worker/adopted_directory.h.
        """
        name = ("runsc-" + container.lower())[:63]
        self.wait_for(lambda: self.ctl("server", "get", name).returncode == 0, name)
        return name

    def add_fault(self, server, mid, error, *words):
        return self.ctl("faults", "add", f"{server}/full", f"--mid={mid}",
                        f"--error={error}", "--ttl=5m", *words)

    def wait_for(self, condition, what):
        end = time.monotonic() + WAIT_S
        while not condition():
            if time.monotonic() > end:
                with open(self._log, encoding="utf-8", errors="replace") as log:
                    raise AssertionError(f"not in time: {what}\n{log.read()[-4000:]}")
            time.sleep(0.02)
