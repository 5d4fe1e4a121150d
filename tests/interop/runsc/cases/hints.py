"""gVisor's annotations about mounts, as its containerd shim sets them, and roots on erofs."""

from case import Bind, Case
from cases.mounts import make_image
from session import in_pod

DATA = Bind("data", "/data")
SHOW = "cat /data/file 2>&1 || echo none; echo new >/data/new; ls -1 /data"


def _data(place):
    place.folder_in("data", 0o777)
    place.file("data/file", "of the host\n")


def _hint(**words):
    def change(spec, place):
        annotations = {"source": place.path("data"), "type": "bind", "share": "container",
                       **words}
        in_pod(spec, "sandbox")
        for name, value in annotations.items():
            spec["annotations"][f"dev.gvisor.spec.mount.volume.{name}"] = value
    return change


def _root_hint(**words):
    def change(spec, place):
        for name, value in words.items():
            spec["annotations"][f"dev.gvisor.spec.rootfs.{name}"] = \
                value.replace("PLACE", place.folder)
    return change


def _erofs_root(place):
    _data(place)
    make_image(place, place.root, "image")


OFF = {"directfs": "off"}
EROFS = {"source": "PLACE/sources/image", "type": "erofs", "overlay": "memory"}

CASES = (
    Case("hint_container", SHOW, binds=(DATA,), prepare=_data, change=_hint()),
    Case("hint_pod", SHOW, binds=(DATA,), prepare=_data, change=_hint(share="pod")),
    Case("hint_shared", SHOW, binds=(DATA,), prepare=_data, change=_hint(share="shared")),
    Case("hint_tmpfs", SHOW, binds=(DATA, Bind("data", "/other")), prepare=_data,
         change=_hint(type="tmpfs", share="pod")),
    Case("hint_readonly", SHOW + " 2>&1 || echo refused", binds=(DATA,), prepare=_data,
         change=_hint(options="ro")),
    Case("hint_directfs_off", SHOW, binds=(DATA,), prepare=_data, change=_hint(**OFF),
         since="2026-05"),
    Case("root_hint_memory", "echo x >/x; cat /x", change=_root_hint(
        source="PLACE/bundle/rootfs", type="bind", overlay="memory")),
    Case("root_hint_self", "echo x >/x; cat /x", change=_root_hint(
        source="PLACE/bundle/rootfs", type="bind", overlay="self")),
    Case("root_hint_directfs_off", "echo x >/x; cat /x", since="2026-05", change=_root_hint(
        source="PLACE/bundle/rootfs", type="bind", overlay="memory", **OFF)),
    Case("root_on_erofs", "echo x >/x; cat /x /etc/passwd", prepare=_erofs_root,
         change=_root_hint(**EROFS)),
    Case("root_on_erofs_and_binds", SHOW + "; cat /file", prepare=_erofs_root,
         binds=(DATA, Bind("data/file", "/file")), change=_root_hint(**EROFS)),
)
