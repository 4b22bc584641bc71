"""Which files of a folder make one scan: a native picture and its sidecar, two energies, or a file alone."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from imaging import files
from imaging.errors import FileError
from imaging.files import native, pair
from scanners.drivers.inbox_settings import Group

_TIFFS = (".tif", ".tiff")


def group_scans(paths: Collection[Path]) -> Iterator[Group]:
    """Sort files into scans, by their names alone."""
    by_name = {(path.parent, path.name.lower()): path for path in paths}
    for path in paths:
        group = _group_of(path, by_name)
        if group is not None:
            yield group


def find_scans(folder: Path) -> list[Path]:
    """The files below a folder that a reader knows, one path a scan, in the order of their names."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return [group.parts[0] for group in group_scans(paths) if _is_known(group.parts[0])]


def _group_of(path: Path, by_name: dict[tuple[Path, str], Path]) -> Group | None:
    """The group that a file is the first part of; None for a part of another file's group."""
    suffix = path.suffix.lower()
    if suffix == ".json":
        has_picture = any((path.parent, (path.stem + ending).lower()) in by_name for ending in _TIFFS)
        return None if has_picture else Group((path,), is_complete=False)
    if suffix in _TIFFS:
        sidecar = native.sidecar_of(path)
        if (sidecar.parent, sidecar.name.lower()) in by_name:
            return Group((path, sidecar))
    if suffix in pair.SUFFIXES and (energy := pair.energy_of(path)) is not None:
        mate = _mate_of(path, by_name)
        if mate is None:
            return Group((path,), is_complete=False)
        return Group((path, mate)) if energy == "high" else None
    return Group((path,), is_complete=suffix not in _TIFFS)


def _mate_of(path: Path, by_name: dict[tuple[Path, str], Path]) -> Path | None:
    stem = path.stem.lower()
    for low, high in pair.ENDINGS:
        for ending, other in ((low, high), (high, low)):
            if stem.endswith(ending):
                wanted = stem.removesuffix(ending) + other
                found = (by_name.get((path.parent, wanted + suffix)) for suffix in pair.SUFFIXES)
                return next((mate for mate in found if mate is not None), None)
    return None


def _is_known(path: Path) -> bool:
    try:
        head = files.read_head(path)
    except FileError:
        return False
    return any(reader.recognises(path, head) for reader in files.readers())
