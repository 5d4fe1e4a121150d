"""The OCI spec of a case's container."""

import json
import os

import oci_bundle


def make_spec(case, place):
    """The spec of the case's first container, its change applied."""
    spec = base_spec(["sh", "-ec", case.script])
    spec["mounts"] += [as_mount(bind, place) for bind in case.binds]
    case.change(spec, place)
    return spec


def base_spec(args):
    return oci_bundle.Config(args=args, env={"PATH": "/bin"}).as_json()


def as_mount(bind, place):
    source = bind.source
    if bind.type == "bind" or bind.type == "erofs":
        source = os.path.join(place.sources, source)  # an absolute source stays
    return {"destination": bind.destination, "type": bind.type, "source": source,
            "options": list(bind.options), **bind.more}


def write_spec(bundle, spec):
    with open(os.path.join(bundle, "config.json"), "w", encoding="utf-8") as file:
        json.dump(spec, file, indent=1)


def map_users(spec, first=100000):
    """A user namespace, as with `hostUsers: false`."""
    spec["linux"]["namespaces"].append({"type": "user"})
    for name in ("uidMappings", "gidMappings"):
        spec["linux"][name] = [{"containerID": 0, "hostID": first, "size": 65536}]
