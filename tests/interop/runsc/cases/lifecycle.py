"""Exec, checkpoints, pods, kills, and the host that changes files meanwhile."""

import os
import subprocess

from case import Bind, Case
from session import in_pod
from spec import as_mount

DATA = Bind("data", "/data")


def until_stop(number=0):
    """Each container of a pod ends when the test says so."""
    return f"while ! test -e /data/stop{number}; do usleep 20000; done; "


def _data(place):
    place.folder_in("data", 0o777)
    place.file("data/file", "of the host\n")


def _stop(session, number=0):
    session.place.file(f"data/stop{number}")
    session.end(number)


def _exec(session):
    session.start()
    session.exec("echo from exec; cat /data/file; echo made >/data/by_exec; echo x >/etc/x")
    session.exec("pwd; id -u; echo user >/data/by_user", "--user=1000:1000", "--cwd=/data")
    session.exec("exit 5")
    session.exec("pwd", "--cwd=/nowhere")
    _stop(session)


def _kill(session):
    session.start()
    session.kill()
    session.end()


def _terminate(session):
    session.start()
    session.kill(name="TERM")
    session.end()


def _pause(session):
    session.start()
    session.runsc("pause", session.id_of(0))
    session.runsc("resume", session.id_of(0))
    session.exec("cat /data/file")
    _stop(session)


def _host_changes(session):
    """The container sees the host's changes of a bind at once."""
    session.start()
    place = session.place
    for step, change in enumerate((
            lambda: place.file("data/file", "longer than it was\n"),
            lambda: os.rename(place.path("data/file"), place.path("data/moved")),
            lambda: place.folder_in("data/folder"),
            lambda: os.symlink("moved", place.path("data/link")),
            lambda: os.unlink(place.path("data/moved")))):
        change()
        session.exec(f"echo {step}; cd /data; ls -1; cat file moved link 2>&1 | head -3")
    _stop(session)


def _listen(session):
    """A socket that the container makes is the host's to connect to."""
    session.start()
    path = os.path.relpath(session.place.path("data/socket"))
    done = subprocess.run([session.probe, "connect", path, "from the host"], check=False,
                          capture_output=True, timeout=30)
    session.observe("host connects", done.stdout.decode())
    session.end()


def _checkpoint(session, *options):
    """The container ends with the checkpoint; the restored container goes on."""
    images = session.place.images
    session.start()
    session.runsc("checkpoint", *options, f"--image-path={images}", session.id_of(0))
    session.end()
    session.runsc("delete", "--force", session.id_of(0))
    session.place.file("data/seen", "between\n")
    session.launch("restore", f"--image-path={images}", f"--bundle={session.place.bundle}")
    # The first word of the new runsc's container comes when it may go on.
    session.wait_for_host(lambda: os.path.exists(session.place.path("data/alive_again")),
                          "the restored container goes on")
    _stop(session)


HOLD_FILES = """
exec 3>/data/held; echo before >&3; exec 4</data/file; exec 5>/root/own; echo before >&5
cd /data; echo ready
while ! test -e /data/seen; do usleep 20000; done
echo after >&3; read line <&4; echo "$line"; echo after >&5; cat /root/own /data/held
pwd; : >/data/alive_again
""" + until_stop() + "echo end"


def _pod(session, *, second=None):
    place = session.place
    session.start(0)
    shared = as_mount(DATA, place)
    bundle = session.add_container(
        1, "echo one >/data/one; echo own >/root/own; echo ready; " + until_stop(1) + "ls -1 /data",
        [shared])
    session.start(1, bundle)
    session.exec("cat /data/one; cat /root/own 2>&1 || echo not mine", number=0)
    session.exec("cat /data/one /root/own", number=1)
    if second is None:
        _stop(session, 1)
    else:
        second(session, shared)
    _stop(session)


def _kill_and_add(session, shared):
    """A container ends in a sandbox that goes on, and a new container comes."""
    session.kill(1)
    session.end(1)
    bundle = session.add_container(2, "cat /data/one; echo ready; " + until_stop(2), [shared])
    session.start(2, bundle)
    session.exec("cat /data/one", number=0)
    _stop(session, 2)


LOOP = "echo ready; " + until_stop() + "echo end"
SANDBOX = {"change": lambda spec, _: in_pod(spec, "sandbox")}

CASES = (
    Case("exec", LOOP, binds=(DATA,), prepare=_data, drive=_exec),
    Case("exec_on_root", LOOP, binds=(DATA,), prepare=_data, drive=_exec,
         flags=("--overlay2=none",)),
    Case("kill", LOOP, binds=(DATA,), prepare=_data, drive=_kill, status=137),
    Case("terminate", "trap 'echo told; exit 3' TERM; " + LOOP, binds=(DATA,), prepare=_data,
         drive=_terminate, status=3),
    Case("pause_and_resume", LOOP, binds=(DATA,), prepare=_data, drive=_pause),
    Case("host_changes_a_bind", LOOP, binds=(DATA,), prepare=_data, drive=_host_changes),
    Case("socket_made_in_a_bind", "probe listen /data/socket", binds=(DATA,), prepare=_data,
         drive=_listen, flags=("--host-uds=all",)),
    Case("socket_made_inside", "probe listen /data/socket & while ! test -e /data/socket; do "
         "usleep 10000; done; probe connect /data/socket hello >/data/answer; wait; "
         "cat /data/answer; ls -1 /data", binds=(DATA,), prepare=_data),
    Case("checkpoint_and_restore", HOLD_FILES, binds=(DATA,), prepare=_data,
         drive=_checkpoint),
    Case("checkpoint_and_restore_root", HOLD_FILES, binds=(DATA,), prepare=_data,
         drive=_checkpoint, flags=("--overlay2=none",)),
    Case("checkpoint_and_restore_overlay", HOLD_FILES, binds=(DATA,), prepare=_data,
         drive=_checkpoint, flags=("--overlay2=root:memory",)),
    Case("pod_of_two", LOOP, binds=(DATA,), prepare=_data, drive=_pod, **SANDBOX),
    Case("pod_container_replaced", LOOP, binds=(DATA,), prepare=_data,
         drive=lambda session: _pod(session, second=_kill_and_add), **SANDBOX),
    Case("pod_of_two_on_root", LOOP, binds=(DATA,), prepare=_data, drive=_pod,
         flags=("--overlay2=none",), **SANDBOX),
)
