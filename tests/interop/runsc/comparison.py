"""Runs a case on both runtimes and finds the differences."""

import json
import os
import re
import subprocess
import traceback
from dataclasses import dataclass, field

from place import Place
from session import Session, Stop
from spec import make_spec, write_spec

JSON_MESSAGE = re.compile(r'"msg":("(?:[^"\\]|\\.)*")')
ABSENT = "-"  # the value of an observation that the other side alone has


@dataclass(frozen=True)
class Options:
    """All runs of one release in one mode share these."""

    release: str
    directfs: str
    platform: str
    scratch: str
    template: str  # a root file system
    probe: str
    ours_is_a_gofer: bool


@dataclass
class Outcome:
    """A run leaves values by label, and runsc's words about errors."""

    values: dict = field(default_factory=dict)
    errors: list = field(default_factory=list)
    broken: str = ""  # the harness itself failed

    def status(self):
        return self.values.get("status 0")


@dataclass(frozen=True)
class Difference:
    label: str
    stock: str
    ours: str


def run_case(case, runtime, options):
    """One run, in a fresh place."""
    outcome = Outcome()
    with Place(options.scratch, options.template) as place:
        session = Session(case, place, runtime, options)
        try:
            case.prepare(place)
            write_spec(place.bundle, make_spec(case, place))
            case.drive(session)
        except Stop:
            pass
        except (OSError, ValueError, KeyError, subprocess.SubprocessError):
            outcome.broken = traceback.format_exc(limit=-2)
        finally:
            session.finish()
        outcome.errors = session.errors
        for label, value in session.observations:
            _add(outcome.values, label, value)
    return outcome


def _add(values, label, value):
    """The second of a label is another observation."""
    number, key = 1, label
    while key in values:
        number += 1
        key = f"{label} #{number}"
    values[key] = value


def differences(stock, ours):
    """The order is that of the stock observations; labels of ours alone come last."""
    labels = [*stock.values, *(label for label in ours.values if label not in stock.values)]
    found = (Difference(label, stock.values.get(label, ABSENT), ours.values.get(label, ABSENT))
             for label in labels)
    return [each for each in found if each.stock != each.ours]


def error_lines(outcome, limit=4):
    """The complaints of runsc and its gofer, each once and without its time."""
    lines = []
    for text in outcome.errors:
        for line in _messages(text):
            if line and line not in lines:
                lines.append(line)
    return lines[-limit:]


def _messages(text):
    """runsc tells its user in plain words, and its log in JSON, not always in lines."""
    if not text.startswith("{"):
        return [line.strip() for line in text.splitlines()]
    return [json.loads(word).strip() for word in JSON_MESSAGE.findall(text)]


def shorten(text, limit=160):
    text = repr(text) if "\n" in text else text
    return text if len(text) <= limit else text[:limit - 3] + "..."


def folder_for(scratch, name):
    path = os.path.join(scratch, name)
    os.mkdir(path, 0o755)
    return path
