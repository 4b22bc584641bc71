"""The pages of the window, in the order of their list."""

from __future__ import annotations

from collections.abc import Sequence

from app.station import Station
from app.ui.pages.batch import BatchPage
from app.ui.pages.central_review import CentralReviewPage
from app.ui.pages.counters import make_counter_pages
from app.ui.pages.examination import ExaminationPage
from app.ui.pages.filings import FilingsPage
from app.ui.pages.identity import IdentityPage
from app.ui.pages.models import ModelsPage
from app.ui.pages.officers import OfficersPage
from app.ui.pages.orders import OrdersPage
from app.ui.pages.page import PageKind
from app.ui.pages.papers import PapersPage
from app.ui.pages.prints import PrintsPage
from app.ui.pages.rules import RulesPage
from app.ui.pages.statistics import StatisticsPage
from app.ui.pages.supervision import SupervisionPage
from app.ui.pages.tip import TipPage


def make_pages(station: Station) -> Sequence[PageKind]:
    """Every page on its part of the station."""
    printing = station.printing
    kinds = [
        PageKind("orders", "K", lambda frame: OrdersPage(frame, station.orders, station.handovers)),
        PageKind("batch", "C", lambda frame: BatchPage(frame, station.batches)),
        PageKind("papers", "D", lambda frame: PapersPage(frame, station)),
        PageKind("examination", "X", lambda frame: ExaminationPage(frame, station.exams, station.forms)),
        PageKind("filings", "F", lambda frame: FilingsPage(frame, station.filings)),
        PageKind("officers", "O", lambda frame: OfficersPage(frame, station.accounts)),
        PageKind("rules", "R", lambda frame: RulesPage(frame, station.risk, station.statistics)),
        PageKind("statistics", "S", lambda frame: StatisticsPage(frame, station.statistics, station.settings.post)),
    ]
    kinds.append(PageKind("models", "N", lambda frame: ModelsPage(frame, station.models)))
    kinds.append(PageKind("tip", "J", lambda frame: TipPage(frame, station.tip, station.rights)))
    kinds += make_counter_pages(station.counters, station)
    kinds.append(PageKind("identity", "A", lambda frame: IdentityPage(frame, station.identities, station.exams)))
    if printing is not None:
        kinds.append(PageKind("prints", "P", lambda frame: PrintsPage(frame, printing)))
    if station.sharing.state is not None:
        kinds.append(PageKind("supervision", "V", lambda frame: SupervisionPage(frame, station.sharing)))
        kinds.append(PageKind("central_review", "I", lambda frame: CentralReviewPage(frame, station.sharing)))
    return kinds
