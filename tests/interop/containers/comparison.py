"""Runs every workload on both runtimes, and tells the results."""

import json
import os
import subprocess
import time
from dataclasses import asdict, dataclass, field

from bed import Bed
from container import Failed

PASSED = "ok"


@dataclass
class Outcome:
    """Of one run."""

    says: str = PASSED
    seconds: float = 0.0
    left: list = field(default_factory=list)

    def is_good(self):
        return self.says == PASSED and not self.left


@dataclass
class Row:
    workload: str
    stock: Outcome
    ours: Outcome

    def is_good(self):
        # What the stock gofer cannot do either shows that the test is wrong.
        return self.stock.is_good() and self.ours.is_good()


def run_once(workload_class, runtime, scratch):
    """One workload on one runtime, in a fresh folder."""
    workload = workload_class()
    outcome = Outcome()
    with Bed(runtime, scratch) as bed:
        start = None
        try:
            workload.prepare(bed)
            start = time.monotonic()
            workload.run(bed)
            outcome.seconds = time.monotonic() - start
            workload.check(bed)
        except (Failed, OSError, KeyError, ValueError,
                subprocess.SubprocessError) as error:
            outcome.says = str(error) or type(error).__name__
            if not isinstance(error, Failed):
                outcome.says = f"{type(error).__name__}: {outcome.says}"
        finally:
            if outcome.says == PASSED:
                outcome.left = bed.leftovers()
            bed.clear()
            if outcome.says != PASSED:
                outcome.left = bed.leftovers()
    return outcome


def compare(workloads, stock, ours, scratch, show):
    rows = []
    for i, workload in enumerate(workloads):
        order = (stock, ours) if i % 2 == 0 else (ours, stock)
        outcomes = {r.name: run_once(workload, r, scratch) for r in order}
        rows.append(Row(workload.name, outcomes[stock.name], outcomes[ours.name]))
        show(rows[-1])
    return rows


HEADER = f"{'workload':23} {'stock':6} {'ours':6} {'stock s':>8} {'ours s':>8} {'ratio':>6}"


def as_line(row):
    def word(outcome):
        return PASSED if outcome.is_good() else "FAILED"

    ratio = row.ours.seconds / row.stock.seconds if row.stock.seconds else 0
    return (f"{row.workload:23} {word(row.stock):6} {word(row.ours):6} "
            f"{row.stock.seconds:8.2f} {row.ours.seconds:8.2f} {ratio:6.2f}")


def details(row):
    """Lines that tell what was wrong."""
    for name, outcome in (("stock", row.stock), ("ours", row.ours)):
        if outcome.says != PASSED:
            yield f"  {name}: {outcome.says}"
        for line in outcome.left:
            yield f"  {name} left {line}"


def total(rows):
    """Times of what went well; good only if all did."""
    good = [row for row in rows if row.is_good()]

    def sum_up(outcome_of):
        failed = sum(not outcome_of(row).is_good() for row in rows)
        return Outcome(says=f"{failed} failed" if failed else PASSED,
                       seconds=sum(outcome_of(row).seconds for row in good))

    return Row("total", sum_up(lambda row: row.stock), sum_up(lambda row: row.ours))


def write_json(path, rows):
    with open(path + ".tmp", "w", encoding="utf-8") as file:
        json.dump([asdict(row) for row in [*rows, total(rows)]], file, indent=1)
    os.rename(path + ".tmp", path)
