"""All cases, by subject."""

from cases import files, hints, ids, lifecycle, mounts, special_files

ALL = (*files.CASES, *special_files.CASES, *mounts.CASES, *ids.CASES, *hints.CASES,
       *lifecycle.CASES)
