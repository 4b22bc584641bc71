"""Parcels handed over under seal: the port lets go conditionally, the destination opens, goes on, and closes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Literal

from app.customs.orders import Done, Hit, Part, Result, Step
from app.customs.parcel import Capture, Declaration, Finding, FindingKind, GoodsLine, Parcel
from app.customs.states import TERMINAL, Action, State
from app.exchange.errors import DestinationWrongError, SealBrokenError
from app.exchange.orders import OrderRecord
from app.exchange.records import send_out
from app.exchange.sealed import (
    CONTEXT,
    SUFFIX,
    Deed,
    Opened,
    Outcome,
    Picture,
    SealedRecord,
    read_sealed,
    write_sealed,
)
from app.officers.rights import Right, Rights
from app.settings import Post
from app.store.decisions import Verdict
from app.store.errors import HandoverStateError
from app.store.orders import Handover, TakenOver
from app.store.store import Store
from app.trace.keyring import Keyring
from imaging.files import native

_STATION = re.compile(r"[0-9]{4}/[A-Za-z0-9_-]{1,32}", re.ASCII)


class Handovers:
    """Seals, opens and closes records with the post's keys. `on_changed` is told of every parcel."""

    def __init__(
        self, store: Store, keys: Keyring, post: Post, rights: Rights, *, on_changed: Callable[[int], None]
    ) -> None:
        self._store = store
        self._keys = keys
        self._post = post
        self._rights = rights
        self._on_changed = on_changed

    def of(self, parcel_id: int) -> list[Handover]:
        """What was sealed and opened of a parcel, oldest first."""
        return self._store.orders.handovers(parcel_id)

    def send(self, parcel_id: int, to: str, folder: Path, *, officer: str) -> Path:
        """Write what is to go out about a parcel: its closing where it was taken over here, else its sealed record.

        Raises:
            HandoverStateError, OfficerError, NoSigningKeyError, ExchangeFolderError: as `close` and `seal`.
        """
        if any(each.way == "taken" for each in self.of(parcel_id)):
            return self.close(parcel_id, folder, officer=officer)
        return self.seal(parcel_id, to, folder, officer=officer)

    def take(self, path: Path, *, officer: str) -> Parcel:
        """Take in a sealed file: a parcel that comes here, or the closing of one that went.

        Raises:
            SealBrokenError, AlreadyKeptError, OfficerError, GuardError: as `open` and `take_closing`.
        """
        self._rights.require(officer, Right.DISPOSE)
        is_closing = read_sealed(path).record.kind == "closing"
        return self.take_closing(path, officer=officer) if is_closing else self.open(path, officer=officer)

    def seal(self, parcel_id: int, to: str, folder: Path, *, officer: str, seal: str = "") -> Path:
        """Write the sealed record of a conditionally released parcel for a destination (office/station).

        Raises:
            HandoverStateError: the parcel is not conditionally released. OfficerError, NoSigningKeyError.
            ExchangeFolderError: the folder cannot be written. DestinationWrongError: `to` names no station.
        """
        self._rights.require(officer, Right.DISPOSE)
        if not _STATION.fullmatch(to):
            raise DestinationWrongError(f"{to!r} is no station; one is such as 2233/lane-1.", to=to)
        parcel = self._store.parcel(parcel_id)
        if parcel.state is not State.COND_RELEASED:
            raise HandoverStateError(f"{parcel.number} is not conditionally released.", number=parcel.number)
        hits = [hit for hit in self._store.orders.hits_of(parcel_id) if hit.ended is None]
        record = self._record(parcel, "handover", to=to, officer=officer).model_copy(
            update={
                "declaration": _to_json(parcel.declaration) if parcel.declaration else None,
                "orders": tuple(OrderRecord.of(hit.order) for hit in hits if hit.part is Part.DESTINATION),
                "seal": seal,
            }
        )
        files, pictures = self._pictures(parcel)
        return self._send(record.model_copy(update={"pictures": pictures}), files, parcel_id, folder, "sent")

    def open(self, path: Path, *, officer: str) -> Parcel:
        """Take a parcel over from its sealed record: it stands here conditionally released, with its open orders.

        Raises:
            SealBrokenError: the record is damaged, not for a handover, or signed by nobody known.
            AlreadyKeptError: it was opened here before. OfficerError.
        """
        self._rights.require(officer, Right.DISPOSE)
        opened = self._read(path, "handover")
        record = opened.record
        taken = TakenOver(
            number=record.number,
            kind=record.parcel,
            codes=record.codes,
            arrived_at=datetime.now(UTC),
            declaration=_declaration(record.declaration) if record.declaration else None,
            findings=tuple(Finding(FindingKind(kind), detail) for kind, detail in record.findings),
            captures=self._unpack(opened),
            orders=tuple(order.to_order() for order in record.orders),
        )
        parcel_id = self._store.orders.take_over(
            taken, place=record.place, digest=opened.digest, officer=officer, now=datetime.now(UTC)
        )
        self._on_changed(parcel_id)
        return self._store.parcel(parcel_id)

    def close(self, parcel_id: int, folder: Path, *, officer: str) -> Path:
        """Write for the port how a parcel that was taken over here ended.

        Raises:
            HandoverStateError: it was not taken over, or nothing final is decided on it yet. OfficerError.
        """
        self._rights.require(officer, Right.DISPOSE)
        parcel = self._store.parcel(parcel_id)
        taken = next((each for each in self.of(parcel_id) if each.way == "taken"), None)
        if taken is None or parcel.state not in TERMINAL:
            raise HandoverStateError(f"{parcel.number} is not closed here yet.", number=parcel.number)
        hits = self._store.orders.hits_of(parcel_id)
        record = self._record(parcel, "closing", to=taken.place, officer=officer).model_copy(
            update={"closes": taken.digest, "outcomes": tuple(_outcome(hit) for hit in hits if hit.ended)}
        )
        return self._send(record, {}, parcel_id, folder, "closing")

    def take_closing(self, path: Path, *, officer: str) -> Parcel:
        """Close at the port what the destination has closed; its orders are settled by what the record says.

        Raises:
            SealBrokenError: the record is damaged, signed by nobody known, or not about a parcel from here.
            AlreadyKeptError: it was taken before. OfficerError.
            GuardError: the parcel cannot be closed as it stands here; the record can be taken again when it can.
        """
        self._rights.require(officer, Right.DISPOSE)
        opened = self._read(path, "closing")
        record, now = opened.record, datetime.now(UTC)
        sent = self._store.orders.handover(record.closes, "sent")
        if sent is None or sent.place != record.place:
            raise SealBrokenError(
                f"{path.name} closes nothing that was handed over to {record.place}.", name=path.name, why=record.place
            )
        outcomes = {outcome.order: outcome for outcome in record.outcomes}
        self._store.orders.take_closing(
            sent.parcel_id,
            _verdicts(record, officer, now),
            lambda hit: _settled(outcomes.get(hit.order.id), record, now),
            place=record.place,
            digest=opened.digest,
            officer=officer,
            now=now,
        )
        self._on_changed(sent.parcel_id)
        return self._store.parcel(sent.parcel_id)

    def _record(self, parcel: Parcel, kind: Literal["handover", "closing"], *, to: str, officer: str) -> SealedRecord:
        return SealedRecord(
            kind=kind,
            office=self._post.office,
            station=self._post.station,
            to=to,
            number=parcel.number,
            parcel=parcel.kind,
            state=parcel.state.value,
            codes=tuple(dict.fromkeys((*parcel.codes, *([parcel.trace_code] if parcel.trace_code else [])))),
            arrived_at=parcel.arrived_at,
            findings=tuple(
                (finding.kind.value, finding.detail)
                for finding in parcel.findings
                if finding.kind is not FindingKind.CONTROLLED
            ),
            deeds=tuple(
                Deed(
                    action=made.action.value, after=made.after.value, officer=made.officer, reason=made.reason,
                    note=made.note, at=made.decided_at,
                )
                for made in self._store.history(parcel.id)
                if made.undone_at is None
            ),
            sealed_by=officer,
            sealed_at=datetime.now(UTC),
        )  # fmt: skip

    def _send(
        self, record: SealedRecord, files: dict[str, bytes], parcel_id: int, folder: Path, way: str
    ) -> Path:  # fmt: skip
        signer = self._keys.signer(record.sealed_at)
        content = record.model_dump_json().encode()
        digest = sha256(content).hexdigest()
        path = folder / f"{record.kind}-{digest[:16]}{SUFFIX}"
        sealed = write_sealed(content, kid=signer.kid, signature=signer.sign(CONTEXT + content), files=files)
        send_out(path, sealed)
        self._store.orders.hand_over(
            parcel_id, way, place=record.to, digest=digest, officer=record.sealed_by, now=record.sealed_at
        )
        self._on_changed(parcel_id)
        return path

    def _read(self, path: Path, kind: str) -> Opened:
        """A sealed file of a kind whose signature is right: made by a key of its office that might sign then."""
        opened = read_sealed(path)
        record = opened.record
        key = self._keys.public_keys().get(opened.kid)
        if key is None or key.issuer != record.office or key.revoked_at is not None:
            raise SealBrokenError(
                f"{path.name} is signed by a key that is not known or not good any more.", name=path.name, why="key"
            )
        is_in_time = key.valid_from <= record.sealed_at <= key.sign_until
        if not is_in_time or not key.has_signed(opened.signed, opened.signature):
            raise SealBrokenError(f"The signature of {path.name} is wrong.", name=path.name, why="signature")
        own = f"{self._post.office}/{self._post.station}"
        if record.kind != kind or record.to != own:
            raise SealBrokenError(f"{path.name} is a {record.kind} for {record.to}.", name=path.name, why=record.to)
        return opened

    def _pictures(self, parcel: Parcel) -> tuple[dict[str, bytes], tuple[Picture, ...]]:
        """A parcel's pictures as files; one that was removed after its time is left out."""
        files: dict[str, bytes] = {}
        pictures = []
        for capture in parcel.captures:
            path = self._store.captures_folder / capture.path
            if not path.is_file():
                continue
            names = path.name, native.sidecar_of(path).name
            pair = dict(zip(names, native.encode(self._store.load(capture), path.name), strict=True))
            files |= pair
            pictures.append(Picture(files={name: sha256(data).hexdigest() for name, data in pair.items()}))
        return files, tuple(pictures)

    def _unpack(self, opened: Opened) -> tuple[Capture, ...]:
        """Keep the pictures of a sealed file here."""
        captures = []
        for picture in opened.record.pictures:
            path = Path(next((name for name in picture.files if name.endswith(".tif")), "none.tif"))
            sidecar = native.sidecar_of(path).name
            if path.name not in opened.files or sidecar not in opened.files:
                raise SealBrokenError("A sealed picture is not whole.", name=opened.record.number, why=path.name)
            scan = native.decode(path, opened.files[path.name], opened.files[sidecar])
            if not self._store.has_scan(scan.id):
                captures.append(self._store.keep(scan))
        return tuple(captures)


