"""16-bit grey TIFF and PNG: two files for the two energies, told apart by their names, or one for a single energy."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from imaging.errors import FilePairError, FileTornError, FileUnsupportedError
from imaging.files import picture, tiff
from imaging.files.limits import read_bytes
from imaging.scan import Counts, Scan, View

SUFFIXES = (".tif", ".tiff", ".png")
ENDINGS = (("low", "high"), ("lo", "hi"), ("le", "he"), ("l", "h"))
_NAME = re.compile(r"(?P<stem>.*[_\-. ])(?P<ending>low|high|lo|hi|le|he|l|h)", re.IGNORECASE)


def recognises(path: Path, head: bytes) -> bool:
    del path
    return tiff.is_tiff(head) or picture.is_deep_png(head)


def read(path: Path) -> Scan:
    """Read a pair by the path of either file, or a single 16-bit grey picture, or an 8-bit colour TIFF.

    Raises:
        FilePairError: the name says that there is another energy, and it is not there.
        FileError: damaged, too large, or of another kind.
    """
    page = _read_page(path)
    started_at = picture.written_at(path)
    if page.dtype == np.uint8:
        colour = page if page.ndim == 3 else np.repeat(page[:, :, None], 3, axis=2)
        return Scan((View(colour=colour.astype(np.uint8, copy=False)),), started_at=started_at, source=path.name)
    counts = page.astype(np.uint16, copy=False)
    energy = energy_of(path)
    if energy is None:
        return Scan((View(high=counts),), started_at=started_at, source=path.name)
    other_path = mate_of(path)
    if other_path is None:
        raise FilePairError(path, "the file with the other energy is missing. Send both files of the pair.")
    other = _read_counts(other_path)
    if other.shape != counts.shape:
        raise FileTornError(path, f"its energies differ in size, {counts.shape} and {other.shape}. Send both again.")
    high, low = (counts, other) if energy == "high" else (other, counts)
    return Scan((View(high=high, low=low),), started_at=started_at, source=path.name)


def energy_of(path: Path) -> str | None:
    """The energy that a file's name says it holds, "low" or "high"; None where it says nothing."""
    match = _NAME.fullmatch(path.stem)
    if match is None:
        return None
    return "low" if match["ending"].lower().startswith("l") else "high"


def mate_of(path: Path) -> Path | None:
    """The file with the other energy in the same folder, None where there is none."""
    match = _NAME.fullmatch(path.stem)
    if match is None:
        return None
    ending = match["ending"].lower()
    other = next(pair[1 - pair.index(ending)] for pair in ENDINGS if ending in pair)
    # Likely names are tried one by one: listing a folder of thousands for each of its files would take minutes.
    for suffix in dict.fromkeys((path.suffix, *SUFFIXES, *(suffix.upper() for suffix in SUFFIXES))):
        for spelling in (other, other.upper(), other.capitalize()):
            candidate = path.with_name(f"{match['stem']}{spelling}{suffix}")
            if candidate.is_file():
                return candidate
    return None


def _read_counts(path: Path) -> Counts:
    page = _read_page(path)
    if page.dtype != np.uint16:
        raise FileUnsupportedError(path, "it has 8 bits a pixel; the other file of a pair needs 16-bit counts too.")
    return page.astype(np.uint16, copy=False)


def _read_page(path: Path) -> tiff.Page:
    data = read_bytes(path)
    if not tiff.is_tiff(data):
        return picture.decode(path, data)
    if tiff.is_own(data):
        raise FileTornError(path, "its sidecar is missing: writing was cut off. Send it again from the machine.")
    pages = tiff.read_pages(path, data)
    if len(pages) != 1:
        raise FileUnsupportedError(
            path, f"it has {len(pages)} pages and nothing says which energy each is. Save one file an energy."
        )
    return pages[0]
