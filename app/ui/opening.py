"""What is read to show one parcel, all at once on the station's worker, and kept ahead for the next ones."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace

from app.customs.identifiers import Candidate, parse
from app.customs.orders import Hit
from app.customs.parcel import Decision, Parcel
from app.customs.states import Offer
from app.customs.tip import Tip
from app.officers.errors import OfficerError
from app.papers import Compared
from app.tip_office import Prepared
from app.ui.viewer import Shown
from app.views import StationView, TipView
from imaging.errors import KnownError
from imaging.pyramid import Pyramid
from imaging.scan import Scan

KEPT = 6


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """A parcel as the window shows it. `scan_error` says why there is no picture although there was a capture.

    `tip` is the threat that is projected into the picture; what is `seen` is then that of the projected picture.
    """

    parcel: Parcel
    offers: tuple[Offer, ...]
    history: tuple[Decision, ...]
    candidate: Candidate | None = None
    papers: Compared | None = None
    hits: tuple[Hit, ...] = ()
    scan: Scan | None = None
    scan_error: KnownError | None = None
    views: tuple[Shown, ...] = ()
    tip: Tip | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """The pictures of a parcel, ready to be shown; with a threat in them where `prepared` says so."""

    views: tuple[Shown, ...]
    prepared: Prepared | None = None


def read_parcel(station: StationView, parcel_id: int, *, officer: str, has_scan: bool = True) -> Opened:
    """Read a parcel with what may be done and was done; its scan too unless the pictures are there already."""
    parcel = station.parcel(parcel_id)
    found = parse(parcel.number) if parcel.number else []
    opened = Opened(
        parcel,
        tuple(station.offers(parcel_id, officer=officer)),
        tuple(station.history(parcel_id)),
        found[0] if found else None,
        station.papers(parcel),
        tuple(station.open_hits(parcel_id)),
    )
    if not has_scan:
        return opened
    try:
        return replace(opened, scan=station.open_scan(parcel_id))
    except KnownError as error:
        return replace(opened, scan_error=error)


def build_views(scan: Scan) -> tuple[Shown, ...]:
    """The pyramids of all views, with the material codes that the first picture needs."""
    views = []
    for view in scan.views:
        pyramid = Pyramid.of(view, scan.generator)
        pyramid.prepare()
        views.append(Shown(pyramid, view.name, view.mm_per_row, view.mm_per_col, view, scan.generator))
    return tuple(views)


def build_pictures(
    station: StationView, parcel: Parcel, scan: Scan, *, officer: str, is_true: bool = False
) -> Pictures:
    """The pictures of a parcel for an officer; true ones, or by chance with a projected threat."""
    prepared = None if is_true or station.tip is None else _prepare(station.tip, parcel, scan, officer)
    return Pictures(build_views(scan if prepared is None else prepared.scan), prepared)


def _prepare(office: TipView, parcel: Parcel, scan: Scan, officer: str) -> Prepared | None:
    try:
        return office.prepare(parcel, scan, officer=officer)
    except OfficerError:  # who decides on no pictures sees them as they are
        return None


class Kept:
    """The pictures of the last and the next few parcels, by parcel and captures; the oldest goes first."""

    def __init__(self) -> None:
        self._views: OrderedDict[tuple[int, tuple[str, ...]], Pictures] = OrderedDict()

    def put(self, parcel: Parcel, pictures: Pictures) -> None:
        self._views[_key(parcel)] = pictures
        while len(self._views) > KEPT:
            self._views.popitem(last=False)

    def get(self, parcel: Parcel) -> Pictures | None:
        views = self._views.get(_key(parcel))
        if views is not None:
            self._views.move_to_end(_key(parcel))
        return views

    def drop(self, parcel_id: int) -> None:
        for key in [key for key in self._views if key[0] == parcel_id]:
            del self._views[key]

    def has(self, parcel_id: int) -> bool:
        return any(known == parcel_id for known, _ in self._views)


def _key(parcel: Parcel) -> tuple[int, tuple[str, ...]]:
    return parcel.id, tuple(capture.sha256 for capture in parcel.captures)
