"""What one engine saw in one version of the picture, in the coordinates of the picture itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scanners.barcode import Code

Grey = npt.NDArray[np.uint8]
Affine = npt.NDArray[np.float64]
"""2x3 matrix from px of a version to px of the picture."""

IDENTITY: Affine = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """One version of the picture and the way back to the picture's own px."""

    name: str
    pixels: Grey
    back: Affine


@dataclass(frozen=True, slots=True)
class Seen:
    """A code and where it was seen: engine and look. Two of them that agree are two witnesses."""

    code: Code
    engine: str
    look: str


def place(points: list[tuple[float, float]], back: Affine) -> tuple[tuple[int, int], ...]:
    """Corner points carried back to the picture."""
    return tuple((round(float(x)), round(float(y))) for x, y in (back @ np.array([*p, 1.0]) for p in points))


def box(points: tuple[tuple[int, int], ...]) -> tuple[int, int, int, int]:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return min(xs), min(ys), max(xs) + 1, max(ys) + 1


def are_near(first: Code, second: Code, slack_px: int = 20) -> bool:
    """Whether two codes lie on the same spot of the picture; without points they are taken to."""
    if not first.points or not second.points:
        return True
    a, b = box(first.points), box(second.points)
    return a[0] - slack_px < b[2] and b[0] - slack_px < a[2] and a[1] - slack_px < b[3] and b[1] - slack_px < a[3]


def lies_on(first: Code, second: Code) -> bool:
    """Whether the middle of one code is within another."""
    if not first.points or not second.points:
        return False
    a, b = box(first.points), box(second.points)
    x, y = (a[0] + a[2]) / 2, (a[1] + a[3]) / 2
    return b[0] <= x < b[2] and b[1] <= y < b[3]
