"""All places where a container on our gofer is meant to see something else.

A difference that is not here fails; a difference here that does not occur fails, too.
"""

from dataclasses import dataclass
from itertools import product

from case import BOTH


@dataclass(frozen=True)
class Known:
    """stock and ours: the value, or its beginning with "..." behind it."""

    case: str
    label: str
    stock: str
    ours: str
    why: str
    directfs: tuple = BOTH
    since: str = ""
    until: str = "9999"

    def is_for(self, case, release, directfs):
        return (self.case == case and directfs in self.directfs
                and self.since <= release <= self.until)

    def explains(self, difference):
        return (self.label == difference.label and _fits(self.stock, difference.stock)
                and _fits(self.ours, difference.ours))


def _fits(pattern, value):
    if pattern.endswith("..."):
        return value.startswith(pattern[:-3])
    return value == pattern


BEFORE_LISTING = {"directfs": ("off",), "until": "2026-02"}
XATTRS_SERVED = ("until May 2026 gVisor's gofer serves no extended attributes, although its "
                 "clients ask for them; ours serves them")
NONE_LISTED = "listxattr:\n"
SET = "setxattr: 0\ngetxattr: 5\nvalue: value\n"
NO_DEVICES = ("the descriptor of a mount is nodev with ours: an image may hold a device file of the "
              "host's disk, and a sandbox that was taken over could open it")
MAPPED = ("until June 2026 gVisor serves the mount without its map; ours maps it, and refuses "
          "the start in the user namespace of directfs, where only runsc could")

TABLE = (
    *(Known(case, "output 0", NONE_LISTED + "setxattr: EOPNOTSUPP...",
            NONE_LISTED + SET + "listxattr: user.name\nremovexattr: 0\n",
            XATTRS_SERVED, **BEFORE_LISTING)
      for case in ("xattr_of_a_bind", "xattr_of_the_root")),
    Known("xattr_of_the_host", "output 0", NONE_LISTED + "setxattr: EOPNOTSUPP...",
          "listxattr: security.capability user.host\n" + SET
          + "listxattr: security.capability user.host user.name\nremovexattr: 0\n",
          XATTRS_SERVED, **BEFORE_LISTING),
    *(Known(case, label, stock, ours, NO_DEVICES, directfs=("on",))
      for case, (label, stock, ours) in product(
          ("device_in_bound_folder", "device_in_root"),
          (("status 0", "0", "1"), ("output 0", "/...", "/...")))),
    *(Known(case, label, stock, ours, MAPPED, directfs=(directfs,), until="2026-05")
      for case, (directfs, label, stock, ours) in product(
          ("mount_mapped_ids", "mount_mapped_ids_idmap_option"),
          (("on", "status 0", "0", "128"),
           ("on", "output 0", "/a/file 644 0:0\n...", ""),
           ("on", "host PLACE/bundle/rootfs/a", "folder...", "-"),
           ("on", "host PLACE/sources/data/new", "file...", "-"),
           ("off", "status 0", "0", "1"),
           ("off", "output 0", "/a/file 644 0:0\n...", "/a/file 644 3000:3000\n..."),
           ("off", "host PLACE/sources/data/new", "file...", "-")))),
)


def judge(case, release, directfs, found):
    """Pairs: differences that nothing explains, and rows that did not occur."""
    rows = [row for row in TABLE if row.is_for(case, release, directfs)]
    unexplained = [each for each in found if not any(row.explains(each) for row in rows)]
    missing = [row for row in rows if not any(row.explains(each) for each in found)]
    return unexplained, missing
