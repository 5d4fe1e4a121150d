"""User namespaces, mapped mounts, owners, extended attributes, hooks."""

import os

from case import Bind, Case
from spec import map_users

MAPPED = [{"containerID": 0, "hostID": 3000, "size": 1000}]


def _data(place):
    place.folder_in("data", 0o777)
    place.file("data/file", "of root\n")
    place.file("data/of_3000", "of 3000\n", 0o644, 3000)
    place.file("data/of_100000", "of 100000\n", 0o600, 100000)


def _mapped_root(place):
    """The container's root is the mapped root's."""
    for folder, folders, files in os.walk(place.root):
        for name in [folder, *(os.path.join(folder, n) for n in folders + files)]:
            os.lchown(name, 100000, 100000)


def _hidden(place):
    _mapped_root(place)
    place.folder_in("hidden", 0o700)
    place.folder_in("hidden/data", 0o777)
    place.file("hidden/data/file", "behind a 0700 folder\n")


def _user(uid, *groups):
    def change(spec, _):
        spec["process"]["user"] = {"uid": uid, "gid": uid, "additionalGids": list(groups)}
        for kind in spec["process"]["capabilities"]:
            spec["process"]["capabilities"][kind] = []
    return change


def _hook(kind):
    def change(spec, place):
        spec["hooks"] = {kind: [{
            "path": "/bin/sh",
            "args": ["sh", "-c", f"cat >/dev/null; echo hook >'{place.sources}/data/hook'"]}]}
    return change


def _failing_hook(spec, _):
    spec["hooks"] = {"createContainer": [{"path": "/bin/false"}]}


# VFS_CAP_REVISION_2 with no capability.
NO_CAPABILITIES = bytes.fromhex("0000000200000000" + "00" * 12)
HOST_ATTRIBUTES = {"user.host": b"of the host", "security.capability": NO_CAPABILITIES,
                   "trusted.host": b"trusted"}


def _attributes(*names):
    """A file that has them on the host."""
    def prepare(place):
        _data(place)
        for name in names:
            os.setxattr(place.path("data/file"), name, HOST_ATTRIBUTES[name])
    return prepare


def _copy_up(name, medium, *attributes):
    """An overlay copies the file and, if it can list them, its attributes."""
    return Case(f"xattr_copy_up_{name}", COPY_UP + "; probe xattr /a/file user.name value",
                binds=DATA, prepare=_attributes(*attributes), flags=(f"--overlay2={medium}",))


OWNERS = "stat -c '%n %a %u:%g' /a/*; "
XATTR = "probe xattr /a/file user.name value"
COPY_UP = "echo more >>/a/file; echo status $?; cat /a/file; chmod 600 /a/of_3000; echo $?"
DATA = (Bind("data", "/a"),)
IDMAP = {"uidMappings": MAPPED, "gidMappings": MAPPED}

CASES = (
    Case("user_namespace", "id -u; " + OWNERS + "echo new >/a/new; cat /a/of_100000",
         binds=DATA, prepare=lambda place: (_data(place), _mapped_root(place)),
         change=lambda spec, _: map_users(spec)),
    Case("user_namespace_root_written", "echo new >/etc/new; chown 5:6 /etc/new; "
         "stat -c '%u:%g' /etc/new",
         prepare=_mapped_root, change=lambda spec, _: map_users(spec),
         flags=("--overlay2=none",)),
    Case("user_namespace_source_unreachable", "cat /a/file; echo new >/a/new",
         binds=(Bind("hidden/data", "/a"),), prepare=_hidden,
         change=lambda spec, _: map_users(spec), since="2025-02"),
    Case("user_namespace_source_unreachable_readonly",
         "cat /a/file; { echo new >/a/new; } 2>&1 || echo refused",
         binds=(Bind("hidden/data", "/a", ("rbind", "ro")),), prepare=_hidden,
         change=lambda spec, _: map_users(spec), since="2025-02"),
    Case("user_namespace_file_unreachable", "cat /a", prepare=_hidden,
         binds=(Bind("hidden/data/file", "/a"),),
         change=lambda spec, _: map_users(spec), since="2025-02"),
    Case("mount_mapped_ids", OWNERS + "echo new >/a/new; echo status $?",
         binds=(Bind("data", "/a", ("rbind",), more=IDMAP),), prepare=_data),
    Case("mount_mapped_ids_idmap_option", OWNERS + "echo new >/a/new; echo status $?",
         binds=(Bind("data", "/a", ("rbind", "idmap"), more=IDMAP),), prepare=_data,
         since="2025-02"),
    Case("user_without_capabilities", OWNERS + "cat /a/of_100000 2>&1 || echo refused; "
         "echo new >/a/new; chown 0 /a/new 2>&1 || echo refused",
         binds=DATA, prepare=_data, change=_user(3000, 4000)),
    Case("owners_changed", "cd /a; touch n; chown 7:8 n; chmod 4755 n; chown 9 n; "
         "mkdir s; chgrp 5 s; chmod 2775 s; touch s/f; ln -s n l; chown -h 3:4 l; "
         "stat -c '%n %a %u:%g' n s s/f l",
         binds=DATA, prepare=_data),
    Case("hook_create_container", "cat /a/hook 2>&1 || echo none", binds=DATA, prepare=_data,
         change=_hook("createContainer")),
    Case("hook_create_container_fails", "echo started", change=_failing_hook),
    Case("hook_create_runtime", "cat /a/hook 2>&1 || echo none", binds=DATA, prepare=_data,
         change=_hook("createRuntime")),
    Case("hook_prestart", "cat /a/hook 2>&1 || echo none", binds=DATA, prepare=_data,
         change=_hook("prestart")),
    Case("hook_poststop", "echo ran", binds=DATA, prepare=_data, change=_hook("poststop")),
    Case("xattr_of_a_bind", XATTR, binds=DATA, prepare=_data),
    Case("xattr_of_the_host", XATTR, binds=DATA, prepare=_attributes(*HOST_ATTRIBUTES)),
    Case("xattr_of_the_root", "touch /f; probe xattr /f user.name value",
         flags=("--overlay2=none",)),
    _copy_up("none", "all:memory"),
    _copy_up("user", "all:memory", "user.host"),
    _copy_up("user_self", "all:self", "user.host"),
    _copy_up("security", "all:memory", "security.capability"),
    _copy_up("security_self", "all:self", "security.capability"),
    _copy_up("trusted", "all:memory", "trusted.host"),
)
