"""Scores of projected threats in words: rows for a page or a terminal, JSON, a CSV file."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path

from app.customs.model_trial import interval
from app.customs.tip import Score
from app.texts import text
from imaging.files.durable import make_folder, write_whole

COLUMNS = (
    "officer", "of", "shown", "hits", "misses", "late", "void", "hit_rate", "interval", "false_alarms", "d_prime",
    "d_a", "median_s",
)  # fmt: skip


def column_names() -> list[str]:
    return [text(f"tip.column.{column}") for column in COLUMNS]


def cells(score: Score) -> list[str]:
    """A score as it is shown; what cannot be said is a dash."""
    low, high = interval(score.hits, score.shown)
    return [
        score.officer,
        pictures_name(score),
        *(f"{n:,}" for n in (score.shown, score.hits, score.misses, score.late, score.void)),
        _percent(score.hit_rate),
        f"{low:.0%} – {high:.0%}" if score.shown else "–",
        _percent(score.false_alarm_rate),
        _number(score.d_prime),
        _number(score.d_a),
        "–" if score.median_s is None else f"{score.median_s:.1f} s",
    ]


def pictures_name(score: Score) -> str:
    """Which pictures a score is of."""
    if score.category:
        return text(f"tip.category.{score.category}")
    return text(f"tip.help.{score.help or 'all'}")


def to_json(score: Score) -> dict[str, object]:
    return {
        "officer": score.officer,
        "category": score.category,
        "help": score.help,
        "shown": score.shown,
        "hits": score.hits,
        "misses": score.misses,
        "late": score.late,
        "void": score.void,
        "hit_rate": score.hit_rate,
        "hit_rate_95": interval(score.hits, score.shown),
        "pictures_without": score.quiet.passed + score.quiet.false_alarms,
        "false_alarms": score.quiet.false_alarms,
        "false_alarm_rate": score.false_alarm_rate,
        "d_prime": score.d_prime,
        "d_a": score.d_a,
        "median_s": score.median_s,
        "is_reliable": score.is_reliable,
    }


def write_csv(scores: Sequence[Score], path: Path, *, write: Callable[[Path, bytes], object] = write_whole) -> None:
    """Every score as a row, figures as figures; with the mark by which Excel knows UTF-8."""
    held = io.StringIO()
    rows = [to_json(score) | {"hit_rate_95": "/".join(f"{v:.4f}" for v in interval(score.hits, score.shown))}
            for score in scores]  # fmt: skip
    writer = csv.DictWriter(held, list(to_json(Score(""))), lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    make_folder(path.parent)
    write(path, held.getvalue().encode("utf-8-sig"))


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.1%}"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
