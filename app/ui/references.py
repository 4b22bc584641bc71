"""What the open picture may be compared with: earlier ones of the number, sender or goods, and an empty container."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib import resources

from app.customs.parcel import ArchiveFilter, Kind, Parcel, QueueRow
from app.texts import text
from app.ui.opening import build_views
from app.ui.viewer import Shown
from app.views import StationView
from imaging import files
from imaging.scan import Scan

MOST_OF_A_KIND = 5
EMPTY = ("empty-20.tif", "empty-40.tif")


@dataclass(frozen=True, slots=True)
class Reference:
    """One picture to compare with; `parcel_id` is None for the empty container."""

    why: str
    number: str
    parcel_id: int | None


def find_references(station: StationView, parcel: Parcel, officer: str) -> tuple[Reference, ...]:
    """Pictures to compare a parcel with, the nearest relation first and each parcel once; called on a worker."""
    found: dict[int, Reference] = {}
    for why, wanted in _searches(parcel):
        for row in _earlier(station, wanted, parcel, officer):
            if why != "number" or row.number == parcel.number:
                found.setdefault(row.id, Reference(why, f"{row.number} {row.arrived_at.astimezone():%Y-%m-%d}", row.id))
    empty = (Reference("empty", "", None),) if parcel.kind == Kind.CONTAINER else ()
    return (*found.values(), *empty)


def load_reference(station: StationView, reference: Reference, like: Shown) -> Shown | None:
    """The first view of a reference, named for its caption; None where it has no picture. Called on a worker."""
    scan = _empty_scan(like) if reference.parcel_id is None else station.open_scan(reference.parcel_id)
    if scan is None:
        return None
    why = text(f"ui.compare.{reference.why}")
    return replace(build_views(scan)[0], name=f"{why}  {reference.number}".strip())


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
