"""What the window remembers of an officer's habits; the caller keeps it between runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from imaging.look import Look
from imaging.marks import MarkKind, Sensitivity


@dataclass(frozen=True, slots=True)
class UiSettings:
    """Who sits at the station and how he likes it. `text_px` 0 means: fit to the window's height.

    `renderer` is who draws pictures: `processor`, `gpu`, or `auto` for the graphics card where there is a real one.
    `data` is the station's folder, for records, pictures and thumbnails; None keeps nothing.
    `combinations` are the looks that he has stored on function keys, by the number of the key.
    """

    officer: str = "officer"
    language: str = "zh_CN"
    theme: str = "dark"
    renderer: str = "auto"
    data: Path | None = None
    text_px: int = 0
    has_boxes: bool = True
    has_overview: bool = True
    is_full_screen: bool = False
    queue_width_px: int = 0
    side_width_px: int = 0
    break_after_s: int = 20 * 60
    marks: Mapping[MarkKind, Sensitivity] = field(default_factory=dict)
    combinations: Mapping[int, Look] = field(default_factory=dict)
