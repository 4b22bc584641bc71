"""What passes through a simulated machine: the station's samples, live phantoms, or a folder of scans."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Literal

from stdnum import iso6346

from imaging import files
from imaging.phantom import simulate_container, simulate_parcel
from imaging.scan import Scan
from scanners.device import DeviceUnavailableError
from scanners.drivers.scan_files import find_scans
from scanners.xray import LABELS

Content = Callable[[int], Scan]
"""The object that passes as number n, from 0; the same number gives the same object."""
ContentKind = Literal["parcel", "container"]

_S10_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)


def open_content(content: str, kind: ContentKind, seed: int, views: int = 1) -> Content:
    """The content that the settings name: "samples", "phantoms" (parcels of so many views) or a folder.

    Raises:
        DeviceUnavailableError: the folder is missing or holds no scan.
    """
    if content == "phantoms":
        return _phantoms(kind, seed, views)
    if content == "samples":
        return _recorded(Path(str(resources.files("resources"))) / "samples" / f"{kind}s", kind, seed)
    return _recorded(Path(content), kind, seed)


def _recorded(folder: Path, kind: ContentKind, seed: int) -> Content:
    """The scans of a folder in a seeded order, over and over; from the second round on with other labels."""
    scans = find_scans(folder) if folder.is_dir() else []
    if not scans:
        raise DeviceUnavailableError(
            f"No scans to simulate with in {folder}. Name another folder, or use the content 'phantoms'.",
            folder=str(folder),
        )
    random.Random(seed).shuffle(scans)

    def make(number: int) -> Scan:
        scan = files.read(scans[number % len(scans)])
        return scan if number < len(scans) and LABELS in scan.extra else _relabel(scan, kind, seed, number)

    return make


def _phantoms(kind: ContentKind, seed: int, views: int) -> Content:
    def make(number: int) -> Scan:
        own_seed = random.Random(f"{seed} {number}").getrandbits(31)
        scan = simulate_parcel(own_seed, views=views) if kind == "parcel" else simulate_container(own_seed)
        return _relabel(scan, kind, seed, number)

    return make


def _relabel(scan: Scan, kind: ContentKind, seed: int, number: int) -> Scan:
    chance = random.Random(f"label {seed} {number}")
    label = s10_number(chance) if kind == "parcel" else container_number(chance)
    return replace(scan, extra=dict(scan.extra) | {LABELS: label})


def s10_number(chance: random.Random) -> str:
    """A random postal item number (UPU S10) with its check digit."""
    service = chance.choice(("RR", "EA", "CP", "LX", "CC"))
    serial = f"{chance.randrange(10**8):08d}"
    rest = 11 - sum(weight * int(digit) for weight, digit in zip(_S10_WEIGHTS, serial, strict=True)) % 11
    check = {10: 0, 11: 5}.get(rest, rest)
    return f"{service}{serial}{check}{chance.choice(('CN', 'JP', 'DE', 'GB', 'US', 'BR'))}"


def container_number(chance: random.Random) -> str:
    """A random container number (ISO 6346) of no real owner, with its check digit."""
    number = f"ZZZU{chance.randrange(10**6):06d}"
    return number + iso6346.calc_check_digit(number)
