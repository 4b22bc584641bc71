"""The bench of faults: kills and power cuts in numbers, and the proof that the harness would notice a loss."""

from __future__ import annotations

import tempfile
from pathlib import Path

import typer

from app.bench.power.cuts import Outcome, RecorderMissingError, cut, record
from app.bench.power.kills import kill_often
from app.bench.rows import Row

KILLS = 300
CUTS = 1000
CUTS_WEAKENED = 100
PARCELS = 120


def run(_data: Path | None) -> list[Row]:
    """Nothing may be lost or damaged in 300 kills and 1,000 cuts; where syncs are left out, the harness must see it."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        rows = _rows("kill -9", kill_often(folder / "kills", KILLS, seed=1))
        try:
            rows += _rows("power cut", _cuts(folder / "full", "FULL", CUTS))
            rows.append(
                _noticed("lost without syncs at commits (NORMAL)", _cuts(folder / "n", "NORMAL", CUTS_WEAKENED).lost)
            )
            rows.append(_noticed("damaged without any sync (OFF)", _cuts(folder / "o", "OFF", CUTS_WEAKENED).damaged))
        except RecorderMissingError as error:
            typer.echo(f"Not run: {error}", err=True)
    return rows


def _cuts(folder: Path, synchronous: str, cuts: int) -> Outcome:
    folder.mkdir()
    return cut(record(folder, PARCELS, synchronous=synchronous), cuts, seed=1)


def _rows(name: str, outcome: Outcome) -> list[Row]:
    return [
        Row(f"{name}: times", outcome.cuts, ""),
        Row(f"{name}: acknowledged, looked for each time", outcome.acknowledged, ""),
        Row(f"{name}: lost", outcome.lost, "", reach=0, ok=outcome.lost == 0),
        Row(f"{name}: times with damage", outcome.damaged, "", reach=0, ok=outcome.damaged == 0),
    ]


def _noticed(name: str, count: int) -> Row:
    """A harness that finds nothing here would find nothing anywhere."""
    return Row(f"harness: {name}", count, "", reach=1, ok=count > 0)
