"""The pages of the window, in the order of their list."""

from __future__ import annotations

from collections.abc import Sequence

from app.station import Station
from app.ui.pages.officers import OfficersPage
from app.ui.pages.page import PageKind


def make_pages(station: Station) -> Sequence[PageKind]:
    """Every page on its part of the station."""
    return (PageKind("officers", "O", lambda frame: OfficersPage(frame, station.accounts)),)
