"""What a watched folder can be told, and how its files belong together."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field

from scanners.device import DeviceSettings


class InboxSettings(DeviceSettings):
    """Where files arrive, how long a writer may take, and where files go."""

    folder: Path
    is_recursive: bool = Field(default=False, alias="recursive")
    settle_s: float = Field(default=1.0, ge=0, le=60)
    """A file whose size and time have not changed for so long may be whole."""
    patience_s: float = Field(default=10.0, ge=0, le=3600)
    """A file that still cannot be read so long after its last change is put aside."""
    partner_s: float = Field(default=2.0, ge=0, le=3600)
    """How long a picture waits for its sidecar, or for the other energy."""
    rescan_s: float = Field(default=2.0, gt=0, le=600)
    """The folder is looked through so often even if the system gives no notice of changes."""
    after: Literal["move", "remember"] = "move"
    """What happens to a file that was taken: it is moved to `done`, or it stays and is remembered."""
    done: Path | None = None
    quarantine: Path | None = None
    state: Path | None = None
    """The list of what was seen. `done`, `quarantine` and `state` lie in the folder where nothing else is said."""
    flood: int = Field(default=5000, gt=0)
    """So many files waiting are shown as a fault."""


@dataclass(frozen=True, slots=True)
class Group:
    """Files that belong together, the one to read first; `is_complete` is False while another may follow."""

    parts: tuple[Path, ...]
    is_complete: bool = True


Grouping = Callable[[Collection[Path]], Iterable[Group]]
"""Sorts all files that wait into groups; each file is in one."""
