"""Command line of tests/bench/sandbox/run."""

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass

from report import Report, syscall_lines
from sandbox import Sandbox  # also makes runtime importable
from syscalls import SyscallCount

# pylint: disable=wrong-import-order
from runtime import PatchedRuntime, Runtime, stock_runtime  # of tests/interop/containers

HERE = os.path.dirname(os.path.realpath(__file__))
STOCK = "stock"

# How often, or with how many files: a turn takes some tens of milliseconds.
STEPS = {
    "stat": 1000, "stat-missing": 1000, "list-long": 500, "read-tree": 300,
    "create-unlink": 300, "create-rename": 200, "copy-tree": 150, "unpack": 150,
    "remove-tree": 300, "mkdir-rmdir": 300, "attributes": 300, "symlinks": 200, "cp": 150,
    "python-stat": 3000, "git-commit": 100, "git-status": 100,
}
PROGRAMS = {"python-stat": "python3", "git-commit": "git", "git-status": "git"}


@dataclass(frozen=True)
class Contender:
    label: str
    runtime: Runtime
    directfs: bool = False


def parse():
    parser = argparse.ArgumentParser(
        prog="tests/bench/sandbox/run",
        description="Runs file-heavy steps in live sandboxes, stock and ours in turn, and prints "
        "the medians of the ratios of each round: ours by stock.")
    parser.add_argument("--gofer", metavar="[LABEL=]PATH", action="append", default=[],
                        help="ours; several are compared with the same stock")
    parser.add_argument("--runsc", metavar="PATH", help="a stock runsc")
    parser.add_argument("--runsc-dir", metavar="DIR",
                        help="instead: where tests/interop/runsc/build put its releases ...")
    parser.add_argument("--release", metavar="NAME", help="... and which of them (default: newest)")
    parser.add_argument("--dispatcher", metavar="PATH",
                        help="the built runsc-dispatcher (default: of the gofer's build)")
    parser.add_argument("--sets", type=int, default=4, metavar="N",
                        help="how often all sandboxes are started anew (default: 4)")
    parser.add_argument("--rounds", type=int, default=5, metavar="N",
                        help="of each set (default: 5)")
    parser.add_argument("--step", metavar="REGEX", default="", help="only these steps")
    parser.add_argument("--no-directfs", action="store_true",
                        help="without the stock runsc in directfs mode")
    parser.add_argument("--platform", default="systrap")
    parser.add_argument("--syscalls", action="store_true",
                        help="afterwards count each gofer's system calls with strace")
    parser.add_argument("--json", metavar="FILE", help="write all turns")
    parser.add_argument("--list", action="store_true", help="name the steps")
    parser.add_argument("--quick", action="store_true",
                        help="one round of a few files: shows that it works, measures nothing")
    parser.add_argument("--skip-missing", action="store_true",
                        help="exit status 77 when the release is not built")
    options = parser.parse_args()
    if options.quick:
        options.sets = options.rounds = 1
    if not options.list and bool(options.runsc) == bool(options.runsc_dir):
        parser.error("either --runsc or --runsc-dir is needed")
    return options


def find_runsc(options):
    if options.runsc:
        return options.runsc
    there = [name for name in sorted(os.listdir(options.runsc_dir))
             if os.access(os.path.join(options.runsc_dir, name, "runsc"), os.X_OK)
             and options.release in (None, name)] if os.path.isdir(options.runsc_dir) else []
    if not there:
        raise FileNotFoundError(f"{options.runsc_dir} has no {options.release or 'release'}: run "
                                "tests/interop/runsc/build")
    return os.path.join(options.runsc_dir, there[-1], "runsc")


def copy_program(path, folder, name):
    """Where every user reaches it: the sandbox is nobody."""
    place = os.path.join(folder, name)
    shutil.copy2(path, place)
    os.chmod(place, 0o755)
    return place


def find_contenders(options, runsc, scratch, stack):
    """Stock first; the redirected copies live as long as the stack."""
    stock = stock_runtime(copy_program(runsc, scratch, "runsc-stock"))
    contenders = [Contender(STOCK, stock)]
    for text in options.gofer:
        label, path = text.split("=", 1) if "=" in text else ("ours", text)
        dispatcher = options.dispatcher or os.path.join(
            os.path.dirname(os.path.realpath(path)), "../../deploy/runsc/runsc-dispatcher")
        folder = os.path.join(scratch, f"programs-{label}")
        os.mkdir(folder, 0o755)
        contenders.append(Contender(label, stack.enter_context(PatchedRuntime(
            label, stock.runsc, copy_program(path, folder, "gofer"), folder,
            copy_program(dispatcher, folder, "dispatcher")))))
    if not options.no_directfs:
        contenders.append(Contender("directfs", stock, directfs=True))
    return contenders