def _settled(outcome: Outcome | None, record: SealedRecord, now: datetime) -> Done:
    """What the destination's record says about a hit of the port."""
    if outcome is None:
        return Done(Step.SETTLED, f"{record.place}/{record.sealed_by}", now)
    result = outcome.result if outcome.result in set(Result) else ""
    return Done(Step.SETTLED, f"{record.place}/{outcome.officer}", now, result=result, note=outcome.note)


def _verdicts(record: SealedRecord, officer: str, now: datetime) -> tuple[Verdict, ...]:
    """The port's parcel ends as the destination's: closed, or handed over where more was found."""
    who, note = f"{record.place}/{record.sealed_by}", f"{record.place} {record.state}"
    if record.state == State.CLOSED:
        return (Verdict(Action.DESTINATION_NORMAL, who, now, note=note),)
    return (
        Verdict(Action.DESTINATION_ABNORMAL, who, now, "destination", note),
        Verdict(Action.TRANSFER, who, now, "destination", note, second_officer=officer),
    )


def _outcome(hit: Hit) -> Outcome:
    done = hit.ended
    assert done is not None
    return Outcome(
        order=hit.order.id, step=done.step.value, result=done.result, note=done.note, officer=done.officer, at=done.at
    )


def _to_json(declaration: Declaration) -> dict[str, object]:
    said = asdict(declaration)
    return said | {"declared_at": declaration.declared_at and declaration.declared_at.isoformat()}


def _declaration(said: dict[str, object]) -> Declaration:
    fields = dict(said)
    lines: Sequence[dict[str, object]] = fields.pop("goods")  # type: ignore[assignment]
    declared_at = fields.pop("declared_at")
    goods = tuple(GoodsLine(**line) for line in lines)  # type: ignore[arg-type]
    when = datetime.fromisoformat(str(declared_at)) if declared_at else None
    return Declaration(goods=goods, declared_at=when, **fields)  # type: ignore[arg-type]
