"""Everyday work with files, on the root, on binds and on overlays."""

from case import Bind, Case

HELLO = "echo hello; uname -s; id -u; ls /"

# Each line must do the same wherever the tree is.
TREE = """
cd {0}
mkdir -p d/e; echo one >d/one; echo two >d/e/two; cp d/one d/copy
mv d/copy d/moved; ln d/one d/hard; ln -s one d/soft; ln -s nowhere d/dangling
cat d/one d/hard d/soft d/moved d/e/two; cat d/dangling 2>&1 || echo dangling
stat -c '%n %F %a %h %s' d/one d/hard d/soft d/e
mv d/one d/two; cat d/soft 2>&1 || echo dangling
echo x >>d/two; cat d/hard; chmod 640 d/two; touch -d @1000 d/two; stat -c '%a %Y' d/two
rmdir d 2>&1 || echo not empty; mv d/e f; mv f d/g; rm d/g/two; rmdir d/g; ls -1 d
rm d/hard; truncate -s 3 d/two; cat d/two; echo; mkdir d 2>&1 || echo there
ln -sfn two d/soft; readlink d/soft; cat d/soft; echo
(echo x >d/two/x) 2>&1 || echo no folder; mv d/two d/new; ls -1 d
"""
ODD_NAMES = """
cd {0}
long=$(printf '%0255d' 0)
for name in ' ' 'a b' "quote'" 'back\\slash' '*' '-n' 'ünïcode' "$(printf 'new\\nline')" \
    "$(printf '\\377')" "$long"; do
  echo x >"./$name"; mkdir "./$name.d" 2>&1 || echo too long; mv "./$name" "./$name" 2>&1 || :
done
ls -1 | od -An -c | head -60; cat ./* 2>/dev/null || :; rm -- ' '
(echo x >"$long"0) 2>&1 || echo too long
"""
BIG = """
cd {0}
seq 1 400000 >big; sha1sum big; dd if=big of=part bs=1000 skip=3 count=5 2>/dev/null
sha1sum part; truncate -s 1000000 big; sha1sum big
dd if=/dev/zero of=sparse bs=1 count=1 seek=100000000 2>/dev/null; stat -c %s sparse
truncate -s 5000 sparse; sha1sum sparse
"""
MANY = """
cd {0}
for i in $(seq 300); do echo $i >f$i; done; ls | wc -l; cat f* | sha1sum
for i in $(seq 1 2 300); do rm f$i; done; ls | wc -l; mkdir -p a/b/c/d/e/f/g/h; cd a/b/c/d/e/f/g/h
echo deep >deep; cd {0}; find a | sort; mv a z
cat z/b/c/d/e/f/g/h/deep; rm -r z; ls | sort | head -3
"""
PROBES = "cd {0}; echo text >l; probe mmap m; probe lock l; probe unlinked u; ls -1"
ON_BIND = (Bind("data", "/data"),)
ON_ROOT = ("--overlay2=none",)


def _data(place):
    place.folder_in("data")


def _on_both(name, script):
    """On a bind, on the root, and on the root with runsc's default, an overlay."""
    yield Case(f"{name}_on_bind", script.format("/data"), binds=ON_BIND, prepare=_data)
    yield Case(f"{name}_on_root", script.format("/root"), flags=ON_ROOT)
    yield Case(f"{name}_on_overlay", script.format("/root"))


def _overlay(name, flag, script=TREE):
    return Case(f"overlay_{name}", script.format("/data") + "\necho kept >/etc/kept\n",
                binds=ON_BIND, prepare=lambda place: place.file("data/d/old", "old\n"),
                flags=(f"--overlay2={flag}",))


CASES = (
    Case("hello", HELLO),
    Case("hello_ptrace", HELLO, flags=("--platform=ptrace",)),
    Case("status", "exit 7", status=7),
    Case("program_missing", change=lambda spec, _: spec["process"].update(args=["/none"]),
         status=128),
    *_on_both("tree", TREE),
    *_on_both("odd_names", ODD_NAMES),
    *_on_both("big_files", BIG),
    *_on_both("many_files", MANY),
    *_on_both("probes", PROBES),
    _overlay("root_memory", "root:memory"),
    _overlay("root_self", "root:self"),
    _overlay("root_dir", "root:dir=PLACE/images"),
    _overlay("all_memory", "all:memory"),
    _overlay("all_self", "all:self"),
    Case("file_access_shared", TREE.format("/data"), binds=ON_BIND, prepare=_data,
         flags=("--file-access=shared", "--overlay2=none")),
    Case("file_access_mounts_exclusive", TREE.format("/data"), binds=ON_BIND, prepare=_data,
         flags=("--file-access-mounts=exclusive",)),
    Case("dcache_small", MANY.format("/data"), binds=ON_BIND, prepare=_data,
         flags=("--dcache=10",)),
)
