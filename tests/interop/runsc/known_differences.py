"""All places where a container on our gofer is meant to see something else.

A difference that is not here fails, and so does one here that does not occur.
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


TABLE = ()


def judge(case, release, directfs, found):
    """Pairs: differences that nothing explains, and rows that did not occur."""
    rows = [row for row in TABLE if row.is_for(case, release, directfs)]
    unexplained = [each for each in found if not any(row.explains(each) for row in rows)]
    missing = [row for row in rows if not any(row.explains(each) for each in found)]
    return unexplained, missing
