"""The counters of a station beside its belt: mail, returns, departure refunds, samples, vehicles, baggage."""

from __future__ import annotations

from collections.abc import Callable

from app.baggage_hall import BaggageHall
from app.laboratory import Laboratory
from app.mail_office import MailOffice
from app.measured import Measured
from app.officers.rights import Rights
from app.refund_desk import RefundDesk
from app.returns_office import ReturnsOffice
from app.settings import Settings
from app.store.store import Store
from app.tables import Tables
from app.tracing import Tracing
from app.vehicle_lane import VehicleLane
from app.views import Decide


class Counters:
    """Each counter on the same store and rights; parcels move by the station's own `decide`, with all its guards."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        rights: Rights,
        tables: Tables,
        *,
        measured: Measured,
        tracing: Tracing,
        decide: Decide,
        on_changed: Callable[[int], None],
    ) -> None:
        self.mail = MailOffice(store, rights, tables, waiting_days=settings.work.waiting_days, on_changed=on_changed)
        self.returns = ReturnsOffice(store, rights, tables)
        self.refunds = RefundDesk(store, rights, tables, measured)
        self.laboratory = Laboratory(store, rights, settings.post, decide)
        self.vehicles = VehicleLane(store, rights, tables, decide)
        self.baggage = BaggageHall(store, rights, tracing, decide)
