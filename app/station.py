"""The workflow: the functions that an officer's keys and the devices call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import structlog

from app.accounts import Accounts
from app.arrivals import Arrivals, Placed
from app.batches import Batches
from app.control_orders import ControlOrders
from app.counters import Counters
from app.customs.notices import Notice
from app.customs.parcel import Decision, Parcel, QueueFilter, Seen
from app.customs.risk.rule import Rule
from app.deciding import Deciding
from app.duty import Duty
from app.exam_room import ExamRoom
from app.filing_office import FilingOffice
from app.form_desk import FormDesk
from app.handovers import Handovers
from app.hub.records import Due
from app.identity_desk import IdentityDesk
from app.intake import Intake, Taken
from app.labelled_set import LabelledSets
from app.labelling import Labelling
from app.late import LateDeclarations
from app.lookups import Lookups
from app.measured import Measured
from app.model_office import ModelOffice
from app.officers.rights import KnownOfficers, Right
from app.papers import Papers
from app.printing import PrinterStatus, Printing
from app.risk_office import RiskOffice
from app.sameness import Sameness
from app.screening import Posted
from app.settings import Settings
from app.sharing import Sharing
from app.statistics_office import StatisticsOffice
from app.store.errors import StoreFullError
from app.store.hub import Answer
from app.store.space import Space
from app.store.store import Store
from app.tables import Tables
from app.tip_office import TipOffice
from app.trace.printing import PrintJob, PrintQueue
from app.trace.recall import Selector
from app.tracing import Alarm, Recalled, Tracing
from app.watcher import Unwatched, Watcher
from imaging.errors import KnownError
from imaging.scan import Scan, Truth
from models.detector import Detector

log = structlog.get_logger()


class Station(Lookups):
    """One station: what comes from the devices goes in, what the officer decides goes out.

    Reads and decisions may be called from any thread; a decision is on disk when its call returns. Every act of an
    officer, here and in the facets, asks `rights` before it changes anything.
    """

    def __init__(
        self,
        store: Store,
        labelling: Labelling,
        rules: Sequence[Rule],
        settings: Settings,
        *,
        rights: KnownOfficers | Duty,
        tables: Tables,
        prints: PrintQueue | None = None,
    ) -> None:
        self.settings = settings
        self.rights = rights
        self.duty = rights if isinstance(rights, Duty) else None
        self.accounts = Accounts(store.officers, rights, settings.officers)
        self.risk = RiskOffice(store, settings.post, rights, rules)
        self.statistics = StatisticsOffice(store, settings.post, rights, self.risk.states)
        self.measured = Measured()
        self.entered: dict[int, tuple[Truth, ...]] = {}
        """Parcels of this sitting, with the ground truth where the scans were phantoms."""
        self._store = store
        self._labelling = labelling
        self._watcher: Watcher = Unwatched()
        self._arrivals: Arrivals | None = None
        self._space: Space | None = None
        self._labels = ThreadPoolExecutor(1, "labels")
        self._intake = Intake(
            store, self.risk, settings, self.measured, on_parcel=self._entered, on_error=self._tell_failure
        )
        self._late = LateDeclarations(
            store, reassess=self._intake.assessing.reassess, on_changed=self._tell_queue, on_error=self._tell_failure
        )
        self.models = ModelOffice(store, lambda: self._intake.screening.posted, rights, on_switched=self._tell_detector)
        self.labelled_sets = LabelledSets(store, rights)
        self.tracing = Tracing(
            store, labelling.keys, settings.post, rights, assess=self.risk.assess_again, on_marked=self._tell_queue
        )
        self._intake.assessing.marks_on = self.tracing.marks_on
        self._intake.assessing.label_of = self.tracing.label_of
        self._deciding = Deciding(
            store, labelling, settings, rights, risk=self.risk, tracing=self.tracing, measured=self.measured,
            on_decided=self._follow_decision, on_reopened=self._late.wake,
        )  # fmt: skip
        self.decide = self._deciding.decide
        self.undo = self._deciding.undo
        self.counters = Counters(
            store, settings, rights, tables, measured=self.measured, tracing=self.tracing, decide=self.decide,
            on_changed=self._tell_queue,
        )  # fmt: skip
        self.orders = ControlOrders(store, settings.post, rights, on_changed=self._tell_queue)
        self._papers = Papers(store)
        self.batches = Batches(store, rights, self._papers, decide=self.decide, expect_due=self.risk.expect_delay_over)
        self.filings = FilingOffice(store, rights)
        self.risk.filings = self.filings
        self.exams = ExamRoom(store, rights, on_changed=self._tell_queue)
        self.forms = FormDesk(store, settings.post, settings.work.forms, self.counters.mail, rights)
        self.handovers = Handovers(store, labelling.keys, settings.post, rights, on_changed=self._tell_queue)
        self.tip = TipOffice(
            store, settings.tip, rights, settings.data / "tip", look=self._look_again, lane_of=settings.lane_of
        )
        self.sameness = Sameness(store, rights, settings, is_idle=self._intake.is_idle, on_error=self._tell_failure)
        self.identities = IdentityDesk(store, rights, settings)
        self._printing: Printing | None = None
        if prints is not None:
            self._printing = Printing(
                store, labelling, prints, rights, on_status=self._tell_printer, on_error=self._tell_failure
            )
        labelling.keys.on_damage = self._tell_failure
        self.sharing = Sharing(
            store, settings.hub, f"{settings.post.office}/{settings.post.station}", rights, apply=self._decide_for_hub,
            on_changed=self._tell_queue, on_error=self._tell_failure,
        )  # fmt: skip

    # Running

    def start(self, devices: Sequence[Placed], watcher: Watcher) -> None:
        """Tell a watcher from now on, take in what a power cut left without a row, and open the devices."""
        self._watcher = watcher
        self._tell_detector()
        self._tell_room()
        if key := self._labelling.keys.store.rotate_if_due(datetime.now(UTC)):
            self._store.add_event("key_rotated", None, {"kid": key.kid.hex()})
        if self._printing:
            self._printing.start()
        self._arrivals = Arrivals(
            self._store, self._intake, self.tracing, self.measured, watcher=watcher, on_error=self._tell_failure
        )
        self._arrivals.open(devices)
        self.exams.use_cameras(placed.device for placed in devices)
        self.tip.start()
        self.sharing.start()
        self.sameness.start()
        self._late.start()

    def close_devices(self) -> bool:
        """Stop devices, then detection and pictures, then labels; False if a device did not come back in time."""
        self._intake.stop_waiting()
        self.sameness.stop()
        self._late.stop()
        came_back = [self._arrivals.close()] if self._arrivals else []
        self._intake.stop()
        self._labels.shutdown(wait=True)
        if self._printing:
            came_back.append(self._printing.stop())
        return all(came_back)

    def stop(self) -> bool:
        """Close the devices, then the store; False if a device did not come back in time."""
        came_back = self.close_devices()
        came_back = self.sharing.stop() and came_back
        self._intake.screening.stop()
        self.identities.stop()
        if self.duty:
            try:
                self.duty.sign_out()
            except KnownError as error:
                self._tell_failure(error)  # a full disk must not keep the store from being closed
        self._store.close()
        return came_back

    def use_detector(self, detector: Detector | None, error: KnownError | None = None) -> None:
        """Use a detector, or go on without one: parcels are then marked unscreened, never clean.

        The station closes it, at its own end or when another takes its place.
        """
        screening = self._intake.screening
        before = next((each.detector for each in screening.posted), None)
        screening.posted = (Posted(self.settings.detection, detector, error), *screening.posted[1:])
        if before is not None and before is not detector:
            before.close()
        self._tell_detector()

    def use_further(self, models: Sequence[Posted]) -> None:
        """Use models beside the first, on their lanes and in their modes; the station closes them at its end."""
        screening = self._intake.screening
        first = screening.posted[:1] or (Posted(self.settings.detection),)
        screening.posted = (*first, *models)
        self._tell_detector()

    @property
    def printing(self) -> Printing | None:
        """The labels on their way to the printer; None where labels go through the print dialog."""
        return self._printing

    def wait_until_idle(self) -> None:
        """Wait until every scan that the devices delivered is in the queue, and declarations that came late count."""
        self._intake.wait_until_idle()
        self._late.wait_until_idle()

    def is_idle(self) -> bool:
        """Whether nothing is on its way into the queue, and nothing waits for an officer in it."""
        return self._intake.is_idle() and not self._store.queue(QueueFilter(), limit=1)

    # What the officer does

    def _decide_for_hub(self, due: Due) -> Answer:
        self.tip.give_way(due.parcel_id)
        return self._deciding.decide_for_hub(due)

    def log_shown(self, shown: Sequence[tuple[int, Mapping[str, object]]]) -> None:
        """Log the pictures that officers left without a decision: parcel, and who saw what of it for how long."""
        self._store.log_shown(shown)

    def note_export(self, parcel_id: int | None, what: str, *, officer: str, file: str = "") -> None:
        """Log that an officer writes a parcel's record or pictures to files, or takes a file out of the store.

        Raises:
            OfficerError: he may not.
        """
        self.rights.require(officer, Right.EXPORT)
        body = {"what": what, "officer": officer} | ({"file": file} if file else {})
        self._store.add_event("exported", parcel_id, body)

    def print_label(self, parcel_id: int, *, officer: str) -> PrintJob | None:
        """Queue the label of a released parcel, marked where it is a reprint; None where no printer is configured.

        Raises:
            LabelNoneError: the parcel carries no trace code. LabelError: the label cannot be drawn.
            OfficerError: the officer may not print, or not once more.
        """
        self.rights.require(officer, Right.PRINT)
        if self._printing is None:
            return None
        parcel, found = self._labelled(parcel_id)
        if self._store.labels.was_printed(found.trace_id):
            self.rights.require(officer, Right.REPRINT)
        return self._printing.print(parcel, found.payload, officer=officer)

    def recall(self, selector: Selector, reason: str, officer: str) -> Recalled:
        """Recall (召回) every released parcel that the selector means; every scan of one alarms from now on.

        Raises:
            RecallEmptyError: no released parcel matches. OfficerError: the officer may not recall.
        """
        return self.tracing.recall(selector, reason, officer)

    def intercept(self, codes: Sequence[str], reason: str, officer: str) -> Notice:
        """Have what carries one of these codes stopped (拦截) wherever it is scanned."""
        return self.tracing.intercept(codes, reason, officer)

    def acknowledge(self, alarm: Alarm, *, officer: str) -> None:
        """Log that an officer took note of an alarm."""
        self.tracing.acknowledge(alarm, officer)

    def _look_again(self, scan: Scan, device: str) -> tuple[Seen, ...] | None:
        """What the models that are on show of a scan from a device; None where none looks."""
        screened = self._intake.screening.screen(scan, self.settings.device(device))
        return screened.seen if screened.ms is not None else None

    # Telling the watcher

    def _entered(self, parcel: Parcel, taken: Taken | None) -> None:
        self.entered.setdefault(parcel.id, ())
        if taken:
            self.entered[parcel.id] += taken.scan.truth
        self._tell_queue(parcel.id)
        if taken:
            self._watcher.scan_ended(taken.device.name, taken.scan.id, parcel.id)
            self.sameness.wake()

    def _follow_decision(self, decision: Decision) -> None:
        """Print the label of what was let go, unless the decision was taken back, and show the queue as it is now."""
        if decision.trace_code and decision.undone_at is None:
            self.measured.count("labels")
            if self._printing:
                self._labels.submit(self._print_at_once, decision.parcel_id, decision.officer)
        self._tell_queue(decision.parcel_id)

    def _tell_queue(self, parcel_id: int) -> None:
        row = self._store.row(parcel_id)
        if row:
            self._watcher.queue_changed(row)
        self._tell_room()

    def _tell_room(self) -> None:
        """Tell when the disk becomes almost full or has room again, at the latest with the next parcel."""
        space = self._store.space()
        if space != self._space:
            self._space = space
            self._watcher.room_changed(space)

    def _tell_detector(self) -> None:
        names, error = self._intake.screening.in_use()
        self._watcher.detector_changed(names, error)

    def _tell_failure(self, error: KnownError) -> None:
        log.warning("known error", key=error.key, error=str(error))
        self._watcher.failed(error)
        if isinstance(error, StoreFullError):
            self._tell_room()

    def _tell_printer(self, status: PrinterStatus) -> None:
        self._watcher.printer_changed(status)

    def _print_at_once(self, parcel_id: int, officer: str) -> None:
        """Queue the label of what was just released; it belongs to the decision, whoever sits here by now."""
        assert self._printing is not None
        try:
            parcel, found = self._labelled(parcel_id)
            self._printing.print(parcel, found.payload, officer=officer)
        except KnownError as error:
            self._tell_failure(error)