def start(contender, scratch, options, programs):
    """A context. Each sandbox works in a folder of its own on the same file system."""
    folder = os.path.join(scratch, f"sandbox-{contender.label}")
    work = os.path.join(scratch, f"work/{contender.label}")
    shutil.rmtree(folder, ignore_errors=True)  # of the last set
    os.makedirs(os.path.join(folder, "bundle"), mode=0o755)
    os.makedirs(work, mode=0o755, exist_ok=True)
    return Sandbox(contender, folder, work, options.platform, programs)


def take_turn(sandbox, step, count):
    sandbox.prepare(step, count)
    cost = sandbox.run()
    sandbox.clean()
    return cost


def measure(steps, sandboxes, rounds, report):
    """One round that is not counted, then rounds in which the order rotates."""
    for number in range(-1, rounds):
        for step, count in steps.items():
            first = number % len(sandboxes)
            for sandbox in sandboxes[first:] + sandboxes[:first]:
                cost = take_turn(sandbox, step, count)
                if number >= 0:
                    report.add(step, sandbox.name, cost)


def count_syscalls(steps, sandboxes, folder):
    for step, count in steps.items():
        counts = {}
        for sandbox in sandboxes:
            sandbox.prepare(step, count)
            with SyscallCount(sandbox.gofer, folder) as tracer:
                sandbox.run()
            sandbox.clean()
            counts[sandbox.name] = tracer.counts
        print("\n" + "\n".join(syscall_lines(f"{step}, {count}", counts)), flush=True)


def run_steps(steps, options, scratch):
    runsc = find_runsc(options)
    programs = any(step in PROGRAMS for step in steps)
    with ExitStack() as stack:
        mount_memory(os.path.join(scratch, "work"), stack)
        contenders = find_contenders(options, runsc, scratch, stack)
        report = Report([each.label for each in contenders])
        for number in range(options.sets):
            shift = number % len(contenders)
            with ExitStack() as living:
                sandboxes = [living.enter_context(start(each, scratch, options, programs))
                             for each in contenders[shift:] + contenders[:shift]]
                measure(steps, sandboxes, options.rounds, report)
                if options.syscalls and number == options.sets - 1:
                    count_syscalls(steps, sandboxes, scratch)
            if options.json:  # after each set: a long run may be ended early
                with open(options.json, "w", encoding="utf-8") as file:
                    json.dump(report.as_json(), file, indent=1)
        print("\n" + "\n".join(report.lines()), flush=True)


def mount_memory(path, stack):
    """A file system that costs little: what is measured is the way to it."""
    os.mkdir(path, 0o755)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=0755", "bench", path], check=True)
    stack.callback(subprocess.run, ["umount", path], check=True)


def choose_steps(options):
    chosen = {name: count for name, count in STEPS.items() if re.search(options.step, name)}
    if not chosen:
        raise ValueError(f"no step matches {options.step}")
    if options.quick:
        chosen = {name: 3 for name in chosen}
    missing = {program for step, program in PROGRAMS.items()
               if step in chosen and not shutil.which(program, path="/usr/bin")}
    if missing:
        raise FileNotFoundError(f"/usr/bin has no {' '.join(sorted(missing))}: choose other steps")
    return chosen


def main():
    options = parse()
    if options.list:
        print("\n".join(STEPS))
        return 0
    if os.geteuid() != 0:
        print("skipped: runsc needs root", file=sys.stderr)
        return 77

    def stop(*_):
        raise KeyboardInterrupt
    signal.signal(signal.SIGTERM, stop)  # as on Ctrl-C: everything is cleared away
    scratch = tempfile.mkdtemp(prefix="goferd-bench-")
    try:
        if options.skip_missing:
            try:
                find_runsc(options)
            except FileNotFoundError as error:
                print(f"skipped: {error}")
                return 77
        os.chmod(scratch, 0o755)
        subprocess.run(["gcc", "-static", "-O1", "-o", os.path.join(scratch, "steps"),
                        os.path.join(HERE, "steps.c")], check=True)
        run_steps(choose_steps(options), options, scratch)
        return 0
    except KeyboardInterrupt:
        return 130
    except (OSError, ValueError, RuntimeError, subprocess.SubprocessError) as error:
        print(f"tests/bench/sandbox/run: {error}", file=sys.stderr)
        return 2
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
