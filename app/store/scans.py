"""Pictures of a parcel and what the model found on them, written in one transaction each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from app.customs.parcel import Capture, Finding, FindingKind, Kind, Lane, Seen
from app.customs.states import State
from app.store import parcels
from app.store.audit import Log, canonical
from app.store.database import Connection
from app.store.errors import AlreadyKeptError, ParcelUnknownError
from app.store.hours import tally
from app.store.times import to_us

_ALARMS = ("sure", "likely")
_FROM_MODEL = (FindingKind.DETECTION, FindingKind.UNSCREENED)
UNRECORDED = "SELECT value FROM json_each(?) WHERE NOT EXISTS (SELECT 1 FROM captures WHERE scan_id = value)"
_FROM_SCAN = (FindingKind.NO_SCAN, FindingKind.OPAQUE, *_FROM_MODEL)


def record(
    connection: Connection,
    parcel_id: int | None,
    capture: Capture,
    *,
    number: str,
    kind: Kind,
    codes: Sequence[str],
    findings: Sequence[Finding],
    seen: Sequence[Seen],
    model: str,
    detect_ms: float | None,
    lane: Lane,
    lane_reasons: Sequence[str],
    arrived_at: datetime,
    is_drill: bool,
) -> parcels.Row:
    """Keep a capture (机检); without `parcel_id` its parcel is made. What waited to be imaged is then imaged.

    A parcel that is further on, or frozen, keeps its state: the picture is kept with it all the same.
    """
    _refuse_repeat(connection, capture.scan_id)
    log = Log(connection)
    if parcel_id is None:
        row = parcels.create(connection, log, number, kind, codes=codes, arrived_at=arrived_at, findings=findings)
    else:
        row = parcels.load_row(connection, parcel_id)
        if codes or number:
            row = parcels.add_codes(connection, parcel_id, codes, number)
            log = Log(connection)
    key = _insert(
        connection,
        "captures (scan_id, parcel_id, path, sha256, device, taken_us, event_seq)",
        (capture.scan_id, row["id"], capture.path, capture.sha256, capture.device, to_us(capture.taken_at), log.seq),
    )
    body: dict[str, object] = {
        "capture": [capture.scan_id, capture.path, capture.sha256, capture.device, to_us(capture.taken_at)]
    }
    if is_drill:
        body["is_drill"] = True
    if capture.sidecar_sha256:
        sidecar = (capture.scan_id, capture.sidecar_sha256, log.seq)
        connection.execute("INSERT INTO sidecars VALUES (?,?,?)", sidecar)
        body["sidecar"] = capture.sidecar_sha256
    if model:
        body |= _screen(connection, log.seq, key, seen=seen, model=model, ms=detect_ms)
    is_imaged = row["state"] == State.ARRIVED
    parcels.change(
        connection,
        log,
        row,
        "scanned",
        body,
        state=State.IMAGED.value if is_imaged else row["state"],
        findings=parcels.merged(parcels.without(row["findings"], *_FROM_SCAN), findings),
        **_shown(seen, lane, lane_reasons),
    )
    tally(connection, to_us(capture.taken_at), "scans")
    return row


def set_detections(
    connection: Connection,
    parcel_id: int,
    scan_id: str,
    *,
    seen: Sequence[Seen],
    model: str,
    ms: float | None,
    findings: Sequence[Finding],
    lane: Lane,
    reasons: Sequence[str],
) -> parcels.Row:
    """Keep what a model found on a capture, in place of what was found on it before; both stay in the record."""
    found = connection.execute(
        "SELECT id FROM captures WHERE scan_id = ? AND parcel_id = ?", (scan_id, parcel_id)
    ).fetchone()
    if found is None:
        raise ParcelUnknownError(f"Parcel {parcel_id} has no scan {scan_id}.", id=parcel_id)
    log, row = Log(connection), parcels.load_row(connection, parcel_id)
    body: dict[str, object] = {"scan": scan_id, **_screen(connection, log.seq, found[0], seen=seen, model=model, ms=ms)}
    parcels.change(
        connection,
        log,
        row,
        "screened",
        body,
        findings=parcels.merged(parcels.without(row["findings"], *_FROM_MODEL), findings),
        **_shown(seen, lane, reasons),
    )
    return row


def unrecorded(connection: Connection, scan_ids: Sequence[str]) -> list[str]:
    """Those of these scans that no row tells of."""
    return [scan_id for (scan_id,) in connection.execute(UNRECORDED, (json.dumps(scan_ids),))]


def _screen(
    connection: Connection, seq: int, capture_id: int, *, seen: Sequence[Seen], model: str, ms: float | None
) -> dict[str, object]:
    key = _insert(connection, "screenings (capture_id, model, ms, event_seq)", (capture_id, model, ms, seq))
    boxes = [[one.label, float(one.score), one.level, *map(int, one.box), one.view] for one in seen]
    connection.executemany(
        "INSERT INTO detections (screening_id, label, score, level, x0, y0, x1, y1, view, event_seq) "
        "VALUES (?,?,?,?,?,?,?,?,?,?)",
        [(key, *box, seq) for box in boxes],
    )
    return {"screening": [key, capture_id, model, ms], "seen": boxes}


def _shown(seen: Sequence[Seen], lane: Lane, reasons: Sequence[str]) -> dict[str, object]:
    """What the queue and the guards hold of a screening. A new picture has to be looked at anew."""
    top = max(seen, key=lambda one: one.score, default=None)
    return {
        "lane": lane.value,
        "lane_reasons": canonical(list(reasons)),
        "top_label": top.label if top else "",
        "top_score": float(top.score) if top else 0.0,
        "has_alarm": int(any(one.level in _ALARMS for one in seen)),
        "is_cleared": 0,
    }


def _insert(connection: Connection, into: str, values: tuple[object, ...]) -> int:
    key = connection.execute(f"INSERT INTO {into} VALUES ({', '.join('?' * len(values))})", values).lastrowid
    assert key is not None
    return key


def _refuse_repeat(connection: Connection, scan_id: str) -> None:
    if connection.execute("SELECT 1 FROM captures WHERE scan_id = ?", (scan_id,)).fetchone():
        raise AlreadyKeptError(f"Scan {scan_id} is in the store already.", detail=scan_id)
