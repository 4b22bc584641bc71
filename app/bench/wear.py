"""A printed label as a camera sees it after a journey: seeded, so that a rate can be measured again."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Wear:
    """One level of wear: blur in the camera's px, noise in grey levels, scratches of 5 to 30 mm, a smudge's diameter
    as a share of the label's shorter side."""

    name: str
    px_per_mm: float
    blur_px: float
    contrast: float
    noise: float
    scratches: int
    smudge: float


LEVELS = (
    Wear("clean", 8.0, 0.0, 1.0, 0.0, 0, 0.0),
    Wear("light", 6.0, 0.6, 0.7, 6.0, 2, 0.0),
    Wear("worn", 5.0, 0.8, 0.5, 10.0, 5, 0.05),
    Wear("heavy", 5.0, 1.0, 0.35, 12.0, 10, 0.1),
)


def photograph(black: NDArray[np.bool_], dpi: int, wear: Wear, rng: np.random.Generator) -> NDArray[np.uint8]:
    """A grey picture (rows, cols) of a label on its parcel, worn, lit unevenly and with a margin around it."""
    paper = np.where(black, 20.0, 235.0).astype(np.float32)
    side = min(paper.shape)
    dots_per_mm = dpi / 25.4
    for _ in range(wear.scratches):
        x, y = rng.uniform(0, 1, 2) * paper.shape[::-1]
        angle, length = rng.uniform(0, np.pi), rng.uniform(5, 30) * dots_per_mm
        end = round(x + length * np.cos(angle)), round(y + length * np.sin(angle))
        thickness = max(1, round(rng.uniform(0.1, 0.35) * dots_per_mm))
        cv2.line(paper, (round(x), round(y)), end, float(rng.choice([60.0, 235.0])), thickness)
    if wear.smudge:
        x, y = (rng.uniform(0.1, 0.9, 2) * paper.shape[::-1]).astype(int).tolist()
        cv2.circle(paper, (x, y), int(side * wear.smudge / 2), 140.0, -1)
    framed = np.pad(paper, side // 10, constant_values=170.0)
    scale = wear.px_per_mm / dots_per_mm
    seen = cv2.resize(framed, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA).astype(np.float32)
    if wear.blur_px:
        seen = cv2.GaussianBlur(seen, (0, 0), wear.blur_px).astype(np.float32)
    light = np.linspace(1.0, 0.8, seen.shape[1], dtype=np.float32)
    noisy = (128 + (seen - 128) * wear.contrast) * light + rng.normal(0, wear.noise, seen.shape)
    grey: NDArray[np.uint8] = np.clip(noisy, 0, 255).astype(np.uint8)
    return grey
