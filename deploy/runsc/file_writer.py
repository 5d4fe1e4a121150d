"""Files that are replaced together or not at all."""

import os

from installation import remove_empty
from program_file import (TEMPORARY, Failure, check_place, free_name, make_folder,
                          stage, stage_link)


class Writer:
    """Makes folders and files.

    Each file is written beside its place. `commit` renames all of them; what was
    there stays beside until `keep`. As a context it takes back everything when
    it is left before.
    """

    def __init__(self):
        self.folders = []
        self._staged = []  # (temporary or None, path)
        self._old = []  # (path, what was there or None)
        self._kept = False

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if self._kept:
            return
        for path, old in reversed(self._old):
            if old is None:
                os.unlink(path)
            else:
                os.rename(old, path)
        for temporary, _ in self._staged:
            if temporary is not None and os.path.lexists(temporary):
                os.unlink(temporary)
        remove_empty(self.folders)

    def folder(self, path):
        self.folders += make_folder(path)
        check_place(path)

    def file(self, path, data, mode):
        self._staged.append((stage(path, data, mode), path))

    def link(self, path, target):
        self._staged.append((stage_link(path, target), path))

    def commit(self):
        """In the order in which the files came: what is called comes last."""
        for temporary, path in self._staged:
            if temporary is not None:
                self._replace(temporary, path)
            print(f"{path}: {'unchanged' if temporary is None else 'written'}")

    def _replace(self, temporary, path):
        try:
            old = None
            if os.path.lexists(path):
                old = free_name(path, ".old")
                os.link(path, old, follow_symlinks=False)
            self._old.append((path, old))
            try:
                os.rename(temporary, path)
            except OSError:
                self._old.pop()
                if old is not None:
                    os.unlink(old)
                raise
        except OSError as error:
            raise Failure(f"cannot write {path}: {error.strerror}") from error

    def keep(self):
        """From now on nothing is taken back."""
        self._kept = True
        for _, old in self._old:
            if old is not None:
                os.unlink(old)


def remove_temporaries(folder):
    """What an installation that was killed has left in a folder of its own."""
    for name in os.listdir(folder):
        if name.startswith(TEMPORARY):
            os.unlink(os.path.join(folder, name))
