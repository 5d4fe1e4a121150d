"""The attach socket, attacked."""

import os
import socket
import threading
import unittest

import node
from node import MALFORMED, PEER_MISMATCH, STATE, TICKET_INVALID, wait_until

TAKE, GIVE = 1, 2


class AttachTest(node.NodeTest):

    def setUp(self):
        super().setUp()
        self.create_server()

    def refused(self, why, path, packet, fds=()):
        """The text; whatever was sent, a good ticket is good afterwards."""
        received, status, reason, text = node.exchange(path, packet, fds)
        self.assertEqual(received, [])
        self.assertEqual((status, reason), why, (packet[:32], text))
        self.assertTrue(text)
        return text

    def test_a_wrong_ticket_tells_nothing(self):
        started = self.start_connection()
        path = started.ticket.attach_socket_path
        unknown = self.refused(TICKET_INVALID, path,
                               node.request(TAKE, [b"x" * 16]))
        [fd] = self.take(started)
        os.close(fd)
        used = self.refused(TICKET_INVALID, path,
                            node.request(TAKE, [started.ticket.ticket]))
        self.assertEqual(used, unknown)

    def test_an_expired_ticket(self):
        started = self.start_connection(ticket_ttl={"seconds": 1})
        wait_until(lambda: self.connection().state == STATE.FAILED, "its end")
        self.assertEqual(self.connection().end_reason, STATE.ATTACH_TIMEOUT)
        self.refused(TICKET_INVALID, started.ticket.attach_socket_path,
                     node.request(TAKE, [started.ticket.ticket]))

    def test_of_two_that_race_one_wins(self):
        for i in range(10):
            started = self.start_connection(f"race{i}")
            packet = node.request(TAKE, [started.ticket.ticket])
            results = []

            def use():
                results.append(
                    node.exchange(started.ticket.attach_socket_path, packet))

            threads = [threading.Thread(target=use) for _ in range(2)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            fds = [fd for result in results for fd in result[0]]
            self.assertEqual(len(fds), 1, results)
            self.assertEqual(sorted(r[1:3] for r in results),
                             [(0, 0), TICKET_INVALID])
            os.close(fds[0])

    def test_another_peer_is_refused_and_the_ticket_stays(self):
        started = self.start_connection(
            expected_peer={"uid": os.geteuid(), "pid": 1})
        self.refused(PEER_MISMATCH, started.ticket.attach_socket_path,
                     node.request(TAKE, [started.ticket.ticket]))
        self.assertEqual(self.connection().state, STATE.PENDING_ATTACH)

    def test_malformed_records(self):
        started = self.start_connection()
        path = started.ticket.attach_socket_path
        good = started.ticket.ticket
        for packet in (
                b"x", b"GFRq", node.request(TAKE, [good])[:-1],
                node.request(TAKE, [good], rest=b"x"),
                node.request(TAKE, [good], magic=b"HTTP"),
                node.request(TAKE, [good], version=99),
                node.request(9, [good]), node.request(TAKE, []),
                node.request(TAKE, [good], count=2),
                node.request(TAKE, [good] * 251), b"y" * 60000):
            self.refused(MALFORMED, path, packet)
        [fd] = self.take(started)
        self.assertEqual(self.load(fd, "once").process.wait(timeout=20), 0)

    def test_one_bad_ticket_uses_up_none(self):
        started = self.start_connection()
        path = started.ticket.attach_socket_path
        good = started.ticket.ticket
        self.refused(TICKET_INVALID, path, node.request(TAKE, [good, b"x" * 16]))
        self.refused(TICKET_INVALID, path, node.request(TAKE, [good, good]))
        [fd] = self.take(started)
        os.close(fd)

    def test_give(self):
        started = self.start_connection(attach_mode=GIVE)
        path = started.ticket.attach_socket_path
        packet = node.request(GIVE, [started.ticket.ticket])
        # A ticket is for one mode.
        self.refused(TICKET_INVALID, path,
                     node.request(TAKE, [started.ticket.ticket]))
        ours, theirs = socket.socketpair()
        received, status, _, text = node.exchange(path, packet, [theirs.fileno()])
        self.assertEqual((received, status), ([], 0), text)
        theirs.close()
        load = self.load(ours.detach(), "once")
        self.assertEqual(load.process.wait(timeout=20), 0)

    def test_wrong_kinds_of_fds(self):
        started = self.start_connection(attach_mode=GIVE)
        path = started.ticket.attach_socket_path
        packet = node.request(GIVE, [started.ticket.ticket])
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(os.path.join(self.base, "listener"))
        listener.listen()
        apart = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        packets = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        pair = socket.socketpair()
        with open("/dev/null", "rb") as file:
            for fds in ([file.fileno()], [listener.fileno()], [apart.fileno()],
                        [tcp.fileno()], [packets[0].fileno()], [],
                        [pair[0].fileno(), pair[1].fileno()]):
                self.refused(MALFORMED, path, packet, fds)
        # None of them was taken for the connection, and none is held.
        self.assertEqual(self.connection().state, STATE.PENDING_ATTACH)
        pair[0].close()
        self.assertEqual(pair[1].recv(1), b"")
        for one in (listener, apart, tcp, *packets, pair[1]):
            one.close()

    def test_silent_clients_keep_nobody_out(self):
        started = self.start_connection()
        path = started.ticket.attach_socket_path
        silent = []
        for _ in range(8):
            client = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            client.connect(path)
            silent.append(client)
        try:
            [fd] = self.take(started)
            os.close(fd)
        finally:
            for client in silent:
                client.close()


if __name__ == "__main__":
    unittest.main()
