"""The pages of the counters."""

from __future__ import annotations

from collections.abc import Sequence

from app.counters import Counters
from app.ui.pages.baggage import BaggagePage
from app.ui.pages.lab import LabPage
from app.ui.pages.mail import MailPage
from app.ui.pages.page import PageKind
from app.ui.pages.picture import Compares
from app.ui.pages.refund import RefundPage
from app.ui.pages.returns import ReturnsPage
from app.ui.pages.vehicles import VehiclesPage


def make_counter_pages(counters: Counters, scans: Compares) -> Sequence[PageKind]:
    """Mail, returns, departure refunds, samples, vehicles, baggage."""
    return (
        PageKind("mail", "M", lambda frame: MailPage(frame, counters.mail)),
        PageKind("returns", "T", lambda frame: ReturnsPage(frame, counters.returns, scans)),
        PageKind("refund", "E", lambda frame: RefundPage(frame, counters.refunds)),
        PageKind("lab", "L", lambda frame: LabPage(frame, counters.laboratory, counters.mail)),
        PageKind("vehicles", "H", lambda frame: VehiclesPage(frame, counters.vehicles, scans)),
        PageKind("baggage", "B", lambda frame: BaggagePage(frame, counters.baggage, scans)),
    )
