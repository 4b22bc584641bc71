"""How the commands on trace codes show parcels, keys, notices and verdicts: as lines for people and as JSON rows."""

from __future__ import annotations

from collections.abc import Sequence

from app.commands.output import or_nothing, print_json, print_line
from app.customs.notices import LastEvent, Notice
from app.customs.parcel import Decision, Parcel
from app.texts import has_text, text
from app.trace.keys import PublicKey, name_algorithm
from app.trace.recall import Affected
from app.trace.verdicts import Verdict


def verdict_words(verdict: Verdict) -> str:
    """The verdict and what to do, in the officer's language."""
    return f"{text(f'trace.verdict.{verdict.kind}')}  {text(f'trace.advice.{verdict.kind}')}"


def print_parcel(parcel: Parcel, history: Sequence[Decision], last: LastEvent | None) -> None:
    goods = parcel.declaration.summary if parcel.declaration else ""
    print_line(f"{parcel.number}  {term('state', parcel.state)}  {parcel.trace_code or ''}  {goods}")
    for finding in parcel.findings:
        print_line(f"  {text(f'ui.finding.{finding.kind}')}  {finding.detail}")
    for decision in history:
        undone = text("trace.told.undone", at=f"{decision.undone_at:%H:%M:%S}") if decision.undone_at else ""
        reason = term(f"reason.{decision.action}", decision.reason) if decision.reason else ""
        print_line(
            f"  {decision.decided_at:%Y-%m-%d %H:%M:%S}Z  {decision.officer}  {term('action', decision.action)}: "
            f"{term('state', decision.before)} → {term('state', decision.after)}  {reason}  {decision.note}{undone}"
        )
    if last:
        print_line(text("trace.told.last", event=_event(last)))


def term(area: str, code: str) -> str:
    """A state, action or reason as officers say it; a post's own code stays as it is."""
    return text(f"{area}.{code}") if has_text(f"{area}.{code}") else code


def _event(last: LastEvent) -> str:
    what = text("trace.told.scanned") if last.what == "scanned" else term("state", last.what)
    return text("trace.told.event", what=what, place=last.place, at=f"{last.at:%Y-%m-%d %H:%M}Z")


def print_key(key: PublicKey, *, json: bool) -> None:
    if json:
        print_json(
            {
                "kid": key.kid.hex(),
                "algorithm": name_algorithm(key.alg),
                "issuer": key.issuer,
                "valid_from": key.valid_from.isoformat(),
                "sign_until": key.sign_until.isoformat(),
                "valid_until": key.valid_until.isoformat(),
                "revoked_at": key.revoked_at.isoformat() if key.revoked_at else None,
                "revoked_reason": key.revoked_reason or None,
            }
        )
        return
    line = text(
        "trace.told.key",
        kid=key.kid.hex(),
        algorithm=name_algorithm(key.alg),
        office=key.issuer,
        start=f"{key.valid_from:%Y-%m-%d}",
        sign_until=f"{key.sign_until:%Y-%m-%d}",
        valid_until=f"{key.valid_until:%Y-%m-%d}",
    )
    if key.revoked_at:
        line += text("trace.told.revoked", at=f"{key.revoked_at:%Y-%m-%d}", reason=key.revoked_reason)
    print_line(line)


def print_notices(notices: Sequence[Notice], *, json: bool) -> None:
    for notice in or_nothing(notices, json=json):
        if json:
            lifted_at = notice.lifted_at.isoformat() if notice.lifted_at else None
            print_json(
                {"id": notice.id, "kind": notice.kind, "reason": notice.reason, "codes": sorted(notice.codes),
                 "issued_at": notice.issued_at.isoformat(), "issued_by": notice.issued_by, "lifted_at": lifted_at}
            )  # fmt: skip
        else:
            line = text(
                "trace.told.notice",
                notice=text(f"trace.alarm.{notice.kind}", id=notice.id, reason=notice.reason),
                count=len(notice.codes),
                officer=notice.issued_by,
                at=f"{notice.issued_at:%Y-%m-%d}",
            )
            if notice.lifted_at:
                line += text("trace.told.closed", at=f"{notice.lifted_at:%Y-%m-%d}")
            print_line(line)


def print_affected(rows: Sequence[Affected], *, json: bool = False) -> None:
    for row in rows:
        if json:
            print_json(affected_row(row))
        else:
            found, last = row.released, row.released.last_event
            where = _event(last) if last else ""
            print_line(f"  {found.trace_id}  {found.number}  {where}  {found.consignee}  {'、'.join(row.matched)}")


def affected_row(row: Affected) -> dict[str, object]:
    found, last = row.released, row.released.last_event
    return {
        "trace_id": found.trace_id,
        "number": found.number,
        "released_at": found.released_at.isoformat(),
        "consignee": found.consignee,
        "matched": list(row.matched),
        "last": {"what": last.what, "place": last.place, "at": last.at.isoformat()} if last else None,
    }


def parcel_row(parcel: Parcel) -> dict[str, object]:
    return {
        "id": parcel.id,
        "number": parcel.number,
        "state": parcel.state,
        "lane": parcel.lane,
        "trace_id": parcel.trace_code,
        "codes": list(parcel.codes),
        "goods": parcel.declaration.summary if parcel.declaration else None,
        "arrived_at": parcel.arrived_at.isoformat(),
    }


def step_row(decision: Decision) -> dict[str, object]:
    return {
        "at": decision.decided_at.isoformat(),
        "officer": decision.officer,
        "action": decision.action,
        "before": decision.before,
        "after": decision.after,
        "reason": decision.reason,
        "note": decision.note,
        "undone_at": decision.undone_at.isoformat() if decision.undone_at else None,
    }
