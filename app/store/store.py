"""The store of a station: what it writes, each in one transaction with its event, and its parts."""

from __future__ import annotations

import math
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path

from app.customs.parcel import (
    Capture,
    Decision,
    Declaration,
    Finding,
    Kind,
    Lane,
    Parcel,
    Seen,
)
from app.customs.states import Action
from app.store import captures, decisions, declarations, order_rows, outbox, parcels, scans
from app.store.audit import Log
from app.store.captures import Origin
from app.store.database import Connection, Database
from app.store.decisions import TraceLabel, Verdict
from app.store.encrypting import check_finished
from app.store.errors import StoreFullError, StoreMissingError, StoreReadOnlyError
from app.store.examinations import Examinations
from app.store.filings import Filings
from app.store.found import LogReport
from app.store.hub import HubSide
from app.store.identity_pictures import IdentityPictures
from app.store.keeping import Keeping
from app.store.labelled import Labelled
from app.store.labels import Labels
from app.store.late import Late
from app.store.mail import Mail
from app.store.matters import Matters
from app.store.messages import Messages, attach
from app.store.migrations import migrate
from app.store.officers import Officers
from app.store.orders import Orders
from app.store.past import Past
from app.store.reads import Reads
from app.store.recalls import Recalls
from app.store.rollups import Rollups
from app.store.rules import Rules
from app.store.shadows import Shadows
from app.store.space import BALLAST_BYTES, Ballast, Space
from app.store.statistics import Statistics
from app.store.tips import Tips
from app.store.vectors import Vectors
from app.store.waitings import Waitings
from imaging.files.durable import make_folder
from imaging.scan import Scan

FILE = "store.sqlite"
FEW, MANY = 64, 192
"""Declarations in one transaction: few while officers write too, who would wait for more than some 5 ms and a sync."""
ALONE_S = 5.0
_ORPHANS_SINCE = "orphans_since"


