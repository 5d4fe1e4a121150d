"""All places where a container on our gofer is meant to see something else.

A difference that is not here fails; a difference here that does not occur fails, too.
"""

from dataclasses import dataclass

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
COPIED = "status 0\nof root\nmore\n0\n"

TABLE = (
    *(Known(case, "output 0", NONE_LISTED + "setxattr: EOPNOTSUPP...",
            NONE_LISTED + SET + "listxattr: user.name\nremovexattr: 0\n",
            XATTRS_SERVED, **BEFORE_LISTING)
      for case in ("xattr_of_a_bind", "xattr_of_the_root")),
    Known("xattr_of_the_host", "output 0", NONE_LISTED + "setxattr: EOPNOTSUPP...",
          "listxattr: security.capability user.host\n" + SET
          + "listxattr: security.capability user.host user.name\nremovexattr: 0\n",
          XATTRS_SERVED, **BEFORE_LISTING),
    *(Known(case, "output 0",
            COPIED + NONE_LISTED + SET + "listxattr: user.name\nremovexattr: 0\n",
            COPIED + "listxattr: user.host\n" + SET
            + "listxattr: user.host user.name\nremovexattr: 0\n",
            "as before, so an overlay's copy keeps them", **BEFORE_LISTING)
      for case in ("xattr_copy_up_user", "xattr_copy_up_user_self")),
)


def judge(case, release, directfs, found):
    """Pairs: differences that nothing explains, and rows that did not occur."""
    rows = [row for row in TABLE if row.is_for(case, release, directfs)]
    unexplained = [each for each in found if not any(row.explains(each) for row in rows)]
    missing = [row for row in rows if not any(row.explains(each) for each in found)]
    return unexplained, missing
