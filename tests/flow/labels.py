"""What tests of labels share: goods that are declared and released, and ways to ask after their codes."""

from __future__ import annotations

from typer.testing import CliRunner, Result

from app.cli import cli
from app.customs.parcel import Declaration, FindingKind, GoodsLine
from app.customs.states import Action
from app.trace.verdicts import VerdictKind
from scanners.barcode import Code, Reading
from tests.flow.conftest import T0, Desk

S10 = "RR123456785CN"
MILK = ("RR123456785CN", "EE123456785CN")
BOOK = "LX123456785CN"


def declare(desk: Desk, number: str, *goods: str, sender: str = "", consignee: str = "") -> None:
    lines = tuple(GoodsLine(each) for each in goods)
    desk.station._store.add_declarations([Declaration(number, lines, sender=sender, consignee=consignee)])


def release(desk: Desk, number: str, at_s: float = 0) -> tuple[int, str]:
    """Let a parcel pass and go; its id and what its label's QR says."""
    desk.scan(at_s, number)
    decided = desk.station.decide(desk.newest.id, Action.RELEASE, officer="a", reason="no_suspicion")
    found = desk.station.trace(decided.decision.trace_code or "").found
    assert found is not None
    return desk.newest.id, found.payload


def ask(desk: Desk, code: str) -> VerdictKind:
    """The officer's hand reader reads a code, and the window asks what it leads to."""
    desk.station._arrivals.take_code(
        desk.reader.model_copy(update={"lane": ""}), Reading(Code("QRCode", code), "hand", T0)
    )
    verdict = desk.station.trace(code).verdict
    assert verdict is not None
    return verdict.kind


def guanjian(desk: Desk, *arguments: str) -> Result:
    return CliRunner().invoke(cli, [*arguments, "--data", str(desk.station.settings.data)])


def findings(desk: Desk) -> set[FindingKind]:
    return set(desk.newest.findings)
