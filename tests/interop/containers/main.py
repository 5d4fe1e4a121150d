"""Command line of tests/interop/containers/run."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile

from bed import become_reaper, end_on_sigterm
from comparison import HEADER, as_line, compare, details, total, write_json
from runtime import PatchedRuntime, find_runsc, stock_runtime
from workloads import files, hostile, lifecycle, shared_folder, sockets, tools

WORKLOADS = (*tools.ALL, *sockets.ALL, *files.ALL, *hostile.ALL,
             *shared_folder.ALL, *lifecycle.ALL)
NEEDED = ("busybox", "gcc", "git", "python3", "runsc")


def parse():
    parser = argparse.ArgumentParser(
        prog="tests/interop/containers/run",
        description="Real work in gVisor containers, on runsc's own gofer and on "
        "ours. Exit status 1 if an outcome is wrong or anything is left.")
    parser.add_argument("--gofer", metavar="PATH", help="ours")
    parser.add_argument("--dispatcher", metavar="PATH",
                        help="the built runsc-dispatcher (default: of the gofer's build)")
    parser.add_argument("--runsc", metavar="PATH", help="the stock one (default: of PATH)")
    parser.add_argument("--only", action="append", metavar="NAME")
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--list", action="store_true", help="name the workloads")
    options = parser.parse_args()
    names = {workload.name for workload in WORKLOADS}
    for name in options.only or []:
        if name not in names:
            parser.error(f"no workload {name}; --list names them")
    if not options.list and not options.gofer:
        parser.error("--gofer is needed")
    return options


def main():
    options = parse()
    if options.list:
        for workload in WORKLOADS:
            print(f"{workload.name:23} {workload.about}")
        return 0
    if os.geteuid() != 0:
        print("skipped: runsc and the workloads need root", file=sys.stderr)
        return 77
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if missing:
        print(f"missing programs: {' '.join(missing)} "
              "(deploy/install-packages test)", file=sys.stderr)
        return 2

    become_reaper()
    end_on_sigterm()
    chosen = [w for w in WORKLOADS if not options.only or w.name in options.only]
    runsc = find_runsc(options.runsc)

    def show(row):
        print("\n".join([as_line(row), *details(row)]), flush=True)

    scratch = tempfile.mkdtemp(prefix="containers-")
    os.chmod(scratch, 0o755)  # the sandbox is nobody and starts from here
    try:
        with PatchedRuntime("ours", runsc, options.gofer, scratch,
                            options.dispatcher) as ours:
            print(HEADER)
            rows = compare(chosen, stock_runtime(runsc), ours, scratch, show)
    except subprocess.CalledProcessError as error:
        print(f"{error.cmd[0]} failed", file=sys.stderr)
        return 2
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    print(as_line(total(rows)))
    if options.json:
        write_json(options.json, rows)
    return 0 if all(row.is_good() for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
