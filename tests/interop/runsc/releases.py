"""The releases of runsc: a folder each, with a main.go, a go.mod and a go.sum."""

import os
import re
from dataclasses import dataclass

HERE = os.path.dirname(os.path.realpath(__file__))
FOLDER = os.path.join(HERE, "releases")


@dataclass(frozen=True)
class Release:
    """Its name is the month of the module's version; names sort by age."""

    name: str
    folder: str
    date: str  # YYYYMMDD
    toolchain: str  # go1.23.6


def _read(name):
    folder = os.path.join(FOLDER, name)
    with open(os.path.join(folder, "go.mod"), encoding="utf-8") as file:
        text = file.read()
    module = re.search(r"^require gvisor\.dev/gvisor v0\.0\.0-(\d{8})", text, re.M)
    toolchain = re.search(r"^toolchain (go[\d.]+)$", text, re.M)
    if module is None or toolchain is None:
        raise ValueError(f"{folder}/go.mod names no version of gVisor or no toolchain")
    return Release(name, folder, module[1], toolchain[1])


def all_releases():
    """Oldest first."""
    return [_read(name) for name in sorted(os.listdir(FOLDER))]


def names():
    return sorted(os.listdir(FOLDER))


def choose(wanted):
    """The releases of these names, or all; raises ValueError for an unknown name."""
    known = all_releases()
    unknown = set(wanted or ()) - {release.name for release in known}
    if unknown:
        raise ValueError(f"no release {', '.join(sorted(unknown))}; known are "
                         + " ".join(release.name for release in known))
    return [release for release in known if not wanted or release.name in wanted]
