"""Phantom scenes on disk, to train on and to judge by."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from imaging.phantom.cast import compose_in_tunnel
from imaging.phantom.fan import CORNER_TUNNEL
from imaging.phantom.library import ObjectLibrary
from imaging.phantom.objects import HELD_OUT, THREATS
from imaging.phantom.scene import compose_parcel
from imaging.phantom.simulate import measure_scene
from models.training.labels import LABELS, Kind
from models.training.scenes import Scene, scene_of, write_scene

BLOCK = 200
"""Scenes between two renewals of the oldest library of objects."""
LIBRARIES = 4
PER_RECIPE, PER_THREAT = 1, 3
"""Examples of each recipe in a library: what is learned is worth more of them than what only lies around."""
CLEAN_PART = 0.12
SHARES = dict.fromkeys(LABELS, 1.0) | {"firearm": 2.0, "blade": 2.5, "liquid": 1.5}
"""How often a class is hidden in a scene for training."""
BAG_LABELS = ("firearm", "blade", "liquid", "tool")
BAGS = ("hard_suitcase", "soft_suitcase", "backpack", "tray")
SIZES = ((600, 800), (600, 800), (480, 640), (560, 1000), (800, 800))


def write_scenes(out: Path, count: int, seed: int, kind: Kind = Kind.TRAINING, libraries: int = LIBRARIES) -> None:
    """Fill a folder up to `count` scenes, going on where it left off.

    Scene k is the same for the same arguments whenever it is made. `libraries` of objects are in use at once.
    """
    cv2.setNumThreads(1)
    out.mkdir(parents=True, exist_ok=True)
    threats = HELD_OUT if kind is Kind.UNSEEN else THREATS
    parts: dict[int, ObjectLibrary] = {}
    for block in range(-(-count // BLOCK)):
        wanted = [k for k in range(block * BLOCK, min((block + 1) * BLOCK, count)) if not _path(out, k, seed).exists()]
        if not wanted:
            continue
        numbers = range(block, block + libraries)
        for number in numbers:
            if number not in parts:
                parts[number] = ObjectLibrary.build(
                    seed * 1009 + number, per_recipe=PER_RECIPE, per_threat=PER_THREAT, threats=threats
                )
        library = ObjectLibrary.merge(parts[number] for number in numbers)
        if kind is Kind.BAGS:
            library = replace(library, packaging=[item for item in library.packaging if item.name in BAGS])
        parts.pop(block, None)
        for k in wanted:
            write_scene(make_scene(np.random.default_rng([seed, k]), library, kind), _path(out, k, seed))


def make_scene(rng: np.random.Generator, library: ObjectLibrary, kind: Kind) -> Scene:
    """One parcel of a random size, packed, measured and turned into planes and boxes."""
    size = SIZES[rng.integers(len(SIZES))]
    threats = _draw_threats(rng, kind)
    if kind is Kind.FAN:
        tunnel = CORNER_TUNNEL.limit(1, size[0])
        phantom = compose_in_tunnel(rng, library, tunnel, cols=size[1], threats=threats)
    else:
        phantom = compose_parcel(rng, library, size=size, threats=threats)
    return scene_of(measure_scene(phantom, rng), phantom.objects)


def _draw_threats(rng: np.random.Generator, kind: Kind) -> int | tuple[str, ...]:
    """What is hidden: more at once for training than for judging, since each costs a scene."""
    if kind is Kind.CLEAN or rng.random() < CLEAN_PART:
        return 0
    if kind in (Kind.TRAINING, Kind.FAN):
        return tuple(rng.choice(list(SHARES), int(rng.integers(1, 6)), p=_parts(SHARES)).tolist())
    if kind is Kind.BAGS:
        return tuple(rng.choice(BAG_LABELS, int(rng.integers(1, 4))).tolist())
    return int(rng.choice([1, 1, 1, 2, 2, 3]))


def _parts(shares: dict[str, float]) -> list[float]:
    return [share / sum(shares.values()) for share in shares.values()]


def _path(out: Path, k: int, seed: int) -> Path:
    return out / f"{seed:04d}-{k:06d}.npz"