class Store(Reads):
    """A station's store in a folder: `store.sqlite`, `captures/`, `backups/` and a reserve against a full disk.

    Every function may be called from any thread. A write is on disk when it returns.
    """

    def __init__(self, folder: Path, database: Database, ballast: Ballast) -> None:
        super().__init__(database)
        self.folder = folder
        self.captures_folder = folder / "captures"
        self._ballast = ballast
        self._asked_s = -math.inf
        self.labels = Labels(self._write, database.read)
        patient = partial(self._write, is_patient=True)
        self.messages = Messages(patient, database.read, self._at_once)
        self.recalls = Recalls(self._write, database.read)
        self.rules = Rules(self._write, database.read)
        self.past = Past(database.read)
        self.late = Late(database.read)
        self.rollups = Rollups(partial(database.write, is_patient=True), database.read)
        self.statistics = Statistics(database.read)
        self.hub = HubSide(self._write, database.read)
        self.officers = Officers(self._write, database.read)
        self.examinations = Examinations(folder, self._write, database.read)
        self.filings = Filings(patient, database.read)
        self.orders = Orders(self._write, database.read)
        self.waiting = Waitings(self._write, database.read)
        self.matters = Matters(self._write, database.read)
        self.shadows = Shadows(self._write, database.read)
        self.labelled = Labelled(database.read)
        self.mail = Mail(self._write, database.read)
        self.tips = Tips(self._write, database.read)
        self.vectors = Vectors(self._write, database.read)
        self.identity_pictures = IdentityPictures(folder, self._write)
        self.keeping = Keeping(folder, database, self._write)

    @classmethod
    def open(cls, folder: Path, *, station: str, ballast_bytes: int = BALLAST_BYTES) -> Store:
        """Open the store in a folder, or make it; `station` names the log of a new one.

        Raises:
            StoreError: its kind says why the store cannot be used.
        """
        try:
            make_folder(folder / "captures")
            ballast = Ballast(folder / "reserve.bin", ballast_bytes)
            ballast.fill()
        except OSError as error:
            raise StoreReadOnlyError(f"The folder {folder.name} cannot be written.", detail=str(error)) from error
        check_finished(folder)
        database = Database(folder / FILE)
        try:
            migrate(database, folder / "backups")
            with database.write() as writer:
                _name(writer, station)
            database.start()
        except BaseException:
            database.close()
            raise
        store = cls(folder, database, ballast)
        store.rollups.start()
        return store

    @staticmethod
    def expect(folder: Path) -> None:
        """
        Raises:
            StoreMissingError: there is no store in this folder.
        """
        if not (folder / FILE).is_file():
            raise StoreMissingError(f"There is no store in {folder}. Check --data.", folder=str(folder))

    def close(self) -> None:
        self.rollups.stop()
        self.keeping.stop()
        self._database.close()

    # Writes

    def add_declarations(self, batch: Iterable[Declaration]) -> int:
        """Keep declarations (申报), FEW or MANY in a transaction; returns how many were not known before."""
        count, rest = 0, iter(batch)
        while part := list(islice(rest, self._at_once())):
            with self._write(is_patient=True) as writer:
                added = declarations.add(writer, part)
                for number, key in added:
                    attach(writer, number, key)
            count += len(added)
        return count

    def register(
        self,
        number: str,
        kind: Kind,
        *,
        codes: Sequence[str] = (),
        arrived_at: datetime,
        findings: Sequence[Finding] = (),
        is_drill: bool = False,
    ) -> Parcel:
        """Register an arrival (运抵登记); a parcel that stands here with this number already is returned as it is."""
        with self._write() as writer:
            row = parcels.register(
                writer, number, kind, codes=codes, arrived_at=arrived_at, findings=findings, is_drill=is_drill
            )
            order_rows.follow(writer, row["id"])
            return parcels.load(writer, row["id"])

    def add_codes(self, parcel_id: int, codes: Sequence[str], *, number: str = "") -> Parcel:
        """Add codes read later; `number` names a parcel that had none and finds its declaration."""
        with self._write() as writer:
            parcels.add_codes(writer, parcel_id, codes, number)
            order_rows.follow(writer, parcel_id)
            return parcels.load(writer, parcel_id)

    def identify(
        self,
        parcel_id: int,
        *,
        number: str,
        codes: Sequence[str],
        findings: Sequence[Finding],
        lane: Lane,
        lane_reasons: Sequence[str],
        expected_version: int,
    ) -> Parcel:
        """Give a parcel the number that codes or declarations say by now; all findings and its lane are set anew.

        Raises:
            ParcelChangedError: it is not the version any more that this was worked out for.
        """
        with self._write() as writer:
            parcels.identify(
                writer, parcel_id, number=number, codes=codes, findings=findings, lane=lane, lane_reasons=lane_reasons,
                expected_version=expected_version,
            )  # fmt: skip
            order_rows.follow(writer, parcel_id)
            return parcels.load(writer, parcel_id)

    def record_scan(
        self,
        parcel_id: int | None,
        capture: Capture,
        *,
        number: str = "",
        kind: Kind = Kind.PARCEL,
        codes: Sequence[str] = (),
        findings: Sequence[Finding] = (),
        seen: Sequence[Seen] = (),
        model: str = "",
        detect_ms: float | None = None,
        lane: Lane = Lane.GREEN,
        lane_reasons: Sequence[str] = (),
        arrived_at: datetime,
        is_drill: bool = False,
    ) -> Parcel:
        """Keep a capture and what was found on it; makes the parcel where `parcel_id` is None.

        `is_drill` keeps an exercise out of the figures of what is real.
        """
        with self._write() as writer:
            row = scans.record(
                writer, parcel_id, capture, number=number, kind=kind, codes=codes, findings=findings, seen=seen,
                model=model, detect_ms=detect_ms, lane=lane, lane_reasons=lane_reasons, arrived_at=arrived_at,
                is_drill=is_drill,
            )  # fmt: skip
            order_rows.follow(writer, row["id"])
            return parcels.load(writer, row["id"])

    def set_detections(
        self,
        parcel_id: int,
        scan_id: str,
        *,
        seen: Sequence[Seen],
        model: str,
        ms: float | None,
        findings: Sequence[Finding],
        lane: Lane,
        reasons: Sequence[str],
    ) -> Parcel:
        """Keep what a model found on a capture that was recorded without, or by another model."""
        with self._write() as writer:
            scans.set_detections(
                writer, parcel_id, scan_id, seen=seen, model=model, ms=ms, findings=findings, lane=lane,
                reasons=reasons,
            )  # fmt: skip
            order_rows.follow(writer, parcel_id)
            return parcels.load(writer, parcel_id)

    def decide(
        self,
        parcel_id: int,
        action: Action,
        *,
        officer: str,
        decided_at: datetime,
        reason: str = "",
        note: str = "",
        second_officer: str = "",
        expected_version: int | None = None,
        trace: TraceLabel | None = None,
        annotations: str = "",
        due_at: datetime | None = None,
        shown: Mapping[str, object] | None = None,
    ) -> Decision:
        """Move a parcel by an officer's decision, with its label where it lets the parcel go.

        `shown` is what he had before him; it stands in the log before the decision.

        Raises:
            GuardError: the move is refused. ParcelChangedError: the officer saw another version of the parcel.
            AlreadyKeptError: the trace code was given before. StoreFullError: nothing was decided; try again.
        """
        verdict = Verdict(
            action, officer, decided_at, reason, note, second_officer, expected_version, trace,
            annotations, due_at,
        )  # fmt: skip
        with self._write() as writer:
            if shown is not None:
                Log(writer).append("shown", parcel_id, {**shown, "officer": officer})
            return decisions.decide(writer, parcel_id, verdict)

    def undo(self, decision_id: int, *, officer: str, now: datetime, within_s: float) -> Decision:
        """Take back a parcel's last decision; its label is void. Raises UndoRefusedError."""
        with self._write() as writer:
            return decisions.undo(writer, decision_id, officer=officer, now=now, within_s=within_s)

    def log_shown(self, shown: Iterable[tuple[int, Mapping[str, object]]]) -> None:
        """Log what officers had before them and left: of each picture its parcel, who looked and what he saw."""
        with self._write() as writer:
            log = Log(writer)
            for parcel_id, body in shown:
                log.append("shown", parcel_id, body)

    def add_event(self, kind: str, parcel_id: int | None, body: Mapping[str, object]) -> int:
        """Log something that changes no row, such as a device's fault or an officer's shift."""
        with self._write() as writer:
            return Log(writer).append("noted", parcel_id, {**body, "noted": kind})

    def mark_sent(self, seq: int, *, target: str = "hub") -> None:
        with self._write() as writer:
            outbox.mark_sent(writer, target, seq)

    def verify_log(self, *, with_pictures: bool = True) -> LogReport:
        """Check the whole log, the rows it vouches for and the pictures; takes a second or two for each million."""
        return self.keeping.verify(with_pictures=with_pictures)

    # Pictures and room

    def keep(self, scan: Scan, origin: Origin | None = None) -> Capture:
        """Write a scan's picture; a full disk releases the reserve, so that decisions go on.

        `origin` goes with it, for `adopt` to say should its row never be written.
        """
        try:
            return captures.keep(scan, self.captures_folder, origin)
        except StoreFullError:
            self._ballast.release()
            raise

    def load(self, capture: Capture) -> Scan:
        """Read a picture back, checked against its sha256. Raises PictureRemovedError, FileError."""
        if not (self.captures_folder / capture.path).is_file():
            self.keeping.refuse_removed(capture.scan_id)
        return captures.load(capture, self.captures_folder)

    def has_scan(self, scan_id: str) -> bool:
        with self._database.read() as reader:
            return reader.execute("SELECT 1 FROM captures WHERE scan_id = ?", (scan_id,)).fetchone() is not None

    def adopt(self, path: Path) -> tuple[Scan, Capture, Origin | None]:
        """A picture that no row tells of, with what its row will say.

        Raises:
            FileError: it is damaged.
        """
        return captures.adopt(path, self.captures_folder)

    def orphans(self) -> list[Path]:
        """Pictures that no row tells of, to be recorded again after a power cut, as far back as any may lie."""
        with self._database.read() as reader:
            found = reader.execute("SELECT value FROM meta WHERE name = ?", (_ORPHANS_SINCE,)).fetchone()
            since = found[0] if found else ""
            return captures.orphans(self.captures_folder, partial(scans.unrecorded, reader), since)

    def note_orphans(self, found: Iterable[Path]) -> None:
        """Have the next search begin on the day of the oldest of these, in case they get no row, or today."""
        days = [captures.day_of(path.parent, self.captures_folder) for path in found]
        since = min([*days, captures.today()])
        with self._write() as writer:
            writer.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (_ORPHANS_SINCE, since))

    def space(self) -> Space:
        return self._ballast.space()

    def _at_once(self) -> int:
        return FEW if time.monotonic() - self._asked_s < ALONE_S else MANY

    @contextmanager
    def _write(self, *, is_patient: bool = False) -> Iterator[Connection]:
        if not is_patient:
            self._asked_s = time.monotonic()
        try:
            with self._database.write(is_patient=is_patient) as writer:
                yield writer
        except StoreFullError:
            self._ballast.release()
            raise


def _name(writer: Connection, station: str) -> None:
    """Give a new store its identity, which its first event's hash begins with."""
    if writer.execute("SELECT 1 FROM meta WHERE name = 'store_id'").fetchone():
        return
    writer.executemany("INSERT INTO meta VALUES (?, ?)", [("store_id", uuid.uuid4().hex), ("station", station)])
    Log(writer).append("created", None, {"station": station})
