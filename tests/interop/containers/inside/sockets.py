"""sockets.py FOLDER: named pipes and UNIX sockets in a mount."""

import os
import socket
import sys

os.chdir(sys.argv[1])


def serve_once(path, answer):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()
        yield
        connection = server.accept()[0]
        connection.sendall(answer + connection.recv(100))
        connection.close()
    os.unlink(path)
    yield


def ask(path, word):
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(path)
        client.sendall(word)
        return client.recv(100)


def in_child(function):
    pid = os.fork()
    if pid == 0:
        try:
            function()
            os._exit(0)
        finally:
            os._exit(1)
    return pid


def wait_for(pid):
    assert os.waitpid(pid, 0)[1] == 0


def write_fifo(path, text):
    with open(path, "w", encoding="utf-8") as fifo:
        fifo.write(text)


os.mkfifo("made-inside")
child = in_child(lambda: write_fifo("made-inside", "through it"))
with open("made-inside", encoding="utf-8") as pipe:
    assert pipe.read() == "through it"
wait_for(child)
print("fifo inside", flush=True)

steps = serve_once("inside.sock", b"server says ")
next(steps)
child = in_child(lambda: ask("inside.sock", b"hi") == b"server says hi" or os._exit(2))
next(steps)
wait_for(child)
print("socket inside", flush=True)

assert ask("host.sock", b"hi") == b"host says hi"
print("host socket", flush=True)

write_fifo("to-host", "hello fifo\n")
with open("from-host", encoding="utf-8") as pipe:
    assert pipe.readline() == "from the host\n"
print("host fifo", flush=True)

steps = serve_once("container.sock", b"container says ")
next(steps)
next(steps)
print("socket for host", flush=True)
