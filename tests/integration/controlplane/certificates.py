"""Certificates of a test's own, made by openssl."""

import os
import subprocess


class Authority:
    """A CA whose files, and those that it signs, lie in `directory`."""

    def __init__(self, directory, name="ca"):
        self.directory = directory
        self.name = name
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
                      "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                      "-subj", f"/CN={name}", "-keyout", self.path(name, "key"),
                      "-out", self.path(name))

    def path(self, name, kind="pem"):
        return os.path.join(self.directory, f"{name}.{kind}")

    @property
    def certificate(self):
        return self.path(self.name)

    def read(self, name, kind="pem"):
        with open(self.path(name, kind), "rb") as file:
            return file.read()

    def sign(self, name, alternative_name, days=2):
        """NAME.pem and NAME.key, such as for "DNS:a.example" or "URI:...";
        what was there is replaced, each file at once. Negative `days`: over."""
        with open(self.path(name, "ext"), "w", encoding="utf-8") as file:
            file.write(f"subjectAltName={alternative_name}\n")
        self._openssl("req", "-newkey", "ec", "-pkeyopt",
                      "ec_paramgen_curve:P-256", "-nodes", "-subj",
                      f"/CN={name}", "-keyout", self.path(name, "key.new"),
                      "-out", self.path(name, "csr"))
        # `openssl ca` alone can write dates of the past; -days -1 is what x509
        # understands.
        self._openssl("x509", "-req", "-days", str(days), "-in",
                      self.path(name, "csr"), "-CA", self.certificate,
                      "-CAkey", self.path(self.name, "key"),
                      "-CAcreateserial", "-extfile", self.path(name, "ext"),
                      "-out", self.path(name, "pem.new"))
        for kind in ("key", "pem"):
            os.rename(self.path(name, f"{kind}.new"), self.path(name, kind))
        return self.path(name)

    def _openssl(self, *words):
        done = subprocess.run(["openssl", *words], capture_output=True,
                              text=True, check=False)
        assert done.returncode == 0, f"openssl {words}: {done.stderr}"
