"""Receipts (回执): what customs answer to a document, from the state of a parcel and the document itself.

A receipt's fields that name the document are the document's own, under the same tags.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.customs.states import State
from app.exchange.ceb.message import Record
from app.exchange.ceb.papers import CHINA
from app.exchange.ceb.tables import Field, spec
from app.exchange.ceb.write import write_message

ACCEPTED = "120"
"""The document is in customs' database (海关入库)."""

STATUS_NAMES: dict[str, str] = {
    "1": "电子口岸已暂存",
    "2": "电子口岸申报中",
    "3": "发送海关成功",
    "4": "发送海关失败",
    "100": "海关退单",
    "120": "海关入库",
    "300": "人工审核",
    "399": "海关审结",
    "500": "查验",
    "501": "扣留移送通关",
    "502": "扣留移送缉私",
    "503": "扣留移送法规",
    "505": "移交",
    "599": "其它扣留",
    "600": "挂起",
    "700": "退运",
    "800": "放行",
    "899": "结关",
}

# Source: CEB 622 return statuses; which of them a state stands for is Guanjian's own.
STATUSES: dict[State, tuple[str, ...]] = {
    State.PRE_ADVISED: ("2", "3", ACCEPTED),
    State.ARRIVED: (ACCEPTED,),
    State.DOC_REVIEW: ("300",),
    State.REFERRED: ("500",),
    State.EXAMINING: ("500",),
    State.EXAM_ABNORMAL: ("500",),
    State.AWAITING_PARTY: ("300", "600"),
    State.AWAITING_LAB: ("500",),
    State.HELD: ("600",),
    State.DETAINED: ("501", "502", "503", "599"),
    State.RELEASED: ("800",),
    State.CLOSED: ("899",),
    State.RETURNED: ("700",),
    State.TRANSFERRED: ("501", "502", "503", "505"),
    State.REJECTED: ("100",),
}
_BY_REASON: dict[str, str] = {
    "clearance_department": "501",
    "anti_smuggling": "502",
    "suspected_smuggling": "502",
    "legal_department": "503",
    "other_agency": "505",
}
# Where a state stands for several statuses and no reason chooses: accepted is what an arrival is, and a detention
# or hand-over that names no department is the general one.
_USUAL: dict[State, str] = {
    State.PRE_ADVISED: ACCEPTED,
    State.DETAINED: "599",
    State.TRANSFERRED: "505",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is told about a document: its status, when it came to that, and a text of up to 1000 letters.

    `guid` is the receipt's own. `pre_no` is used where the document has none of its own that fits.
    """

    status: str
    at: datetime
    guid: str
    info: str = ""
    pre_no: str = ""

    @property
    def time(self) -> str:
        """The time as receipts write it."""
        local = self.at.astimezone(CHINA)
        return f"{local:%Y%m%d%H%M%S}{local.microsecond // 1000:03d}"


def status_of(state: State, reason: str = "") -> str | None:
    """The receipt status for a state and the reason of the decision that led to it; None where there is none."""
    codes = STATUSES.get(state)
    if codes is None:
        return None
    if _BY_REASON.get(reason) in codes:
        return _BY_REASON[reason]
    return _USUAL.get(state, codes[0])


def answers(kind: str) -> str:
    """The message that answers a kind of message, "" where none does."""
    return spec(kind).answer


def write_receipts(kind: str, guid: str, answered: Sequence[tuple[Record, Outcome]]) -> bytes:
    """The receipts of up to 100 documents of one kind, such as CEB621, as one message.

    Raises:
        MessageInvalidError: a document lacks what its receipt has to name.
    """
    answer = answers(kind)
    return write_message(answer, guid, [_receipt(answer, document, outcome) for document, outcome in answered])


def _receipt(answer: str, document: Record, outcome: Outcome) -> Record:
    own = {
        "guid": outcome.guid,
        "returnStatus": outcome.status,
        "returnTime": outcome.time,
        "returnInfo": outcome.info or STATUS_NAMES.get(outcome.status, outcome.status),
    }
    fields = {
        field.tag: own.get(field.tag) or _named(field, document.fields, outcome) for field in spec(answer).record.fields
    }
    return Record({tag: value for tag, value in fields.items() if value})


def _named(field: Field, document: Mapping[str, str], outcome: Outcome) -> str:
    """What the document says under a tag of the receipt, if it fits there; a number that customs give, if not."""
    value = document.get(field.tag, "")
    if field.low <= len(value) <= field.high or field.letter in "NI":
        return value
    if field.is_optional:
        return ""
    if field.tag in ("preNo", "copNo"):
        return outcome.pre_no
    return value[: field.high]
