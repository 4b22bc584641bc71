"""Write phantom scenes to train on: `python -m models.training.data OUT --count N --seed S`; goes on where it left off.

Training uses the ordinary recipes of the phantom. For judging, `--kind unseen` takes shape generators that training
never sees, `--kind clean` packs harmless goods only.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from imaging.phantom.library import ObjectLibrary
from imaging.phantom.objects import HELD_OUT, THREATS
from imaging.phantom.scene import Scene as Phantom
from imaging.phantom.scene import compose_parcel
from imaging.phantom.simulate import measure_scene
from models.training.scenes import Scene, scene_of, write_scene

KINDS = ("known", "unseen", "clean")
BLOCK = 500
"""Scenes between two renewals of the oldest library of objects."""
LIBRARIES = 3
PER_RECIPE = 2
CLEAN_PART = 0.12
LEAST_OWN, MOST_IN_ALL = 0.04, 6.0
"""An object of less attenuation of its own, or with more of it in its rays, cannot be asked for."""
SIZES = ((600, 800), (600, 800), (480, 640), (560, 1000), (800, 800))


def write_scenes(out: Path, count: int, seed: int, kind: str = "known", libraries: int = LIBRARIES) -> None:
    """Fill a folder up to `count` scenes; scene k is the same for the same arguments whenever it is made."""
    out.mkdir(parents=True, exist_ok=True)
    threats = HELD_OUT if kind == "unseen" else THREATS
    clean_part = 1.0 if kind == "clean" else CLEAN_PART
    parts: dict[int, ObjectLibrary] = {}
    for block in range(-(-count // BLOCK)):
        wanted = [k for k in range(block * BLOCK, min((block + 1) * BLOCK, count)) if not _path(out, k, seed).exists()]
        if not wanted:
            continue
        numbers = range(block, block + libraries)
        for number in numbers:
            if number not in parts:
                parts[number] = ObjectLibrary.build(seed * 1009 + number, per_recipe=PER_RECIPE, threats=threats)
        library = ObjectLibrary.merge(parts[number] for number in numbers)
        parts.pop(block, None)
        for k in wanted:
            write_scene(make_scene(np.random.default_rng([seed, k]), library, clean_part), _path(out, k, seed))


def make_scene(rng: np.random.Generator, library: ObjectLibrary, clean_part: float = CLEAN_PART) -> Scene:
    """One parcel of a random size, packed, measured and turned into planes and boxes."""
    size = SIZES[rng.integers(len(SIZES))]
    threats = 0 if rng.random() < clean_part else int(rng.choice([1, 1, 1, 2, 2, 3]))
    phantom = compose_parcel(rng, library, size=size, threats=threats)
    scan = measure_scene(phantom, rng)
    return replace(scene_of(scan), is_ignored=_hidden(phantom))


def _hidden(phantom: Phantom) -> np.ndarray:
    """Which objects are too faint or too deep behind others to be asked for."""
    hidden = [o.own < LEAST_OWN or o.own + o.background > MOST_IN_ALL for o in phantom.objects]
    return np.array(hidden, np.bool_)


def _path(out: Path, k: int, seed: int) -> Path:
    return out / f"{seed:04d}-{k:06d}.npz"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--count", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kind", choices=KINDS, default=KINDS[0])
    parser.add_argument("--libraries", type=int, default=LIBRARIES, help="libraries of objects in use at once")
    chosen = parser.parse_args()
    cv2.setNumThreads(1)
    write_scenes(chosen.out, chosen.count, chosen.seed, chosen.kind, chosen.libraries)


if __name__ == "__main__":
    main()
