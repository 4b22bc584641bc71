"""Short ways to make widgets and layouts with a style name, spacing and margins."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QVBoxLayout, QWidget

Named = TypeVar("Named", bound=QObject)
Margins = tuple[int, int, int, int]


def named(made: Named, name: str) -> Named:
    """A widget under the name by which the style sheet knows it."""
    made.setObjectName(name)
    return made


def row(holder: QWidget | None = None, *, gap: int = 0, margins: Margins = (0, 0, 0, 0)) -> QHBoxLayout:
    return _set(QHBoxLayout() if holder is None else QHBoxLayout(holder), gap, margins)


def column(holder: QWidget | None = None, *, gap: int = 0, margins: Margins = (0, 0, 0, 0)) -> QVBoxLayout:
    return _set(QVBoxLayout() if holder is None else QVBoxLayout(holder), gap, margins)


Layout = TypeVar("Layout", bound=QBoxLayout)


def _set(made: Layout, gap: int, margins: Margins) -> Layout:
    made.setSpacing(gap)
    made.setContentsMargins(*margins)
    return made
