"""The medians of all pairs, as lines of a table."""

from statistics import geometric_mean, median

MEANS = ("time", "gofer_cpu", "sentry_cpu")


class Report:
    """Turns by contender and step; turn N of each belongs to the same round."""

    def __init__(self, labels):
        self._labels = labels  # the first is what the others are compared with
        self._turns = {}

    def add(self, step, label, cost):
        self._turns.setdefault(step, {}).setdefault(label, []).append(cost)

    def _values(self, step, label, field):
        return [getattr(cost, field) for cost in self._turns[step][label]]

    def ratio(self, step, label, field):
        """None where the stock has nothing to compare with."""
        pairs = list(zip(self._values(step, label, field),
                         self._values(step, self._labels[0], field)))
        if any(stock <= 0 for _, stock in pairs):
            return None
        return median(ours / stock for ours, stock in pairs)

    def lines(self):
        stock, *others = self._labels
        yield f"| step | {stock} ms | " + " | ".join(
            f"{label}: time | gofer CPU | sentry CPU | sleeps" for label in others) + " |"
        yield "|---|---|" + "---|" * 4 * len(others)
        for step in self._turns:
            yield self._row(step, others)
        yield "| geometric mean | | " + " | ".join(
            self._mean(label, field) for label in others
            for field in (*MEANS, "gofer_sleeps")) + " |"

    def _row(self, step, others):
        cells = [step, f"{median(self._values(step, self._labels[0], 'time')) / 1e6:.1f}"]
        for label in others:
            for field in MEANS:
                cells.append(_show(self.ratio(step, label, field)))
            cells.append(" of ".join(
                f"{median(self._values(step, who, 'gofer_sleeps')):.0f}"
                for who in (label, self._labels[0])))
        return f"| {' | '.join(cells)} |"

    def _mean(self, label, field):
        ratios = [self.ratio(step, label, field) for step in self._turns]
        if any(not ratio for ratio in ratios):
            return ""
        return _show(geometric_mean(ratios))

    def as_json(self):
        return {step: {label: [vars(cost) for cost in costs] for label, costs in turns.items()}
                for step, turns in self._turns.items()}


def _show(ratio):
    return "" if ratio is None else f"{ratio:.2f}"


def syscall_lines(step, counts):
    """counts: system calls by name, by label."""
    yield f"| system calls of {step} | {' | '.join(counts)} |"
    yield "|---|" + "---|" * len(counts)
    totals = {name: sum(each.get(name, 0) for each in counts.values())
              for each in counts.values() for name in each}
    for name in sorted(totals, key=totals.get, reverse=True):
        yield f"| {name} | {' | '.join(str(each.get(name, 0)) for each in counts.values())} |"
    yield f"| all | {' | '.join(str(sum(each.values())) for each in counts.values())} |"
