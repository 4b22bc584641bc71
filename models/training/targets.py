"""What the network should say of a crop."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

STRIDE = 8
"""Px of a crop a cell of the network's outputs."""
SPREAD = 0.54 / 6
"""Width of the Gaussian round a centre as a part of the box, from TTFNet."""
SMALLEST_SPREAD_PX = 3.2


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """Arrays over the cells of a crop: heat (classes, g, g), counts (classes, g, g; 0 ignored), box sides, weights."""

    heat: npt.NDArray[np.float32]
    counts: npt.NDArray[np.float32]
    sides: npt.NDArray[np.float32]
    weight: npt.NDArray[np.float32]


def make_target(
    boxes: npt.NDArray[np.float32],
    classes: npt.NDArray[np.intp],
    is_ignored: npt.NDArray[np.bool_],
    names: int,
    crop_px: int,
) -> Target:
    """Targets of one crop from its boxes (n, 4) in px; large boxes first, so that small ones in front win."""
    cells = crop_px // STRIDE
    target = Target(
        np.zeros((names, cells, cells), np.float32),
        np.ones((names, cells, cells), np.float32),
        np.zeros((4, cells, cells), np.float32),
        np.zeros((cells, cells), np.float32),
    )
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    order = np.argsort(-areas, kind="stable")
    for index in order[is_ignored[order]]:
        left, top, right, bottom = (boxes[index] / STRIDE).astype(int)
        target.counts[:, max(top, 0) : bottom + 1, max(left, 0) : right + 1] = 0
    for index in order[~is_ignored[order]]:
        _add(target, boxes[index], int(classes[index]), cells)
    return target


def _add(target: Target, box: npt.NDArray[np.float32], label: int, cells: int) -> None:
    left, top, right, bottom = box
    col = min(int((left + right) / 2 // STRIDE), cells - 1)
    row = min(int((top + bottom) / 2 // STRIDE), cells - 1)
    spread_x = max((right - left) * SPREAD, SMALLEST_SPREAD_PX)
    spread_y = max((bottom - top) * SPREAD, SMALLEST_SPREAD_PX)
    across = np.exp(-(((np.arange(cells) - col) * STRIDE) ** 2) / (2 * spread_x**2))
    down = np.exp(-(((np.arange(cells) - row) * STRIDE) ** 2) / (2 * spread_y**2))
    bump = (down[:, None] * across[None]).astype(np.float32)
    bump[bump < 1e-3] = 0
    np.maximum(target.heat[label], bump, out=target.heat[label])
    target.heat[label, row, col] = 1
    target.counts[label][bump > 0] = 1
    near = bump > 0.2
    target.weight[near] = (bump / bump[near].sum() * np.log(max((right - left) * (bottom - top), 16)))[near]
    target.sides[:, near] = box[:, None]
