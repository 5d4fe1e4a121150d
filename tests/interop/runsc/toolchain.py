"""Gets the Go toolchain that a release needs, with whatever Go there is.

A Go of 1.21 or later takes itself when a module asks for an older Go, and Go
1.19 fetches no toolchain. But each of them downloads modules, and a toolchain
is a module.
"""

import json
import os
import re
import shutil
import stat
import subprocess
import tempfile

HERE = os.path.dirname(os.path.realpath(__file__))
PINNED = os.path.join(HERE, "toolchains")
PLACES = ("/usr/lib/go-1.19/bin/go", "/usr/bin/go", "/usr/local/go/bin/go")


class ToolchainError(Exception):
    """One line for the user."""


class UnreachableError(ToolchainError):
    """No module proxy answers here."""


# How the go command says that it got no answer. A wrong sum says otherwise.
NO_ANSWER = ("dial tcp", "no such host", "connection refused", "network is unreachable",
             "i/o timeout", "TLS handshake", "proxyconnect", "module lookup disabled")


def download_error(text):
    kind = UnreachableError if any(sign in text for sign in NO_ANSWER) else ToolchainError
    return kind(text.strip().splitlines()[-1] if text.strip() else "no reason given")


def environment(**changes):
    """For any go command: no file or variable chooses another toolchain."""
    result = {**os.environ, "GOTOOLCHAIN": "local", "GO111MODULE": "on",
              "GOWORK": "off", **changes}
    result.pop("GOROOT", None)
    return result


def find_toolchain(name):
    """The path of the go command of a version, such as "go1.23.6"."""
    candidates = [path for path in (os.environ.get("GOFERD_GO"), shutil.which("go"), *PLACES)
                  if path and os.access(path, os.X_OK)]
    if not candidates:
        raise ToolchainError("no Go at all; run: apt-get install golang-go")
    for candidate in candidates:
        if _version(candidate) == name:
            return candidate
    return _download(candidates[0], name)


def _version(go):
    done = subprocess.run([go, "version"], capture_output=True, text=True, check=False,
                          env=environment())
    found = re.match(r"go version (\S+) linux/amd64", done.stdout)
    return found[1] if found else None


def _download(go, name):
    """The go command checks the download against the sums of PINNED."""
    version = f"v0.0.1-{name}.linux-amd64"
    with open(os.path.join(PINNED, "go.sum"), encoding="utf-8") as file:
        if f"golang.org/toolchain {version} h1:" not in file.read():
            raise ToolchainError(f"{PINNED}/go.sum does not pin {version}")
    with tempfile.TemporaryDirectory(prefix="goferd-toolchain-") as folder:
        for file in ("go.mod", "go.sum"):
            shutil.copy(os.path.join(PINNED, file), folder)
        done = subprocess.run(
            [go, "mod", "download", "-json", f"golang.org/toolchain@{version}"],
            cwd=folder, capture_output=True, text=True, check=False,
            env=environment(GOFLAGS="-mod=mod"))
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        answer = {}
    if done.returncode != 0 or "Dir" not in answer:
        raise download_error(f"{go} cannot download {version}: "
                             + (answer.get("Error") or done.stderr).strip())
    return _make_executable(answer["Dir"])


def _make_executable(folder):
    """A module's files never are; the go command does the same for itself."""
    tools = os.path.join(folder, "pkg/tool")
    folders = [os.path.join(folder, "bin"),
               *(os.path.join(tools, name) for name in os.listdir(tools))]
    for place in folders:
        for name in os.listdir(place):
            path = os.path.join(place, name)
            mode = stat.S_IMODE(os.stat(path).st_mode)
            if mode & 0o111 != 0o111:
                os.chmod(path, mode | 0o111)
    return os.path.join(folder, "bin/go")
