"""Receipts: valid by customs' own schema, the same every time, and what each state tells."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.customs.states import State
from app.exchange.ceb.message import Record
from app.exchange.ceb.read import read_message
from app.exchange.ceb.receipts import STATUS_NAMES, STATUSES, Outcome, answers, status_of, write_receipts
from app.exchange.ceb.write import write_message
from app.exchange.errors import MessageInvalidError

AT = datetime(2026, 11, 21, 16, 5, 9, 123_999, tzinfo=UTC)
GUID = "0A1B2C3D-0000-4000-8000-00000000000F"
OUTCOME = Outcome("800", AT, GUID, pre_no="B20261122000000007")
Judge = Callable[[bytes], list[str]]


def test_every_document_gets_a_valid_answer(messages: dict[str, bytes], judge: Judge) -> None:
    answered = set()
    for name, text in messages.items():
        kind = name[:6]
        if not answers(kind):
            continue
        for status in STATUS_NAMES:
            outcome = Outcome(status, AT, GUID, pre_no="B20261122000000007")
            written = write_receipts(kind, GUID, [(record, outcome) for record in read_message(text).records])
            assert judge(written) == []
            receipt = read_message(written)
            assert (receipt.type, receipt.faults) == (answers(kind), ())
            assert receipt.records[0].fields["returnInfo"] == STATUS_NAMES[status]
            assert receipt.records[0].fields["returnTime"] == "20261122000509123"
        answered.add(kind)
    assert answered >= {
        "CEB311",
        "CEB411",
        "CEB511",
        "CEB513",
        "CEB621",
        "CEB623",
        "CEB625",
        "CEB711",
        "CEB603",
        "CEB213",
    }


def test_a_receipt_names_the_document(messages: dict[str, bytes]) -> None:
    (document,) = read_message(messages["CEB621_inventory_9610"]).records
    (receipt,) = read_message(write_receipts("CEB621", GUID, [(document, OUTCOME)])).records
    for tag in ("customsCode", "ebpCode", "ebcCode", "agentCode", "copNo"):
        assert receipt.fields[tag] == document.fields[tag]
    assert "invtNo" not in receipt.fields, "the document has none, and customs' own system gives it"
    assert receipt.fields["preNo"] == "B20261122000000007"
    numbered = Record({**document.fields, "preNo": "B20260115000000001", "invtNo": "53142026I000000001"})
    (receipt,) = read_message(write_receipts("CEB621", GUID, [(numbered, OUTCOME)])).records
    assert (receipt.fields["preNo"], receipt.fields["invtNo"]) == ("B20260115000000001", "53142026I000000001")


def test_receipts_have_the_default_namespace_and_are_the_same_each_time(messages: dict[str, bytes]) -> None:
    (document,) = read_message(messages["CEB621_inventory_9610"]).records
    first = write_receipts("CEB621", GUID, [(document, OUTCOME)])
    assert b"<CEB622Message xmlns=" in first
    assert first == write_receipts("CEB621", GUID, [(document, OUTCOME)])


def test_what_would_be_invalid_is_not_written(messages: dict[str, bytes]) -> None:
    with pytest.raises(MessageInvalidError, match="ebpCode"):
        write_receipts("CEB311", GUID, [(Record({"orderNo": "X"}), OUTCOME)])
    with pytest.raises(MessageInvalidError, match="guid"):
        write_receipts("CEB621", "too short", [(Record({"copNo": "X"}), OUTCOME)])
    with pytest.raises(MessageInvalidError, match="InventoryReturn"):
        write_receipts("CEB621", GUID, [])
    with pytest.raises(MessageInvalidError, match="enterprises"):
        write_message("CEB621", GUID, [])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(fields=st.dictionaries(st.sampled_from(("copNo", "preNo", "ebcCode", "customsCode")), st.text(max_size=40)))
def test_whatever_a_document_says_the_answer_is_valid_or_refused(fields: dict[str, str], judge: Judge) -> None:
    try:
        written = write_receipts("CEB621", GUID, [(Record(fields), OUTCOME)])
    except MessageInvalidError:
        return
    assert judge(written) == []


@pytest.mark.parametrize(
    ("state", "reason", "status"),
    [
        (State.PRE_ADVISED, "", "120"),
        (State.ARRIVED, "", "120"),
        (State.IMAGED, "", None),
        (State.DOC_REVIEW, "value_doubt", "300"),
        (State.REFERRED, "random_check", "500"),
        (State.AWAITING_PARTY, "documents", "300"),
        (State.HELD, "intelligence", "600"),
        (State.DETAINED, "suspected_smuggling", "502"),
        (State.DETAINED, "quarantine", "599"),
        (State.TRANSFERRED, "anti_smuggling", "502"),
        (State.TRANSFERRED, "legal_department", "503"),
        (State.TRANSFERRED, "clearance_department", "501"),
        (State.TRANSFERRED, "", "505"),
        (State.RELEASED, "as_declared", "800"),
        (State.CLOSED, "", "899"),
        (State.RETURNED, "over_limit", "700"),
        (State.REJECTED, "declaration_wrong", "100"),
        (State.DESTROYED, "quarantine", None),
    ],
)
def test_states_have_their_status(state: State, reason: str, status: str | None) -> None:
    assert status_of(state, reason) == status


def test_every_status_is_one_of_its_state() -> None:
    for state in State:
        status = status_of(state)
        assert (status is None) == (state not in STATUSES)
        assert status is None or status in STATUSES[state]
