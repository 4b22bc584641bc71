"""The pages of the window, in the order of their list."""

from __future__ import annotations

from collections.abc import Sequence

from app.station import Station
from app.ui.pages.central_review import CentralReviewPage
from app.ui.pages.officers import OfficersPage
from app.ui.pages.page import PageKind
from app.ui.pages.prints import PrintsPage
from app.ui.pages.supervision import SupervisionPage


def make_pages(station: Station) -> Sequence[PageKind]:
    """Every page on its part of the station."""
    printing = station.printing
    kinds = [PageKind("officers", "O", lambda frame: OfficersPage(frame, station.accounts))]
    if printing is not None:
        kinds.append(PageKind("prints", "P", lambda frame: PrintsPage(frame, printing)))
    if station.sharing.state is not None:
        kinds.append(PageKind("supervision", "V", lambda frame: SupervisionPage(frame, station.sharing)))
        kinds.append(PageKind("central_review", "I", lambda frame: CentralReviewPage(frame, station.sharing)))
    return kinds
