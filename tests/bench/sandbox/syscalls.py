"""Counts a process's system calls with strace, for a while."""

import os
import signal
import subprocess


class SyscallCount:
    """A context; `counts` afterwards maps the names to the numbers of calls."""

    def __init__(self, pid, folder):
        self._pid = pid
        self._path = os.path.join(folder, "strace")
        self.counts = {}

    def __enter__(self):
        self._process = subprocess.Popen(
            ["strace", "-f", "-c", "-U", "calls,name", "-o", self._path, "-p", str(self._pid)],
            stderr=subprocess.PIPE, text=True)
        line = self._process.stderr.readline()
        if "attached" not in line:
            raise RuntimeError(f"strace: {line.strip()}")
        return self

    def __exit__(self, *failure):
        self._process.send_signal(signal.SIGINT)
        self._process.communicate(timeout=60)
        with open(self._path, encoding="utf-8") as file:
            for line in file:
                words = line.split()
                if len(words) == 2 and words[0].isdigit() and words[1] != "total":
                    self.counts[words[1]] = int(words[0])
