"""Command line of tests/interop/runsc/run."""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import releases
from runtimes import both_runtimes, copy_program  # also makes oci_bundle importable

# pylint: disable=wrong-import-order
import cases
from case import BOTH
from comparison import Options, differences, folder_for, run_case
from known_differences import judge
from place import make_template
from report import BROKEN, Result, make_result, show, summary, write_table

NEEDED = ("busybox", "gcc", "mkfs.erofs")


def parse():
    parser = argparse.ArgumentParser(
        prog="tests/interop/runsc/run",
        description="Runs containers on real releases of runsc, stock and with our gofer, and "
        "compares what they see and leave. Exit status 1 if a difference is not listed.")
    parser.add_argument("--gofer", metavar="PATH", help="ours")
    parser.add_argument("--self", action="store_true", help="stock against stock")
    parser.add_argument("--dispatcher", metavar="PATH",
                        help="the built runsc-dispatcher (default: of the gofer's build)")
    parser.add_argument("--runsc-dir", metavar="DIR", help="where build put the releases; a "
                        "folder there with another runsc is a release, too")
    parser.add_argument("--release", action="append", metavar="NAME",
                        help="such as 2025-02 (default: all that are in DIR)")
    parser.add_argument("--case", metavar="REGEX", default="", help="only these cases")
    parser.add_argument("--directfs", choices=(*BOTH, "both"), default="both")
    parser.add_argument("--platform", default="systrap")
    parser.add_argument("--table", metavar="FILE",
                        help="write a Markdown table of the cases that are not equal")
    parser.add_argument("--skip-missing", action="store_true",
                        help="exit status 77 when a --release is not built")
    parser.add_argument("--list", action="store_true", help="name the cases")
    options = parser.parse_args()
    if not options.list and (not options.runsc_dir or bool(options.gofer) == options.self):
        parser.error("--runsc-dir and either --gofer or --self are needed")
    return options


def is_built(folder, wanted):
    return all(os.access(os.path.join(folder, name, "runsc"), os.X_OK)
               for name in wanted or ())


def find_releases(folder, wanted):
    """Pairs of name and path."""
    there = sorted(name for name in os.listdir(folder)
                   if os.access(os.path.join(folder, name, "runsc"), os.X_OK))
    missing = set(wanted or ()) - set(there)
    if missing or not there:
        raise ValueError(f"{folder} has no {' '.join(sorted(missing)) or 'release'}: run "
                         "tests/interop/runsc/build")
    return [(name, os.path.join(folder, name, "runsc")) for name in there
            if not wanted or name in wanted]


def compare(case, stock, ours, options):
    start = time.monotonic()
    outcomes = [run_case(case, runtime, options) for runtime in (stock, ours)]
    found = differences(*outcomes)
    unexplained, missing = found, []
    if options.ours_is_a_gofer:
        unexplained, missing = judge(case.name, options.release, options.directfs, found)
    result = make_result(case, options, *outcomes, unexplained, missing, bool(found))
    result.seconds = time.monotonic() - start
    return result


def run_release(name, runsc, chosen, settings, scratch):
    """Yields results; a release that cannot be redirected has a single result."""
    folder = folder_for(scratch, name)
    modes = BOTH if settings.directfs == "both" else (settings.directfs,)
    try:
        with both_runtimes(runsc, settings.gofer, settings.dispatcher, folder) as runtimes:
            for directfs in modes:
                options = Options(name, directfs, settings.platform, folder,
                                  os.path.join(scratch, "template/rootfs"),
                                  os.path.join(scratch, "probe"), not settings.self)
                for case in chosen:
                    if case.applies(name, directfs):
                        yield compare(case, *runtimes, options)
    except subprocess.CalledProcessError as error:  # install-runsc has said why
        yield Result(name, "-", os.path.basename(error.cmd[0]), BROKEN,
                     [f"it ended with status {error.returncode}"])


def prepare(settings, scratch):
    """Every release uses these files."""
    os.chmod(scratch, 0o755)  # the sandbox is nobody and starts from here
    probe = os.path.join(scratch, "probe")
    subprocess.run(["gcc", "-static", "-O1", "-o", probe,
                    os.path.join(releases.HERE, "inside/probe.c")], check=True)
    make_template(folder_for(scratch, "template"), probe)
    if settings.gofer:
        dispatcher = settings.dispatcher or os.path.join(
            os.path.dirname(os.path.realpath(settings.gofer)),
            "../../deploy/runsc/runsc-dispatcher")
        settings.dispatcher = copy_program(dispatcher, scratch, "dispatcher")
        settings.gofer = copy_program(settings.gofer, scratch, "gofer")


def run_all(settings, chosen):
    if settings.skip_missing and not is_built(settings.runsc_dir, settings.release):
        print("skipped: not all of the releases are built; see tests/interop/runsc/build")
        return 77
    found = find_releases(settings.runsc_dir, settings.release)
    scratch = tempfile.mkdtemp(prefix="goferd-runsc-")
    results = []
    try:
        prepare(settings, scratch)
        for name, runsc in found:
            for result in run_release(name, runsc, chosen, settings, scratch):
                show(result)
                results.append(result)
                if settings.table:
                    write_table(settings.table, results)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    print(summary(results))
    return 0 if results and all(result.is_good() for result in results) else 1


def main():
    settings = parse()
    chosen = [case for case in cases.ALL if re.search(settings.case, case.name)]
    if settings.list:
        print("\n".join(case.name for case in chosen))
        return 0
    if os.geteuid() != 0:
        print("skipped: runsc and the cases need root", file=sys.stderr)
        return 77
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if missing:
        print(f"missing programs: {' '.join(missing)} (deploy/install-packages test)",
              file=sys.stderr)
        return 2

    def stop(*_):
        raise KeyboardInterrupt
    signal.signal(signal.SIGTERM, stop)  # as on Ctrl-C: everything is cleared away
    try:
        return run_all(settings, chosen)
    except KeyboardInterrupt:
        return 130
    except (OSError, ValueError, subprocess.CalledProcessError) as error:
        print(f"tests/interop/runsc/run: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
