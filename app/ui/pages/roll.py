"""The pages of the window, in the order of their list."""

from __future__ import annotations

from collections.abc import Sequence

from app.station import Station
from app.ui.pages.page import PageKind


def make_pages(station: Station) -> Sequence[PageKind]:  # noqa: ARG001
    """Every page on its part of the station."""
    return ()
