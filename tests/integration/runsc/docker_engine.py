"""A Docker of a test's own: its dockerd and containerd, and nothing of the host's."""

import glob
import json
import os
import shutil
import signal
import subprocess
import time

CONTAINERD, DOCKERD, DOCKER = PROGRAMS = ("/usr/bin/containerd", "/usr/sbin/dockerd",
                                          "/usr/bin/docker")
RUNTIME_FLAGS = ["--network=none", "--ignore-cgroups"]
WAIT_S = 60


def why_not():
    """Why no Docker can run here; None when it can."""
    missing = [path for path in PROGRAMS if not os.path.exists(path)]
    return f"{', '.join(missing)} missing: apt-get install docker.io" if missing else None


class Docker:
    """Runs in `folder` with the runtimes {name: path}; a context."""

    def __init__(self, folder, runtimes):
        self.folder = folder
        self.runtimes = runtimes
        self.processes = []
        self.socket = os.path.join(folder, "docker.sock")
        self.address = os.path.join(folder, "containerd.sock")

    def __enter__(self):
        os.mkdir(self.folder, 0o755)
        try:
            self._start(CONTAINERD, "--config", self._write(
                "containerd.toml", self._containerd_configuration()))
            self._await(self.address)
            self._start(
                DOCKERD, "--config-file", self._write("daemon.json", json.dumps({
                    "runtimes": {name: {"path": path, "runtimeArgs": RUNTIME_FLAGS}
                                 for name, path in self.runtimes.items()}})),
                f"--host=unix://{self.socket}", f"--containerd={self.address}",
                f"--data-root={self.folder}/data", f"--exec-root={self.folder}/exec",
                f"--pidfile={self.folder}/docker.pid", "--storage-driver=vfs",
                "--iptables=false", "--ip6tables=false", "--bridge=none",
                "--exec-opt=native.cgroupdriver=cgroupfs")
            self._await(self.socket)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *failure):
        if len(self.processes) == len((CONTAINERD, DOCKERD)):
            self.remove_containers()
        # Of a container whose end nobody heard of.
        shims = self._shims()
        for process in reversed(self.processes):
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=WAIT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for pid in shims:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        for path in sorted(self._mounts(), reverse=True):
            subprocess.run(["umount", "--lazy", path], check=False)
        shutil.rmtree(self.folder)

    def run(self, *words, stdin=None, timeout=WAIT_S):
        return subprocess.run(
            [DOCKER, f"--host=unix://{self.socket}", *words], check=False,
            env={**os.environ, "DOCKER_CONFIG": self.folder}, input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True, text=stdin is None or isinstance(stdin, str),
            timeout=timeout)

    def remove_containers(self):
        names = self.run("ps", "--all", "--quiet").stdout.split()
        if names:
            self.run("rm", "--force", *names)

    def import_image(self, name, rootfs):
        packed = subprocess.run(["tar", "-C", rootfs, "-c", "."], check=True,
                                capture_output=True).stdout
        done = self.run("import", "-", name, stdin=packed)
        assert done.returncode == 0, done.stderr

    def log(self):
        return "".join(self._read(path) for path in sorted(glob.glob(self.folder + "/*.log")))

    @staticmethod
    def _read(path):
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def _containerd_configuration(self):
        return f"""
version = 2
root = "{self.folder}/containerd-root"
state = "{self.folder}/containerd-state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "{self.address}"
"""

    def _write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def _start(self, path, *words):
        with open(os.path.join(self.folder, os.path.basename(path) + ".log"), "wb") as log:
            self.processes.append(subprocess.Popen(
                [path, *words], stdin=subprocess.DEVNULL, stdout=log, stderr=log))

    def _await(self, path):
        end = time.monotonic() + WAIT_S
        while not os.path.exists(path):
            if self.processes[-1].poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"Docker does not start:\n{self.log()[-4000:]}")
            time.sleep(0.02)

    def _shims(self):
        """The processes that containerd has left on their own."""
        found = []
        for path in glob.glob("/proc/[0-9]*/cmdline"):
            try:
                words = self._read(path).split("\0")
            except (FileNotFoundError, ProcessLookupError):
                continue  # gone
            if "containerd-shim" in words[0] and self.address in " ".join(words):
                found.append(int(path.split("/")[2]))
        return found

    def _mounts(self):
        with open("/proc/self/mountinfo", encoding="utf-8") as file:
            paths = [line.split()[4] for line in file]
        return [path for path in paths if path.startswith(self.folder + "/")]
