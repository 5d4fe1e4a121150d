"""OCI bundles from files of this machine; nothing is downloaded.

A bundle is a folder with a rootfs and a config.json. The functions here are for
trials and tests; `make-bundle` is their command line.
"""

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field

PATH = "/usr/local/bin:/usr/bin:/bin"
# What a container usually gets.
CAPABILITIES = [
    "CAP_AUDIT_WRITE", "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID",
    "CAP_KILL", "CAP_MKNOD", "CAP_NET_BIND_SERVICE", "CAP_SETFCAP", "CAP_SETGID",
    "CAP_SETPCAP", "CAP_SETUID", "CAP_SYS_CHROOT",
]


@dataclass
class Config:
    """What a config.json says, as far as anybody here needs it."""

    args: list
    cwd: str = "/"
    env: dict = field(default_factory=dict)
    readonly: bool = False
    mounts: list = field(default_factory=list)
    annotations: dict = field(default_factory=dict)

    def as_json(self):
        env = {"PATH": PATH, "HOME": "/root", **self.env}
        return {
            "ociVersion": "1.0.2",
            "process": {
                "user": {"uid": 0, "gid": 0},
                "args": self.args,
                "env": [f"{name}={value}" for name, value in env.items()],
                "cwd": self.cwd,
                "capabilities": {kind: CAPABILITIES for kind in
                                 ("bounding", "effective", "permitted")},
            },
            "root": {"path": "rootfs", "readonly": self.readonly},
            "hostname": "goferd",
            "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"},
                       *self.mounts],
            "annotations": self.annotations,
            "linux": {"namespaces": [{"type": kind} for kind in
                                     ("pid", "network", "ipc", "uts", "mount")]},
        }


def bind_mount(source, destination, readonly=False):
    """An entry for Config.mounts that the gofer serves."""
    options = ["rbind", "ro"] if readonly else ["rbind"]
    return {"destination": destination, "type": "bind", "source": source,
            "options": options}


def write_config(bundle, config):
    with open(os.path.join(bundle, "config.json"), "w", encoding="utf-8") as file:
        json.dump(config.as_json(), file, indent=1)


def make_rootfs(bundle, programs=()):
    """Makes bundle/rootfs with busybox and the programs given; returns its path.

    A program lands at its own path, its libraries where its loader looks.
    """
    rootfs = os.path.join(bundle, "rootfs")
    for folder in ("bin", "dev", "etc", "proc", "root", "sys", "tmp", "usr"):
        os.makedirs(os.path.join(rootfs, folder), exist_ok=True)
    os.chmod(os.path.join(rootfs, "tmp"), 0o1777)
    _write(rootfs, "etc/passwd", "root:x:0:0:root:/root:/bin/sh\n"
           "nobody:x:65534:65534:nobody:/:/bin/sh\n")
    _write(rootfs, "etc/group", "root:x:0:\nnogroup:x:65534:\n")
    _add_busybox(rootfs)
    for program in programs:
        _copy_with_libraries(program, rootfs)
    return rootfs


def share_host_programs(rootfs):
    """Mounts that show the host's /usr and what it needs, read-only."""
    for name in ("lib", "lib32", "lib64", "libx32"):
        if os.path.islink("/" + name):
            os.symlink("usr/" + name, os.path.join(rootfs, name))
    mounts = [bind_mount("/usr", "/usr", readonly=True)]
    for name in ("/etc/alternatives", "/etc/ld.so.cache"):
        if os.path.exists(name):
            mounts.append(bind_mount(name, name, readonly=True))
    return mounts


def _write(rootfs, name, text):
    with open(os.path.join(rootfs, name), "w", encoding="utf-8") as file:
        file.write(text)


def _add_busybox(rootfs):
    busybox = shutil.which("busybox")
    if busybox is None:
        raise FileNotFoundError("busybox is missing: apt-get install busybox-static")
    shutil.copy2(busybox, os.path.join(rootfs, "bin/busybox"))
    applets = subprocess.run([busybox, "--list"], check=True, capture_output=True,
                             text=True).stdout.split()
    for applet in applets:
        if applet != "busybox":
            os.symlink("busybox", os.path.join(rootfs, "bin", applet))


def _copy_with_libraries(program, rootfs):
    listed = subprocess.run(["ldd", program], check=False, capture_output=True,
                            text=True).stdout
    for path in (program, *re.findall(r"(/\S+) \(0x", listed)):
        copy = rootfs + path
        os.makedirs(os.path.dirname(copy), exist_ok=True)
        shutil.copy2(path, copy)
