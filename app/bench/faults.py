"""The bench of faults: each made often, what was lost or missed counted; and the proof that it would be noticed."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import typer

from app.bench.mishaps import disk, hostile, work
from app.bench.mishaps.disk import NoRoomError
from app.bench.mishaps.lane import Tried
from app.bench.power.cuts import Outcome, cut, record
from app.bench.power.kills import kill_often
from app.bench.preload import PreloadMissingError
from app.bench.rows import Row

KILLS = 300
CUTS = 1000
CUTS_WEAKENED = 100
PARCELS = 120
DISKS = 20
FLIPS = 10
"""Bits flipped in each picture and description; the store's file gets eight times as many."""
DETECTORS = 20
JUMPS = 300
FLOOD = 2_000, 20_000
"""Scans and codes that come at once."""


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
        except PreloadMissingError as error:
            typer.echo(f"Not run: {error}", err=True)
        rows += [row for name, mishap in _mishaps(folder).items() for row in _try(name, mishap)]
    return rows


def _mishaps(folder: Path) -> dict[str, Callable[[], Tried]]:
    return {
        "disk full": lambda: disk.full_disk(folder / "full-disk", DISKS),
        "disk read-only": lambda: disk.read_only(folder / "read-only", DISKS),
        "bit flipped": lambda: disk.flipped_bits(folder / "flips", FLIPS),
        "detector killed or hung": lambda: work.failing_detector(folder / "detector", DETECTORS),
        "clock set": lambda: work.jumping_clock(folder / "clock", JUMPS),
        "hostile file": lambda: hostile.hostile_files(folder / "hostile"),
        "flood of scans and codes": lambda: work.flood(folder / "flood", *FLOOD),
    }


def _try(name: str, mishap: Callable[[], Tried]) -> list[Row]:
    try:
        tried = mishap()
    except NoRoomError as error:
        typer.echo(f"Not run: {name}. {error}", err=True)
        return []
    for kind, count in tried.missed.items():
        typer.echo(f"{name}: {kind}, {count} times", err=True)
    missed = sum(tried.missed.values())
    return [
        Row(f"{name}: times", tried.times, ""),
        Row(f"{name}: lost or missed", missed, "", reach=0, ok=missed == 0),
    ]


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
