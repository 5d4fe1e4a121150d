"""Tells the results: lines for a reader, and a table for a file."""

from dataclasses import dataclass, field

from comparison import error_lines, shorten

EQUAL, KNOWN, DIFFERS, STOCK_FAILED, BROKEN = (
    "equal", "known", "DIFFERS", "STOCK FAILED", "BROKEN")


@dataclass
class Result:
    """A case on one release in one mode has this result."""

    release: str
    directfs: str
    case: str
    verdict: str
    details: list = field(default_factory=list)
    seconds: float = 0.0

    def is_good(self):
        return self.verdict in (EQUAL, KNOWN)


def make_result(case, options, stock, ours, unexplained, missing, known):
    """Decides; the worst verdict wins."""
    details = [f"stock: {stock.broken}"] if stock.broken else []
    details += [f"ours: {ours.broken}"] if ours.broken else []
    verdict = KNOWN if known else EQUAL
    if details:
        verdict = BROKEN
    elif stock.status() != str(case.status):
        verdict = STOCK_FAILED
        details.append(f"status {stock.status()}, not {case.status}")
        details.append("output " + shorten(stock.values.get("output 0", "")))
        details += [f"stock said: {line}" for line in error_lines(stock)]
    elif unexplained or missing:
        verdict = DIFFERS
    for each in unexplained:
        details.append(f"{each.label}: stock {shorten(each.stock)}; ours {shorten(each.ours)}")
    details += [f"listed, but did not occur: {row.label} ({row.why})" for row in missing]
    if unexplained:
        details += [f"ours said: {line}" for line in error_lines(ours)]
    return Result(options.release, options.directfs, case.name, verdict, details)


def show(result):
    print(f"{result.release} directfs={result.directfs:3} {result.case:44} "
          f"{result.seconds:6.1f} s  {result.verdict}", flush=True)
    for line in result.details:
        print("    " + line.replace("\n", "\n    "), flush=True)


def summary(results):
    counts = {}
    for result in results:
        counts[result.verdict] = counts.get(result.verdict, 0) + 1
    return ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items()))


def write_table(path, results):
    """Markdown: a row for each result that is not equal."""
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"{summary(results)}\n\n| release | directfs | case | verdict | what |\n"
                   "|---|---|---|---|---|\n")
        for result in results:
            if result.verdict != EQUAL:
                what = "<br>".join(result.details).replace("|", "\\|").replace("\n", " ")
                file.write(f"| {result.release} | {result.directfs} | {result.case} "
                           f"| {result.verdict} | {what} |\n")
