"""What the open picture may be compared with: earlier ones by likeness, and an empty container."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib import resources

import structlog

from app.customs.parcel import ArchiveFilter, Kind, Parcel, QueueRow
from app.same_words import say_near
from app.sameness import Near, Search
from app.store.vectors import Among
from app.texts import text
from app.ui.opening import build_views
from app.ui.viewer import Shown
from app.views import StationView
from imaging import files
from imaging.errors import KnownError
from imaging.scan import Scan

log = structlog.get_logger()

MOST_OF_A_KIND = 5
EVER_DAYS = 36_500
EMPTY = ("empty-20.tif", "empty-40.tif")


@dataclass(frozen=True, slots=True)
class Reference:
    """One picture to compare with; `parcel_id` is None for the empty container, `near` None where no model compared."""

    why: str
    number: str
    parcel_id: int | None
    near: Near | None = None


def find_references(station: StationView, parcel: Parcel, officer: str) -> tuple[Reference, ...]:
    """Pictures to compare a parcel with, each parcel once; called on a worker.

    They are those of its number, sender and goods, and what else looks most like it: by likeness where a model
    compared them, else the nearest relation first.
    """
    found: dict[int, Reference] = {}
    for why, wanted in _searches(parcel):
        for row in _earlier(station, wanted, parcel, officer):
            if why != "number" or row.number == parcel.number:
                found.setdefault(row.id, _reference(why, row))
    found = _by_likeness(station, parcel, found, officer)
    empty = (Reference("empty", "", None),) if parcel.kind == Kind.CONTAINER else ()
    return (*found.values(), *empty)


def load_reference(station: StationView, reference: Reference, like: Shown) -> Shown | None:
    """The first view of a reference, named for its caption; None where it has no picture. Called on a worker."""
    scan = _empty_scan(like) if reference.parcel_id is None else station.open_scan(reference.parcel_id)
    if scan is None:
        return None
    why = text(f"ui.compare.{reference.why}")
    near = say_near(reference.near) if reference.near else ""
    return replace(build_views(scan)[0], name="  ".join(filter(None, (why, reference.number, near))))


def _by_likeness(
    station: StationView, parcel: Parcel, found: dict[int, Reference], officer: str
) -> dict[int, Reference]:
    """The same with what looks alike besides, the most alike first; what has no vector yet comes after."""
    related = Search(Among(parcel_ids=tuple(found)), EVER_DAYS, len(found))
    try:
        alike = station.nearest(parcel.id, Search(most=MOST_OF_A_KIND), officer=officer)
        alike += station.nearest(parcel.id, related, officer=officer) if found else []
    except KnownError as error:  # the pictures can be compared by eye all the same
        log.info("not compared", parcel=parcel.id, error=str(error))
        return found
    near = {each.row.id: each for each in sorted(alike, key=lambda each: -each.score)}
    scored = {key: replace(found.get(key) or _reference("alike", each.row), near=each) for key, each in near.items()}
    return scored | {key: each for key, each in found.items() if key not in scored}


def _reference(why: str, row: QueueRow) -> Reference:
    return Reference(why, f"{row.number} {row.arrived_at.astimezone():%Y-%m-%d}", row.id)


def _searches(parcel: Parcel) -> Iterator[tuple[str, ArchiveFilter]]:
    if parcel.number:
        yield "number", ArchiveFilter(code=parcel.number, arrived_to=parcel.arrived_at)
    declared = parcel.declaration
    if declared is not None and declared.sender:
        yield "sender", ArchiveFilter(sender=declared.sender, arrived_to=parcel.arrived_at)
    if declared is not None and declared.goods:
        yield "goods", ArchiveFilter(goods=declared.goods[0].name, arrived_to=parcel.arrived_at)


def _earlier(station: StationView, wanted: ArchiveFilter, parcel: Parcel, officer: str) -> list[QueueRow]:
    rows = station.archive(wanted, MOST_OF_A_KIND + 1, officer=officer)
    return [row for row in rows if row.id != parcel.id and row.kind == parcel.kind][:MOST_OF_A_KIND]


def _empty_scan(like: Shown) -> Scan:
    """The empty container of the length that is nearest to the picture's own proportions."""
    rows, cols = like.pyramid.shape
    folder = resources.files("resources") / "samples" / "empty"
    scans = []
    for name in EMPTY:
        with resources.as_file(folder) as path:
            scans.append(files.read(path / name))
    return min(scans, key=lambda scan: abs(scan.views[0].shape[1] / scan.views[0].shape[0] - cols / rows))
