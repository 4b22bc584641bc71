"""Colours, fonts and the style sheet of the window, from one palette file."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from string import Template

from PySide6.QtCore import QByteArray, QSize, Qt
from PySide6.QtGui import QColor, QFont, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

THEMES = ("dark", "bright")
FAMILIES = ("Inter", "Segoe UI", "Noto Sans", "Noto Sans CJK SC", "Microsoft YaHei UI", "DejaVu Sans", "sans-serif")
MONO_FAMILIES = ("Consolas", "Noto Sans Mono", "DejaVu Sans Mono", "Noto Sans CJK SC", "monospace")
MIN_TEXT_PX = 12

_current = "dark"
_text_px = 14


class _AtTemplate(Template):
    delimiter = "@"


def use(theme: str, text_px: int) -> None:
    """Choose the theme and text size of all that is painted later.

    Raises:
        ValueError: the theme is not one of THEMES.
    """
    global _current, _text_px
    if theme not in THEMES:
        raise ValueError(f"Theme {theme!r} is not one of {', '.join(THEMES)}.")
    _current = theme
    _text_px = max(text_px, MIN_TEXT_PX)


def current() -> str:
    return _current


def text_px() -> int:
    return _text_px


def small_px() -> int:
    return max(MIN_TEXT_PX, _text_px - 1)


def text_px_for(height_px: int) -> int:
    """The text size that suits a window of this height: small desks, Full HD, and larger screens."""
    if height_px < 860:
        return 12
    if height_px < 1200:
        return 14
    return 17


def colour(name: str, alpha: int = 255) -> QColor:
    found = QColor(palette(_current)[name])
    found.setAlpha(alpha)
    return found


def font(size_px: int | None = None, *, is_bold: bool = False, is_mono: bool = False) -> QFont:
    made = QFont()
    made.setFamilies(list(MONO_FAMILIES if is_mono else FAMILIES))
    made.setPixelSize(size_px or _text_px)
    made.setBold(is_bold)
    return made


@cache
def palette(theme: str) -> dict[str, str]:
    """All colours of a theme: name -> #rrggbb."""
    file = resources.files("resources") / "theme" / "palette.toml"
    return {name: str(value) for name, value in tomllib.loads(file.read_text(encoding="utf-8"))[theme].items()}


def style_sheet() -> str:
    """The style sheet of the current theme at the current text size."""
    file = resources.files("resources") / "theme" / "station.qss"
    icons = resources.files("resources") / "icons"
    sizes = {
        "text_px": f"{_text_px}px",
        "small_px": f"{small_px()}px",
        "large_px": f"{_text_px + 2}px",
        "title_px": f"{_text_px + 4}px",
        "pad_px": f"{max(2, _text_px // 4)}px",
        "families": ", ".join(f'"{family}"' for family in FAMILIES),
        "mono": ", ".join(f'"{family}"' for family in MONO_FAMILIES),
        "icon_down": f'"{(icons / f"down_{_current}.svg")}"'.replace("\\", "/"),
        "icon_up": f'"{(icons / f"up_{_current}.svg")}"'.replace("\\", "/"),
    }
    return _AtTemplate(file.read_text(encoding="utf-8")).substitute(palette(_current) | sizes)


def icon(name: str, colour_name: str = "text") -> QIcon:
    """A line icon of resources/icons in a colour of the current theme."""
    return QIcon(pixmap(name, 20, colour_name))


def pixmap(name: str, size_px: int, colour_name: str = "text", ratio: float = 2.0) -> QPixmap:
    source = _svg(name).replace("currentColor", palette(_current)[colour_name])
    drawn = QPixmap(QSize(round(size_px * ratio), round(size_px * ratio)))
    drawn.fill(Qt.GlobalColor.transparent)
    painter = QPainter(drawn)
    QSvgRenderer(QByteArray(source.encode())).render(painter)
    painter.end()
    drawn.setDevicePixelRatio(ratio)
    return drawn


@cache
def _svg(name: str) -> str:
    return (resources.files("resources") / "icons" / f"{name}.svg").read_text(encoding="utf-8")
