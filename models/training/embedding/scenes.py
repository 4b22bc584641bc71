"""Phantoms of one thing seen again: two scans of it, two of it altered, one of another parcel of the same lot."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from imaging.phantom.chain import Detector, sample_cargo_detector
from imaging.phantom.container import simulate_container
from imaging.phantom.library import ObjectLibrary
from imaging.phantom.objects import HELD_OUT, THREATS
from imaging.phantom.packing import Packing, alter, lay, pack, shake, throw_anew
from imaging.phantom.simulate import measure_scene
from imaging.scan import Scan
from models.card import InputKind
from models.inputs import Planes, read_planes
from models.upright import set_upright

FRAME = (96, 128)
"""(rows, cols) of what the network sees."""
DIMENSIONS = 64
"""Numbers that it makes of it."""
MARGIN = 1 / 16
KEPT = (108, 144)
"""With a margin on each side, so that the training may turn and shift what it sees."""
BLOCK = 300
"""Groups between two renewals of the older library of objects."""
LIBRARIES = 2
CONTAINER_PART = 0.12
SHAKEN_PART, SHAKEN_MM = 0.6, (2.0, 20.0)
MM_PER_PX = (1.6, 2.8)
CONTAINER_MM_PER_PX = 20.0
HIDDEN = ("dense_block", "cigarettes", "firearm")
NOISELESS = Detector(
    photons=1e12, scatter=0.0, blur_px=0.3, gain_error=0.0, drift=0.0, read_noise=0.0, air=(60000, 60000), dark=0.0
)


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Five scans: the same, the same, altered, altered, another of the lot.

    `planes` are (5, 2, rows, cols), ATTEN_ZEFF times 255; `proportions` (5,) the third channel.
    """

    planes: npt.NDArray[np.uint8]
    proportions: npt.NDArray[np.float32]

    @property
    def is_container(self) -> bool:
        """At MeV no material is known."""
        return not self.planes[:, 1].any()


def write_groups(out: Path, count: int, seed: int, *, is_unseen: bool = False) -> None:
    """Fill a folder up to `count` groups, going on where it left off; group k is the same whenever it is made.

    `is_unseen` takes prohibited goods of the designs that are held out of every training.
    """
    cv2.setNumThreads(1)
    out.mkdir(parents=True, exist_ok=True)
    parts: dict[int, ObjectLibrary] = {}
    for block in range(-(-count // BLOCK)):
        wanted = [k for k in range(block * BLOCK, min((block + 1) * BLOCK, count)) if not _path(out, k, seed).exists()]
        if not wanted:
            continue
        for number in range(block, block + LIBRARIES):
            if number not in parts:
                parts[number] = ObjectLibrary.build(
                    seed * 1013 + number, per_recipe=1, threats=HELD_OUT if is_unseen else THREATS
                )
        library = ObjectLibrary.merge(parts[number] for number in range(block, block + LIBRARIES))
        parts.pop(block, None)
        for k in wanted:
            _write(draw_group(np.random.default_rng([seed, k]), library), _path(out, k, seed))


def read_group(path: Path) -> Group:
    with np.load(path, allow_pickle=False) as file:
        return Group(file["planes"], file["proportions"])


def draw_group(rng: np.random.Generator, library: ObjectLibrary) -> Group:
    """One group, of a parcel or of a container."""
    scans = draw_container(rng) if rng.random() < CONTAINER_PART else draw_parcel(rng, library)
    frames = np.stack([upright_of(scan, KEPT, MARGIN) for scan in scans])
    planes = np.rint(np.clip(frames[:, :2], 0, 1) * 255).astype(np.uint8)
    return Group(planes, frames[:, 2, 0, 0])


def draw_parcel(rng: np.random.Generator, library: ObjectLibrary) -> list[Scan]:
    """Five scans of a parcel as of `Group`, each by a machine of its own and turned by any angle."""
    packing = pack(rng, library)
    forms = [packing, packing, alter(rng, packing, library), alter(rng, packing, library), throw_anew(rng, packing)]
    return [scan_parcel(rng, _shaken(rng, form or throw_anew(rng, packing))) for form in forms]


def scan_parcel(rng: np.random.Generator, packing: Packing, mm_per_px: float | None = None) -> Scan:
    """A parcel on the belt of some machine, at any angle."""
    pixel = float(rng.uniform(*MM_PER_PX)) if mm_per_px is None else mm_per_px
    return measure_scene(lay(packing, pixel, float(rng.uniform(0, 360))), rng)


def draw_container(rng: np.random.Generator) -> list[Scan]:
    """Two scans of a container, two of it with something added to its load, one more of it."""
    seed = int(rng.integers(2**31))
    plain = simulate_container(seed, mm_per_px=CONTAINER_MM_PER_PX, hidden=(), detector=NOISELESS)
    altered = []
    for label in rng.choice(HIDDEN, 2, replace=False):
        made = simulate_container(seed, mm_per_px=CONTAINER_MM_PER_PX, hidden=(str(label),), detector=NOISELESS)
        altered.append(made)
    return [scan_again(rng, scan) for scan in (plain, plain, *altered, plain)]


def scan_again(rng: np.random.Generator, scan: Scan) -> Scan:
    """The same container by another machine; `scan` is one without noise."""
    (view,) = scan.views
    assert view.high is not None
    assert view.low is not None
    machine = sample_cargo_detector(rng)
    transmission = np.stack([view.low, view.high], axis=-1).astype(np.float32) / np.float32(NOISELESS.air[0])
    low, high = machine.measure(transmission, rng)
    made = replace(view, high=high, low=low, air_low=machine.air[0], air_high=machine.air[1], dark=machine.dark)
    return replace(scan, views=(made,))


def _shaken(rng: np.random.Generator, packing: Packing) -> Packing:
    return shake(rng, packing, float(rng.uniform(*SHAKEN_MM))) if rng.random() < SHAKEN_PART else packing


def upright_of(scan: Scan, size: tuple[int, int], margin: float = 0.0) -> Planes:
    """The first view as the network sees it."""
    view = scan.views[0]
    return set_upright(read_planes(view, InputKind.ATTEN_ZEFF, scan.generator), size, margin)


def _write(group: Group, path: Path) -> None:
    partial = path.with_suffix(".part")
    with partial.open("wb") as file:
        np.savez(file, planes=group.planes, proportions=group.proportions)
    partial.replace(path)


def _path(out: Path, k: int, seed: int) -> Path:
    return out / f"{seed:04d}-{k:06d}.npz"
