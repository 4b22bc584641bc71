"""What an officer has set at the window, kept in a small TOML file between runs."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import structlog

from app.ui.settings import UiSettings
from imaging.errors import LookInvalidError
from imaging.look import STANDARD, Enhancement, Look, Mode, Penetration, Strip
from imaging.marks import MarkKind, Sensitivity

log = structlog.get_logger()

_PLAIN = ("has_boxes", "has_overview", "is_full_screen", "queue_width_px", "side_width_px")
_ENUMS = {"mode": Mode, "strip": Strip, "penetration": Penetration, "enhancement": Enhancement}


def write_kept(path: Path, settings: UiSettings) -> None:
    """Write what is the officer's habit; language, theme and times are the post's settings and stay there."""
    lines = [f"{name} = {_toml(getattr(settings, name))}" for name in _PLAIN]
    lines += ["", "[marks]", *(f"{kind} = {_toml(step)}" for kind, step in settings.marks.items())]
    for number, look in sorted(settings.combinations.items()):
        lines += ["", f"[combinations.F{number}]", *_look_lines(look)]
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text("\n".join(lines) + "\n", encoding="utf-8")
    fresh.replace(path)


def read_kept(path: Path, settings: UiSettings) -> UiSettings:
    """Settings with what was kept; a file that cannot be used is logged, and the window opens without it."""
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
        plain = {name: type(getattr(settings, name))(found[name]) for name in _PLAIN if name in found}
        marks = {MarkKind(kind): Sensitivity(step) for kind, step in found.get("marks", {}).items()}
        combinations = {int(key[1:]): _look(entry) for key, entry in found.get("combinations", {}).items()}
    except FileNotFoundError:
        return settings
    except (OSError, ValueError, TypeError, AttributeError, RecursionError, LookInvalidError) as error:
        log.warning("kept settings cannot be used", path=str(path), error=str(error))
        return settings
    return replace(settings, **plain, marks=marks, combinations=combinations)


def _look_lines(look: Look) -> Iterator[str]:
    """The parts of a look that differ from the standard image."""
    for field in fields(Look):
        value = getattr(look, field.name)
        if value != getattr(STANDARD, field.name):
            yield f"{field.name} = {_toml(value)}"


def _look(entry: Mapping[str, Any]) -> Look:
    parts: dict[str, Any] = {name: _ENUMS[name](value) if name in _ENUMS else value for name, value in entry.items()}
    return Look(**parts)


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f'"{value}"' if isinstance(value, str) else str(value)
