"""Health, reflection, channelz, and the descriptor set: what tools ask."""

import os
import time
import unittest

import grpc
from google.protobuf import descriptor_pb2
from google.protobuf import descriptor_pool
from google.protobuf import json_format
from google.protobuf import message_factory
from goferd.admin.v1 import server_service_pb2 as servers
from standard import channelz_pb2 as channelz
from standard import health_pb2 as health

import node
import reflecting
import watching
from node import TIMEOUT

OURS = {f"goferd.admin.v1.{name}Service" for name in (
    "Server", "Connection", "Handler", "Event", "Stats", "Daemon")}
STATUS = health.HealthCheckResponse


def unary(channel, method, request, response):
    return channel.unary_unary(
        method, request_serializer=lambda m: m.SerializeToString(),
        response_deserializer=response.FromString)(request, timeout=TIMEOUT)


class HealthTest(node.NodeTest):

    def check(self, service):
        return unary(self.api.channel, "/grpc.health.v1.Health/Check",
                     health.HealthCheckRequest(service=service), STATUS).status

    def watch(self, service):
        return self.api.channel.unary_stream(
            "/grpc.health.v1.Health/Watch",
            request_serializer=lambda m: m.SerializeToString(),
            response_deserializer=STATUS.FromString)(
                health.HealthCheckRequest(service=service), timeout=TIMEOUT)

    def test_each_service_serves(self):
        for service in ("", *OURS):
            self.assertEqual(self.check(service), STATUS.SERVING, service)
        with self.assertRaises(grpc.RpcError) as caught:
            self.check("goferd.admin.v1.NoService")
        self.assertEqual(caught.exception.code(), grpc.StatusCode.NOT_FOUND)

    def test_not_while_goferd_goes_down(self):
        self.create_server()
        # A reader that does not read keeps goferd for a while.
        stuck = watching.StuckWatch(self)
        watches = {service: self.watch(service) for service in ("", *OURS)}
        for service, watch in watches.items():
            self.assertEqual(next(watch).status, STATUS.SERVING, service)
        self.goferd.process.terminate()
        for service, watch in watches.items():
            self.assertEqual(next(watch).status, STATUS.NOT_SERVING, service)
            self.assertEqual(self.check(service), STATUS.NOT_SERVING, service)
        stuck.read_all()
        self.assertEqual(self.goferd.process.wait(timeout=TIMEOUT), 0)


class ShutdownTest(node.NodeTest):

    CONFIG = "shutdown_timeout { seconds: 30 }"

    def test_idle_clients_do_not_keep_goferd(self):
        """This one does not even look at its connection."""
        self.create_server()
        begin = time.monotonic()
        self.goferd.process.terminate()
        self.assertEqual(self.goferd.process.wait(timeout=25), 0)
        self.assertLess(time.monotonic() - begin, 10)

    def test_those_who_watch_health_do_not_either(self):
        watch = self.api.channel.unary_stream("/grpc.health.v1.Health/Watch")(
            b"", timeout=2 * TIMEOUT)
        next(watch)
        self.goferd.process.terminate()
        self.assertEqual(self.goferd.process.wait(timeout=25), 0)


class ReflectionTest(node.NodeTest):

    def test_it_tells_of_every_service(self):
        names = reflecting.service_names(self.api.channel)
        self.assertEqual(names, OURS | {
            "grpc.health.v1.Health", "grpc.channelz.v1.Channelz",
            "grpc.reflection.v1alpha.ServerReflection"})

    def test_the_descriptor_set_says_the_same(self):
        """And all of it can be loaded, as tools do."""
        files = self.descriptor_set()
        there = {f"{file.package}.{service.name}": service
                 for file in files.file for service in file.service}
        self.assertEqual(set(there), OURS)
        for name, service in there.items():
            told = reflecting.service_of(self.api.channel, name)
            self.assertEqual(self.signatures(service), self.signatures(told))

    @staticmethod
    def signatures(service):
        return {(m.name, m.input_type, m.output_type, m.client_streaming,
                 m.server_streaming) for m in service.method}

    @staticmethod
    def descriptor_set():
        with open(os.environ["GOFERD_PROTOSET"], "rb") as file:
            return descriptor_pb2.FileDescriptorSet.FromString(file.read())

    def test_a_call_by_the_descriptor_set_alone(self):
        """As `grpcurl -protoset` makes it, without generated code."""
        pool = descriptor_pool.DescriptorPool()
        files = self.descriptor_set()
        for file in files.file:  # In the order of their imports.
            pool.Add(file)
        service = pool.FindServiceByName("goferd.admin.v1.ServerService")
        method = service.methods_by_name["CreateServer"]
        factory = message_factory.MessageFactory(pool)
        request = json_format.ParseDict(
            {"serverId": "web", "server": {"root": self.tree,
                                           "labels": {"a": "b"}}},
            factory.GetPrototype(method.input_type)())
        response = unary(self.api.channel,
                         f"/{service.full_name}/{method.name}", request,
                         factory.GetPrototype(method.output_type))
        told = json_format.MessageToDict(response)
        self.assertEqual((told["name"], told["state"], told["labels"]),
                         ("servers/web", "ACTIVE", {"a": "b"}))

    def test_comments_are_in_the_descriptor_set(self):
        for file in self.descriptor_set().file:
            if file.package.startswith("goferd."):
                self.assertTrue(any(l.leading_comments
                                    for l in file.source_code_info.location),
                                file.name)


class ChannelzTest(node.NodeTest):

    def test_it_counts_calls(self):
        def counted():
            answer = unary(self.api.channel,
                           "/grpc.channelz.v1.Channelz/GetServers",
                           channelz.GetServersRequest(),
                           channelz.GetServersResponse)
            [server] = answer.server
            return server.data.calls_succeeded
        before = counted()
        for _ in range(3):
            self.api.servers.ListServers(servers.ListServersRequest(),
                                         timeout=TIMEOUT)
        self.assertGreaterEqual(counted(), before + 3)


if __name__ == "__main__":
    unittest.main()
