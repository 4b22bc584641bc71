"""The pages of the window, in the order of their list."""

from __future__ import annotations

from collections.abc import Sequence

from app.station import Station
from app.ui.pages.officers import OfficersPage
from app.ui.pages.page import PageKind
from app.ui.pages.prints import PrintsPage


def make_pages(station: Station) -> Sequence[PageKind]:
    """Every page on its part of the station."""
    printing = station.printing
    kinds = [PageKind("officers", "O", lambda frame: OfficersPage(frame, station.accounts))]
    if printing is not None:
        kinds.append(PageKind("prints", "P", lambda frame: PrintsPage(frame, printing)))
    return kinds
