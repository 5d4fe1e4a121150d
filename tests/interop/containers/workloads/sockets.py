"""Named pipes and UNIX sockets in a mount, within the sandbox and with the host."""

import os
import socket
import threading

from workloads.workload import Workload


class FifoAndSocket(Workload):
    name = "fifo-and-socket"
    about = "made and used in the container; and between it and the host"

    def prepare(self, bed):
        bed.flags += ["--host-uds=all", "--host-fifo=open"]
        self.errors = []
        for name in ("to-host", "from-host"):
            os.mkfifo(os.path.join(bed.outside, name))
        self._server = socket.socket(socket.AF_UNIX)
        self._server.settimeout(60)
        self._server.bind(os.path.join(bed.outside, "host.sock"))
        self._server.listen()

    def run(self, bed):
        self._write_fifo(bed)
        parts = [threading.Thread(target=self._guard, args=(part, bed), daemon=True)
                 for part in (self._serve, self._read_fifo)]
        for part in parts:
            part.start()
        import oci_bundle  # pylint: disable=import-outside-toplevel
        container = bed.start(
            ["python3", "/inside/sockets.py", "/outside"],
            mounts=[*bed.host_programs(), oci_bundle.bind_mount(bed.outside, "/outside")])
        self._call_container(bed, container)
        text = bed.finish(container)
        for part in parts:
            part.join(20)
            bed.check(not part.is_alive(), "a pipe or socket of the host got nothing")
        self._server.close()
        os.close(self._fifo)
        bed.check(not self.errors, "; ".join(self.errors))
        bed.check(text == "fifo inside\nsocket inside\nhost socket\nhost fifo\n"
                  "socket for host\n", f"it said {text!r}")

    def _guard(self, part, bed):
        try:
            part(bed)
        except OSError as error:
            self.errors.append(f"{part.__name__}: {error}")

    def _serve(self, _bed):
        with self._server.accept()[0] as connection:
            connection.settimeout(60)
            connection.sendall(b"host says " + connection.recv(100))

    def _read_fifo(self, bed):
        with open(os.path.join(bed.outside, "to-host"), "rb") as fifo:
            got = fifo.read()
        if got != b"hello fifo\n":
            self.errors.append(f"the host read {got!r}")

    def _write_fifo(self, bed):
        # Held open to the end: the stock gofer's open for reading waits for a
        # writer that has gone since.
        self._fifo = os.open(os.path.join(bed.outside, "from-host"), os.O_RDWR)
        os.write(self._fifo, b"from the host\n")

    def _call_container(self, bed, container):
        """Connects to the socket that the container made."""
        path = os.path.join(bed.outside, "container.sock")
        bed.wait_for(container, lambda: self._ask(bed, path))

    def _ask(self, bed, path):
        """False while nobody listens."""
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(60)
                client.connect(path)
                client.sendall(b"knock")
                answer = client.recv(100)
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        bed.check(answer == b"container says knock", f"the container said {answer!r}")
        return True


ALL = (FifoAndSocket,)
