"""What goferd's server reflection tells of its services."""

from google.protobuf import descriptor_pb2
from standard import reflection_pb2 as reflection

TIMEOUT = 30
# gRPC 1.51 lists it, but links no descriptor of it.
HEALTH = descriptor_pb2.ServiceDescriptorProto(name="Health", method=[
    descriptor_pb2.MethodDescriptorProto(name="Check"),
    descriptor_pb2.MethodDescriptorProto(name="Watch", server_streaming=True)])
METHOD = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"


def ask(channel, requests):
    call = channel.stream_stream(
        METHOD, request_serializer=lambda m: m.SerializeToString(),
        response_deserializer=reflection.ServerReflectionResponse.FromString)
    return list(call(iter(requests), timeout=TIMEOUT))


def service_names(channel):
    [answer] = ask(channel, [reflection.ServerReflectionRequest(
        list_services="*")])
    return {s.name for s in answer.list_services_response.service}


def service_of(channel, name):
    """The ServiceDescriptorProto of a full name."""
    if name == "grpc.health.v1.Health":
        return HEALTH
    [answer] = ask(channel, [reflection.ServerReflectionRequest(
        file_containing_symbol=name)])
    for data in answer.file_descriptor_response.file_descriptor_proto:
        file = descriptor_pb2.FileDescriptorProto.FromString(data)
        for service in file.service:
            if f"{file.package}.{service.name}" == name:
                return service
    raise AssertionError(f"no descriptor of {name}")


def methods(channel):
    """All methods, as gRPC writes them: {"/package.Service/Method":
    MethodDescriptorProto}."""
    found = {}
    for name in service_names(channel):
        for method in service_of(channel, name).method:
            found[f"/{name}/{method.name}"] = method
    return found
