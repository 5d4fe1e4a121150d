"""All cases, by subject."""

from cases import files, ids, lifecycle, mounts, special_files

ALL = (*files.CASES, *special_files.CASES, *mounts.CASES, *ids.CASES, *lifecycle.CASES)
