"""The figures of a trial as they are shown in the window and printed."""

from __future__ import annotations

from dataclasses import dataclass

from app.customs.model_trial import Trial, interval

FEWEST_OPENED = 30
"""Opened parcels below which a rate says little, and is shown faintly."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One line: `name` is a text key below `models.figure`, `range` where a rate lies with 95 % certainty."""

    name: str
    value: str
    range: str = ""
    tone: str = ""


def figures_of(trial: Trial) -> list[Figure]:
    """All that a comparison says, the most important first; rates of few parcels are faint."""
    kappa = "" if trial.kappa is None else f"{trial.kappa:.2f}"
    return [
        Figure("pictures", f"{trial.pictures:,}"),
        Figure("failed", f"{trial.failed:,}", tone="bad" if trial.failed else ""),
        _rate("found_tried", trial.found_tried, trial.found),
        _rate("found_live", trial.found_live, trial.found),
        _rate("clean_tried", trial.clean_tried, trial.clean),
        _rate("clean_live", trial.clean_live, trial.clean),
        _rate("extra", trial.only_tried, trial.pictures),
        _rate("gone", trial.only_live, trial.pictures),
        _rate("agree", trial.both + trial.neither, trial.pictures),
        Figure("kappa", kappa),
        _rate("same_boxes", trial.same_boxes, trial.live_boxes),
        Figure("boxes", f"{trial.tried_boxes:,} / {trial.live_boxes:,}"),
        Figure("tried_ms", "{:.0f} / {:.0f} ms".format(*trial.tried_ms)),
        Figure("live_ms", "{:.0f} / {:.0f} ms".format(*trial.live_ms)),
    ]


def _rate(name: str, hits: int, of: int) -> Figure:
    if of == 0:
        return Figure(name, "0 / 0", tone="soft")
    low, high = interval(hits, of)
    return Figure(
        name, f"{hits:,} / {of:,}  {hits / of:.1%}", f"{low:.1%} - {high:.1%}", "soft" if of < FEWEST_OPENED else ""
    )
