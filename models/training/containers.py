"""Phantom containers on disk, to train on and to judge by."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from imaging.phantom.container import FALSE_WALL, HIDDEN, simulate_container
from imaging.phantom.objects.cargo import LOADS, drums, machines, tiles
from imaging.scan import Scan
from models.card import InputKind
from models.inputs import read_planes
from models.training.labels import CARGO_LABELS, Kind
from models.training.scenes import Scene, write_scene

HELD_OUT = (drums, machines, tiles)
"""Goods that training never sees, for the kind UNSEEN."""
SEEN = tuple(load for load in LOADS if load not in HELD_OUT)
SMALL = tuple(label for label in HIDDEN if label != FALSE_WALL)
JUDGED_MM_PER_PX = 8.0
TRAINED_MM_PER_PX = (8.0, 10.0)
WALL_PART, CLEAN_PART = 0.6, 0.08


def write_containers(out: Path, count: int, seed: int, kind: Kind = Kind.TRAINING) -> None:
    """Fill a folder up to `count` scenes, going on where it left off; scene k of a seed is always the same."""
    cv2.setNumThreads(1)
    out.mkdir(parents=True, exist_ok=True)
    for k in range(count):
        path = out / f"{seed:04d}-{k:06d}.npz"
        if not path.exists():
            write_scene(make_container(np.random.default_rng([seed, k]), kind), path)


def make_container(rng: np.random.Generator, kind: Kind) -> Scene:
    """One loaded container, measured and turned into planes and boxes."""
    hidden = _draw_hidden(rng, kind)
    mm_per_px = float(rng.choice(TRAINED_MM_PER_PX)) if kind is Kind.TRAINING else JUDGED_MM_PER_PX
    loads = HELD_OUT if kind is Kind.UNSEEN else SEEN
    return container_scene(
        simulate_container(int(rng.integers(2**31)), mm_per_px=mm_per_px, hidden=hidden, loads=loads)
    )


def _draw_hidden(rng: np.random.Generator, kind: Kind) -> tuple[str, ...]:
    """More at once for training than for judging, since each costs a container."""
    if kind is Kind.CLEAN:
        return ()
    if kind is not Kind.TRAINING:
        return tuple(rng.choice(HIDDEN, int(rng.integers(1, 3)), replace=False).tolist())
    small = tuple(rng.choice(SMALL, int(rng.integers(2, 7))).tolist())
    walls = (FALSE_WALL,) if rng.random() < WALL_PART else ()
    return () if rng.random() < CLEAN_PART else small + walls


def container_scene(scan: Scan) -> Scene:
    """The scene of a container's only view; everything hidden in it is asked for."""
    (view,) = scan.views
    assert view.mm_per_row is not None
    planes = np.rint(read_planes(view, InputKind.ATTEN_ZEFF, scan.generator) * 255).astype(np.uint8)
    boxes = np.array([truth.box for truth in scan.truth], np.float32).reshape(-1, 4)
    classes = np.array([CARGO_LABELS.index(truth.label) for truth in scan.truth], np.intp)
    return Scene(planes, boxes, classes, np.zeros(len(classes), np.bool_), view.mm_per_row)
