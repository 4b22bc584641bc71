"""What a verification holds the log against, and what it found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.store.notes import Note
from app.store.retention import Rule

MOST = 1000
"""Problems that a report names at most."""

Progress = Callable[[str, int, int], None]
"""Told what is being checked (a text key below "log.stage."), how much is done, and of how much."""


@dataclass(frozen=True, slots=True)
class Trust:
    """What a log is held against besides itself.

    `keys` are the public keys that may have signed checkpoints, None leaves signatures unchecked. `held` are
    checkpoints from elsewhere. `rules` are those by which pictures may have been removed, None: any.
    """

    keys: frozenset[bytes] | None = None
    held: tuple[Note, ...] = ()
    rules: tuple[Rule, ...] | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is not as it was written. `what` is a text key below "log.", `where` names it.

    `what` is one of event_altered, event_missing, chain_broken, row_altered, row_missing, row_added, count_wrong,
    picture_altered, picture_missing, removal_unlawful, guard_missing, file_damaged, log_cut, log_rewritten,
    checkpoint_altered, checkpoint_foreign, checkpoint_missing, tree_altered.
    """

    what: str
    where: str


@dataclass(frozen=True, slots=True)
class LogReport:
    """What a verification found: how much was checked, the end of the log, and what is wrong.

    `checkpoints` fit; the last of them covers `signed` events.
    """

    events: int
    rows: int
    pictures: int
    head: str
    problems: tuple[Problem, ...]
    checkpoints: int = 0
    signed: int = 0

    @property
    def is_ok(self) -> bool:
        return not self.problems


def say_nothing(_what: str, _done: int, _total: int) -> None:
    """The progress of a verification that nobody watches."""
