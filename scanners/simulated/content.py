"""What passes through a simulated machine: the station's samples, live phantoms, or a folder of scans."""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Callable
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Literal

from stdnum import iso6346

from imaging import files
from imaging.phantom import Tunnel, simulate_container, simulate_parcel
from imaging.scan import Scan
from scanners.device import DeviceUnavailableError
from scanners.drivers.scan_files import find_scans
from scanners.xray import LABELS

Content = Callable[[int], Scan]
"""The object that passes as number n, from 0; the same number gives the same object."""
ContentKind = Literal["parcel", "container"]

_S10_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)


def open_content(
    content: str,
    kind: ContentKind,
    seed: int,
    *,
    first_lap: int = 0,
    views: int = 1,
    tunnel: Tunnel | None = None,
) -> Content:
    """The content that the settings name: "samples", "phantoms" (parcels of so many views) or a folder.

    Phantoms of parcels are seen by parallel rays, or through a tunnel's fans.

    Raises:
        DeviceUnavailableError: the folder is missing or holds no scan.
    """
    if content == "phantoms":
        return _phantoms(kind, seed, views, tunnel)
    if content == "samples":
        return _recorded(Path(str(resources.files("resources"))) / "samples" / f"{kind}s", seed, first_lap)
    return _recorded(Path(content), seed, first_lap)


def _recorded(folder: Path, seed: int, first_lap: int) -> Content:
    """The scans of a folder in a seeded order, lap after lap; each lap gives them other numbers on their labels."""
    scans = find_scans(folder) if folder.is_dir() else []
    if not scans:
        raise DeviceUnavailableError(
            f"No scans to simulate with in {folder}. Name another folder, or use the content 'phantoms'.",
            folder=str(folder),
        )
    random.Random(seed).shuffle(scans)

    def make(number: int) -> Scan:
        lap, place = divmod(number, len(scans))
        scan = files.read(scans[place])
        labels = [renumber(label, first_lap + lap) for label in scan.extra.get(LABELS, "").split()]
        return replace(scan, extra=dict(scan.extra) | {LABELS: " ".join(labels)})

    return make


def _phantoms(kind: ContentKind, seed: int, views: int, tunnel: Tunnel | None) -> Content:
    def make(number: int) -> Scan:
        chance = random.Random(f"{seed} {number}")
        own_seed = chance.getrandbits(31)
        if kind == "parcel":
            scan, label = simulate_parcel(own_seed, views=views, tunnel=tunnel), s10_number(chance)
        else:
            scan, label = simulate_container(own_seed), container_number(chance)
        return replace(scan, extra=dict(scan.extra) | {LABELS: label})

    return make


def renumber(label: str, lap: int) -> str:
    """The number that a recorded parcel carries on a later lap: of the same kind, valid, and always the same one."""
    if lap == 0:
        return label
    drawn = iter(str(int.from_bytes(hashlib.sha256(f"{label} {lap}".encode()).digest())))
    other = re.sub(r"\d", lambda _: next(drawn), label)
    if re.fullmatch(r"[A-Z]{2}\d{9}[A-Z]{2}", other):
        return other[:10] + s10_check_digit(other[2:10]) + other[11:]
    if re.fullmatch(r"[A-Z]{4}\d{7}", other):
        return other[:10] + iso6346.calc_check_digit(other[:10])
    return other


def s10_check_digit(serial: str) -> str:
    """The check digit of the eight digits of a postal item number (UPU S10)."""
    rest = 11 - sum(weight * int(digit) for weight, digit in zip(_S10_WEIGHTS, serial, strict=True)) % 11
    return str({10: 0, 11: 5}.get(rest, rest))


def s10_number(chance: random.Random) -> str:
    """A random postal item number (UPU S10) with its check digit."""
    service = chance.choice(("RR", "EA", "CP", "LX", "CC"))
    serial = f"{chance.randrange(10**8):08d}"
    return service + serial + s10_check_digit(serial) + chance.choice(("CN", "JP", "DE", "GB", "US", "BR"))


def container_number(chance: random.Random) -> str:
    """A random container number (ISO 6346) of no real owner, with its check digit."""
    number = f"ZZZU{chance.randrange(10**6):06d}"
    return number + iso6346.calc_check_digit(number)
