"""The losses of a run as a picture."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np

from imaging.scan import Colour

WIDTH, HEIGHT, MARGIN = 800, 420, 50
INK = (60, 60, 60)
COLOURS = ((190, 60, 20), (40, 140, 40), (30, 30, 200))
"""Of the losses, in the order of the log; each has a scale of its own, from 0 to its highest."""


def draw_curve(log: Path, out: Path) -> None:
    """Draw the losses of a log over what the run has seen; nothing before the first two rows."""
    if not log.is_file():
        return
    with log.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    if len(rows) < 2:
        return
    _, unit, _, *losses = rows[0]
    seen = np.array([float(row[unit]) for row in rows])
    picture = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    cv2.rectangle(picture, (MARGIN, MARGIN), (WIDTH - MARGIN, HEIGHT - MARGIN), INK, 1)
    _write(picture, f"{seen[-1]:,.0f} {unit}", WIDTH - 170, HEIGHT - 18, INK)
    for place, (name, colour) in enumerate(zip(losses, COLOURS, strict=False)):
        values = np.array([float(row[name]) for row in rows])
        x = MARGIN + (WIDTH - 2 * MARGIN) * seen / seen[-1]
        y = HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * values / max(values.max(), 1e-9)
        dots = np.rint(np.stack([x, y], axis=1)).astype(np.int32)
        cv2.polylines(picture, [dots.reshape(-1, 1, 2)], False, colour, 2, cv2.LINE_AA)
        _write(picture, f"{name}: {values[-1]:.3f} (highest {values.max():.3f})", MARGIN, 16 + 15 * place, colour)
    cv2.imwrite(str(out), picture)


def _write(picture: Colour, words: str, x: int, y: int, colour: tuple[int, int, int]) -> None:
    cv2.putText(picture, words, (x, y), cv2.FONT_HERSHEY_SIMPLEX, 0.5, colour, 1, cv2.LINE_AA)
