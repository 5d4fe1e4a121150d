"""Several sandboxes on one folder."""

import os

import oci_bundle
from workloads.workload import Workload


class TwoContainers(Workload):
    name = "two-containers"
    about = "two sandboxes pass files to and fro in one folder"

    SCRIPT = """
        cd /shared
        for i in $(seq 100); do echo $me $i >$me-$i; done
        for i in $(seq 50); do
          if [ $me = a ]; then
            echo $i >new; mv new ball-$i
            until [ -e back-$i ]; do :; done; rm back-$i
          else
            until [ -e ball-$i ]; do :; done
            read n <ball-$i; [ $n = $i ]; mv ball-$i back-$i
          fi
        done
        echo >done-$me
        until [ -e done-a ] && [ -e done-b ]; do :; done
        ls | wc -l; cat a-* b-* | wc -l
    """

    def prepare(self, bed):
        self._second = bed.make("bundle2")
        oci_bundle.make_rootfs(self._second)

    def run(self, bed):
        mounts = [oci_bundle.bind_mount(bed.outside, "/shared")]
        pair = [bed.start(self.SCRIPT, bundle=bundle, mounts=mounts, env={"me": me})
                for me, bundle in (("a", bed.bundle), ("b", self._second))]
        for container in pair:
            text = bed.finish(container)
            bed.check(text.split() == ["202", "200"], f"it said {text!r}")

    def check(self, bed):
        names = os.listdir(bed.outside)
        bed.check(len(names) == 202, f"{len(names)} names on the host")


ALL = (TwoContainers,)
