"""Binds: their mount points, flags and order; the working directory; erofs."""

import os
import subprocess

from case import Bind, Case

UUID = "00000000-0000-0000-0000-000000000001"
TWICE = ("rbind", "noatime", "rslave")


def _data(place):
    place.folder_in("data")
    place.file("data/file", "of the host\n")


def _outer_and_inner(place):
    place.folder_in("outer")
    place.file("outer/file", "outer\n")
    place.folder_in("inner")
    place.file("inner/file", "inner\n")


def _many(place):
    for i in range(50):
        place.file(f"many/{i}/file", f"{i}\n")


def _links(place):
    _data(place)
    os.symlink("data", place.path("link"))
    os.symlink("/target", os.path.join(place.root, "to_target"))
    os.mkdir(os.path.join(place.root, "target"))


def make_image(place, tree, name):
    """An erofs of the tree, the same for both runs."""
    subprocess.run(["mkfs.erofs", "-E", "noinline_data", "-T0", "-U", UUID, place.path(name),
                    tree], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _erofs(place):
    place.file("tree/folder/file", "in the image\n")
    _data(place)
    make_image(place, place.path("tree"), "image")


def _cwd(path, readonly=False):
    def change(spec, _):
        spec["process"]["cwd"] = path
        spec["root"]["readonly"] = readonly
    return change


def _readonly_root(spec, _):
    spec["root"]["readonly"] = True


SHOW = "cat /a/file; echo new >/a/new; echo status $?"

CASES = (
    Case("bind", SHOW, binds=(Bind("data", "/a"),), prepare=_data),
    Case("bind_readonly", "cat /a/file; { echo new >/a/new; } 2>&1 || echo refused; "
         "rm /a/file 2>&1 || echo refused; chmod 600 /a/file 2>&1 || echo refused",
         binds=(Bind("data", "/a", ("rbind", "ro")),), prepare=_data),
    Case("bind_of_a_file", "cat /a; echo more >>/a; cat /a; echo new >/a; rm /a 2>&1 || echo no",
         binds=(Bind("data/file", "/a"),), prepare=_data),
    Case("bind_of_a_file_readonly", "cat /etc/a/b; { echo x >/etc/a/b; } 2>&1 || echo refused",
         binds=(Bind("data/file", "/etc/a/b", ("bind", "ro")),), prepare=_data),
    Case("bind_over_a_file", "cat /etc/passwd", binds=(Bind("data/file", "/etc/passwd"),),
         prepare=_data),
    Case("bind_mount_point_made_in_root", "cat /x/y/z/file; stat -c '%n %a %u:%g' /x /x/y /x/y/z",
         binds=(Bind("data", "/x/y/z"),), prepare=_data, flags=("--overlay2=none",)),
    Case("bind_below_a_bind", "cat /a/file /a/b/file; echo new >/a/b/new",
         binds=(Bind("outer", "/a"), Bind("inner", "/a/b")), prepare=_outer_and_inner),
    Case("bind_below_a_readonly_bind", "cat /a/file /a/b/file; { echo x >/a/x; } 2>&1 || echo no;"
         " echo new >/a/b/new",
         binds=(Bind("outer", "/a", ("rbind", "ro")), Bind("inner", "/a/b")),
         prepare=_outer_and_inner),
    Case("bind_deep_below_a_readonly_bind", "cat /a/file /a/b/c/d/file",
         binds=(Bind("outer", "/a", ("rbind", "ro")), Bind("inner", "/a/b/c/d")),
         prepare=_outer_and_inner),
    Case("bind_of_a_file_below_a_readonly_bind", "cat /a/file /a/b",
         binds=(Bind("outer", "/a", ("rbind", "ro")), Bind("inner/file", "/a/b")),
         prepare=_outer_and_inner),
    Case("bind_below_a_readonly_root", "cat /a/b/file; ls /a",
         binds=(Bind("inner", "/a/b"),), prepare=_outer_and_inner, change=_readonly_root),
    Case("bind_over_a_bind", "cat /a/file",
         binds=(Bind("outer", "/a"), Bind("inner", "/a")), prepare=_outer_and_inner),
    Case("bind_below_a_tmpfs", "cat /t/b/file; ls -A /t",
         binds=(Bind("", "/t", (), "tmpfs"), Bind("inner", "/t/b")),
         prepare=_outer_and_inner),
    Case("tmpfs_beside_binds", "echo x >/t/x; cat /a/file /t/x",
         binds=(Bind("", "/t", ("nosuid", "size=1m"), "tmpfs"), Bind("data", "/a")),
         prepare=_data),
    Case("bind_source_twice_noatime_rslave", "cat /a/file /b/file; echo new >/b/new; cat /a/new",
         binds=(Bind("data", "/a", TWICE), Bind("data", "/b", TWICE)), prepare=_data,
         until="2025-05"),
    # Later the stock gofer itself may not do it with directfs.
    Case("bind_source_twice_noatime_rslave_later",
         "cat /a/file /b/file; echo new >/b/new; cat /a/new",
         binds=(Bind("data", "/a", TWICE), Bind("data", "/b", TWICE)), prepare=_data,
         since="2025-06", directfs=("off",)),
    Case("bind_source_twice_one_readonly", "echo new >/a/new; cat /b/new; "
         "{ echo x >/b/x; } 2>&1 || echo no",
         binds=(Bind("data", "/a"), Bind("data", "/b", ("rbind", "ro"))), prepare=_data),
    Case("bind_noexec_nosuid_nodev", "cat /a/file; /a/program 2>&1 || echo status $?",
         binds=(Bind("data", "/a", ("rbind", "noexec", "nosuid", "nodev")),),
         prepare=lambda place: (_data(place),
                                place.file("data/program", "#!/bin/sh\necho ran\n", 0o755))),
    Case("bind_propagations", "cat /a/file /b/file /c/file /d/file",
         binds=tuple(Bind("data", f"/{name}", ("rbind", option)) for name, option in
                     (("a", "rprivate"), ("b", "rslave"), ("c", "private"), ("d", "slave"))),
         prepare=_data),
    Case("bind_source_is_a_symlink", SHOW, binds=(Bind("link", "/a"),), prepare=_links),
    Case("bind_destination_is_a_symlink", "cat /to_target/file; ls /target",
         binds=(Bind("data", "/to_target"),), prepare=_links),
    Case("binds_50", "for i in $(seq 0 49); do cat /m/$i/file; echo $i >/m/$i/new; done",
         binds=tuple(Bind(f"many/{i}", f"/m/{i}") for i in range(50)), prepare=_many),
    Case("bind_destination_odd_name", "cat '/a b,c\\d\"e/file'",
         binds=(Bind("data", '/a b,c\\d"e'),), prepare=_data),
    Case("bind_source_odd_name", "cat /a/file; echo x >/a/new",
         binds=(Bind('odd ,\\ "ü\n name', "/a"),),
         prepare=lambda place: place.file('odd ,\\ "ü\n name/file')),
    Case("bind_of_a_sysfs", "ls / >/dev/null; echo started",
         binds=(Bind("/sys/kernel", "/k", ("rbind", "ro")),)),
    Case("root_readonly", "{ echo x >/x; } 2>&1 || echo refused; cat /etc/passwd",
         change=_readonly_root),
    Case("cwd", "pwd; ls", binds=(Bind("data", "/a"),), prepare=_data, change=_cwd("/a")),
    Case("cwd_missing", "pwd; stat -c '%n %a %u:%g' /x /x/y", change=_cwd("/x/y"),
         flags=("--overlay2=none",)),
    Case("cwd_missing_overlay", "pwd; stat -c '%n %a %u:%g' /x /x/y", change=_cwd("/x/y")),
    Case("cwd_missing_readonly_root", "pwd", change=_cwd("/x/y", readonly=True),
         until="2025-06"),
    Case("cwd_missing_readonly_root_refused", "pwd", change=_cwd("/x/y", readonly=True),
         since="2025-07", status=128),
    Case("cwd_missing_below_a_bind", "pwd; ls /a", binds=(Bind("data", "/a"),), prepare=_data,
         change=_cwd("/a/x/y")),
    Case("cwd_missing_below_a_readonly_bind", "pwd; ls /a",
         binds=(Bind("data", "/a", ("rbind", "ro")),), prepare=_data, change=_cwd("/a/x"),
         until="2025-06"),
    Case("cwd_missing_below_a_readonly_bind_refused", "pwd; ls /a",
         binds=(Bind("data", "/a", ("rbind", "ro")),), prepare=_data, change=_cwd("/a/x"),
         since="2025-07", status=128),
    Case("erofs_beside_binds", "cat /e/folder/file /a/file /b/file; ls /e",
         binds=(Bind("data", "/a"), Bind("image", "/e", ("ro",), "erofs"),
                Bind("data", "/b")),
         prepare=_erofs, since="2026-02"),
)
