"""A case: a row of data about a container and the host around it."""

from dataclasses import dataclass, field
from typing import Callable

from session import run_to_end

BOTH = ("on", "off")


@dataclass(frozen=True)
class Bind:
    """A mount of the spec. A relative source is in the place's sources."""

    source: str
    destination: str
    options: tuple = ("rbind",)
    type: str = "bind"
    more: dict = field(default_factory=dict)


def _nothing(*_):
    pass


@dataclass(frozen=True)
class Case:
    """script runs in the container by `sh -e`; its output is compared.

    prepare(place) makes files on the host; change(spec, place) changes the OCI
    spec. drive(session) runs the container and observes. The stock runsc must
    end with status: a case that fails there compares nothing.
    """

    name: str
    script: str = ""
    binds: tuple = ()
    prepare: Callable = _nothing
    change: Callable = _nothing
    drive: Callable = run_to_end
    flags: tuple = ()
    status: int = 0
    directfs: tuple = BOTH
    since: str = ""  # the first release that has it; empty: all
    until: str = "9999"  # the last release

    def applies(self, release, directfs):
        return self.since <= release <= self.until and directfs in self.directfs
