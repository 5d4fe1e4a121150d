"""The commands of runsc other than create, start, wait, delete."""

import os
import signal
import time

from workloads.workload import Workload

# A container that lives until it is told to end.
IDLE = "trap 'echo got >/work/got; exit 7' TERM; echo >/work/ready; " \
       "while :; do sleep 0.02; done"
COUNT = "exec 3>/work/log; i=0; while :; do i=$((i+1)); echo $i >&3; " \
        "usleep 2000; done"


def _start_idle(bed):
    container = bed.start(IDLE)
    bed.wait_for(container, lambda: os.path.exists(bed.path("work/ready")))
    return container


class Exec(Workload):
    name = "exec"
    about = "runsc exec: output, exit status, files; detached too"

    def run(self, bed):
        container = _start_idle(bed)
        for i in range(5):
            text = container.runsc("exec", container.name, "sh", "-c",
                                   f"echo out {i} | tee /work/exec-{i}")
            bed.check(text == f"out {i}\n", f"exec said {text!r}")
        # runsc drops every word with "detach" in it from what it executes.
        pid_file = os.path.join(bed.folder, "exec.pid")
        container.runsc("exec", "--detach", f"--pid-file={pid_file}", container.name,
                        "sh", "-c", "echo x >/work/behind")
        bed.wait_for(container, lambda: os.path.exists(bed.path("work/behind")))
        container.runsc("kill", container.name, "TERM")
        bed.finish(container, status=7)

    def check(self, bed):
        with open(bed.path("work/exec-4"), encoding="utf-8") as file:
            bed.check(file.read() == "out 4\n", "exec-4 is wrong")


class PauseResume(Workload):
    name = "pause-resume"
    about = "a paused container writes nothing, a resumed one goes on"

    def run(self, bed):
        log = bed.path("work/log")
        container = bed.start(COUNT)
        bed.wait_for(container, lambda: os.path.exists(log) and os.path.getsize(log) > 20)
        container.runsc("pause", container.name)
        size = os.path.getsize(log)
        time.sleep(0.2)  # in which nothing may happen
        bed.check(os.path.getsize(log) == size, "it went on while paused")
        container.runsc("resume", container.name)
        bed.wait_for(container, lambda: os.path.getsize(log) > size)
        container.runsc("kill", container.name, "KILL")
        bed.finish(container, status=128 + signal.SIGKILL)


class Kill(Workload):
    name = "kill"
    about = "by TERM with a handler, by KILL, by delete --force, gofer first"

    def run(self, bed):
        container = _start_idle(bed)
        container.runsc("kill", container.name, "TERM")
        bed.finish(container, status=7)
        bed.check(os.path.exists(bed.path("work/got")), "the handler did not run")
        os.unlink(bed.path("work/ready"))
        container = _start_idle(bed)
        container.runsc("kill", "--all", container.name, "KILL")
        bed.finish(container, status=128 + signal.SIGKILL)
        os.unlink(bed.path("work/ready"))
        _start_idle(bed).delete()
        os.unlink(bed.path("work/ready"))
        container = _start_idle(bed)
        container.gofer.kill()  # the sandbox does not outlive its files
        bed.check(container.sandbox.ended(20), "the sandbox lives without a gofer")
        container.delete()


class CheckpointRestore(Workload):
    name = "checkpoint-restore"
    about = "a counter that writes to an open file goes on after its restore"

    def run(self, bed):
        log = bed.path("work/log")
        image = bed.make("image")
        container = bed.start(COUNT)
        bed.wait_for(container, lambda: os.path.exists(log) and os.path.getsize(log) > 20)
        container.runsc("checkpoint", f"--image-path={image}", container.name)
        container.delete()
        size = os.path.getsize(log)
        again = bed.new_container(COUNT)
        again.create("restore", f"--image-path={image}", "--detach")
        bed.wait_for(again, lambda: os.path.getsize(log) > size)
        again.runsc("kill", again.name, "KILL")
        bed.finish(again, status=128 + signal.SIGKILL)

    def check(self, bed):
        with open(bed.path("work/log"), encoding="utf-8") as file:
            numbers = [int(line) for line in file]
        bed.check(numbers == list(range(1, len(numbers) + 1)), "numbers are missing")


class Run(Workload):
    name = "run"
    about = "runsc run: to its end; and killed, when nothing may outlive it"

    def run(self, bed):
        for last_word in ("end", "killed"):
            container = bed.new_container("echo ready; read line; echo $line")
            runsc = container.attach("run", f"--bundle={bed.bundle}", container.name)
            first = runsc.stdout.readline()
            bed.check(first == b"ready\n", f"runsc run said {first!r}")
            container.meet_children(runsc.pid)
            if last_word == "killed":
                runsc.kill()
            text = runsc.communicate(b"end\n")[0]
            if last_word == "end":
                bed.check(runsc.returncode == 0 and text == b"end\n",
                          f"status {runsc.returncode}, {text!r}")
            bed.check(container.sandbox.ended(20), "the sandbox lives on")
            bed.check(container.gofer.ended(20), "the gofer lives on")
            container.delete()


class Do(Workload):
    name = "do"
    about = "runsc do: the host's root, changes stay in the sandbox"

    def run(self, bed):
        victim = os.path.join(bed.outside, "file")
        with open(victim, "w", encoding="utf-8") as file:
            file.write("host\n")
        container = bed.new_container(["unused"])
        runsc = container.attach(
            "do", "--cwd", bed.outside, "sh", "-c",
            "cat file; echo changed >file; cat file; read line")
        first = runsc.stdout.readline() + runsc.stdout.readline()
        bed.check(first == b"host\nchanged\n", f"runsc do said {first!r}")
        container.meet_children(runsc.pid)
        runsc.communicate(b"end\n")
        bed.check(runsc.returncode == 0, f"status {runsc.returncode}")
        with open(victim, encoding="utf-8") as file:
            bed.check(file.read() == "host\n", "the host's file changed")


ALL = (Exec, PauseResume, Kill, CheckpointRestore, Run, Do)
