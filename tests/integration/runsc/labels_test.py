"""Containers of an engine of Kubernetes are servers with labels."""

import os
import sys

from install_fixture import Built, main
from live_container import LiveTest, releases
from steering import Steering

PACKAGED = "/usr/bin/runsc"
SCRIPT = ("sh", "-c", "echo here; read line; echo end")
CRI = {"io.kubernetes.cri.container-type": "sandbox",
       "io.kubernetes.cri.sandbox-name": "web-0",
       "io.kubernetes.cri.sandbox-namespace": "shop",
       "io.kubernetes.cri.container-name": "web"}


class Labels(LiveTest):

    def setUp(self):
        super().setUp()
        builds = [*releases().values(),
                  *([PACKAGED] if os.path.exists(PACKAGED) else [])]
        if not builds:
            self.skipTest("no runsc is here: apt-get install runsc")
        if not Built.goferd:
            self.skipTest("no goferd is built")
        self.steering = Steering(os.path.join(self.folder, "goferd"), Built.goferd,
                                 Built.goferctl, Built.gofer)
        self.steering.__enter__()
        self.addCleanup(self.steering.__exit__)
        self.assert_installed(runsc=builds[0], gofer=Built.gofer,
                              state_dir=self.steering.state)

    def labels_of(self, name, annotations):
        """Of the running container's server."""
        bundle = self.make_bundle(name, *SCRIPT, **annotations)
        process = self.start(bundle, name)
        server = self.steering.json("server", "get", self.steering.server_of(name))
        self.assertEqual(self.end(process), "end\n")
        return bundle, server.get("labels", {})

    def test_labels_say_pod_namespace_container_and_bundle(self):
        bundle, labels = self.labels_of("c", CRI)
        self.assertEqual(labels, {"pod": "web-0", "namespace": "shop", "container": "web",
                                  "bundle": bundle})

    def test_servers_are_found_by_them(self):
        process = self.start(self.make_bundle("c", *SCRIPT, **CRI), "c")
        self.steering.server_of("c")
        for pod, count in (("web-0", 1), ("web-1", 0)):
            done = self.steering.ctl("--output=json", "server", "list",
                                     f'--filter=labels.pod = "{pod}"')
            self.assertEqual(done.stdout.count("servers/runsc-c\""), count, done.stderr)
        self.end(process)

    def test_hostile_annotations_start_and_are_adopted(self):
        bundle, labels = self.labels_of("c", {
            **CRI, "io.kubernetes.cri.sandbox-name": "\x1b[2J\n\u202e" + "x" * 10,
            "io.kubernetes.cri.container-name": "y" * 100_000,
            "io.kubernetes.cri.sandbox-namespace": "",
            **{f"io.kubernetes.pod.{i}": "z" for i in range(1000)}})
        self.assertEqual(labels, {"pod": "?[2J?\u202e" + "x" * 10,
                                  "container": "..." + "y" * 60, "bundle": bundle})


if __name__ == "__main__":
    sys.exit(main())
