"""What a workload is, and how one is found."""


class Workload:
    """Work in a container, and what must come of it.

    A class per workload; `name` and `about` are shown. A Bed is made for each
    run. Only `run` is timed. Anything may raise container.Failed.
    """

    name = ""
    about = ""

    def prepare(self, bed):
        """Fills the root, sets bed.flags."""

    def run(self, bed):
        raise NotImplementedError

    def check(self, bed):
        """Looks at the host's files afterwards."""
