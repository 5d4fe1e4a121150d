"""Sockets, FIFOs and devices: bound by themselves, in a bound folder, in the root."""

import os
import stat

from case import Bind, Case

STAT = "stat -c '%n %F %a %u:%g %t:%T'"


def _one_of_each(place):
    place.socket("all/socket")
    place.fifo("all/fifo")
    place.device("all/null", 1, 3)
    place.file("all/file")
    os.symlink("file", place.path("all/link"))


def _null_in_root(place):
    os.mknod(os.path.join(place.root, "null"), stat.S_IFCHR | 0o666, os.makedev(1, 3))


READ_ZERO = "head -c 4 {0} | od -An -tx1; echo status $?"
WRITE_NULL = "echo gone >{0}; echo status $?; cat {0}; echo status $?"

CASES = (
    Case("socket_bound", f"{STAT} /socket; ls /",
         binds=(Bind("server", "/socket"),),
         prepare=lambda place: place.socket("server")),
    Case("socket_bound_connect_refused", "probe connect /socket hello",
         binds=(Bind("server", "/socket"),),
         prepare=lambda place: place.socket("server")),
    Case("socket_bound_connect", f"{STAT} /socket; probe connect /socket hello",
         binds=(Bind("server", "/socket"),), flags=("--host-uds=open",),
         prepare=lambda place: place.socket("server")),
    Case("socket_bound_readonly", f"{STAT} /run/docker.sock; probe connect /run/docker.sock hi",
         binds=(Bind("server", "/run/docker.sock", ("rbind", "ro")),),
         flags=("--host-uds=open",),
         prepare=lambda place: place.socket("server")),
    Case("socket_in_bound_folder", f"{STAT} /all/socket; probe connect /all/socket hello",
         binds=(Bind("all", "/all"),), flags=("--host-uds=open",), prepare=_one_of_each),
    Case("fifo_bound", f"{STAT} /fifo",
         binds=(Bind("fifo", "/fifo"),), prepare=lambda place: place.fifo("fifo")),
    Case("fifo_bound_read", f"{STAT} /fifo; head -n1 /fifo",
         binds=(Bind("fifo", "/fifo"),), flags=("--host-fifo=open",),
         prepare=lambda place: place.fifo("fifo", "from the host\n")),
    Case("fifo_in_bound_folder", f"{STAT} /all/fifo",
         binds=(Bind("all", "/all"),), prepare=_one_of_each),
    Case("device_null_bound", f"{STAT} /device; " + WRITE_NULL.format("/device"),
         binds=(Bind("null", "/device"),),
         prepare=lambda place: place.device("null", 1, 3)),
    Case("device_zero_bound", f"{STAT} /device; " + READ_ZERO.format("/device"),
         binds=(Bind("zero", "/device"),),
         prepare=lambda place: place.device("zero", 1, 5)),
    Case("device_of_host_bound", f"{STAT} /device; " + READ_ZERO.format("/device"),
         binds=(Bind("/dev/zero", "/device"),)),
    Case("device_bound_readonly", f"{STAT} /device; " + READ_ZERO.format("/device"),
         binds=(Bind("zero", "/device", ("rbind", "ro")),),
         prepare=lambda place: place.device("zero", 1, 5)),
    Case("device_in_bound_folder", f"{STAT} /all/null; " + WRITE_NULL.format("/all/null"),
         binds=(Bind("all", "/all"),), prepare=_one_of_each),
    Case("device_in_root", f"{STAT} /null; " + WRITE_NULL.format("/null"),
         prepare=_null_in_root, flags=("--overlay2=none",)),
    Case("folder_of_all_kinds", f"cd /all; {STAT} *; ls -1 | cat; rm -r /all/*; ls /all",
         binds=(Bind("all", "/all"),), prepare=_one_of_each),
    Case("make_special_files",
         "cd /data; mkfifo fifo || echo no; mknod null c 1 3 2>&1 || echo no; "
         f"mknod block b 7 0 2>&1 || echo no; {STAT} *",
         binds=(Bind("data", "/data"),),
         prepare=lambda place: place.folder_in("data")),
)
