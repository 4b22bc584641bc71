"""The records of a parcel (包裹) or container (集装箱): who declared what, what was seen, what is open on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.customs.states import Action, State
from app.customs.waiting import Waiting


class Kind(StrEnum):
    """What travels: a mail or express parcel (包裹), a container on its truck (集装箱)."""

    PARCEL = "parcel"
    CONTAINER = "container"


class Lane(StrEnum):
    """Risk lane (风险通道): red opening, yellow documents, blue image with care, green image."""

    RED = "red"
    YELLOW = "yellow"
    BLUE = "blue"
    GREEN = "green"


class FindingKind(StrEnum):
    """What is remarkable about a parcel. Findings hang on it and are never folded into its state."""

    NO_CODE = "no_code"
    NO_SCAN = "no_scan"
    SEVERAL_CODES = "several_codes"
    NO_DECLARATION = "no_declaration"
    BAD_CHECK_DIGIT = "bad_check_digit"
    DOUBTFUL_CODE = "doubtful_code"
    UNSCREENED = "unscreened"
    PARTIAL_SCAN = "partial_scan"
    DETECTION = "detection"
    REPEATED_NUMBER = "repeated_number"
    RECALLED = "recalled"
    INTERCEPTED = "intercepted"
    CONTROLLED = "controlled"
    WITHDRAWN = "withdrawn"
    ALREADY_RELEASED = "already_released"
    DOUBTED_LABEL = "doubted_label"
    NOT_AS_DECLARED = "not_as_declared"
    OPAQUE = "opaque"


@dataclass(frozen=True, slots=True)
class Finding:
    kind: FindingKind
    detail: str = ""


@dataclass(frozen=True, slots=True)
class GoodsLine:
    """One line of declared goods (申报商品). `value` is in 1e-5 units of the declaration's currency."""

    name: str
    hs_code: str = ""
    quantity: str = "1"
    unit: str = ""
    weight_g: int | None = None
    value: int | None = None
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Declaration:
    """What was declared (申报). `number` is what the parcel's code says: S10, waybill, container number."""

    number: str
    goods: tuple[GoodsLine, ...]
    channel: str = "mail"
    sender: str = ""
    consignee: str = ""
    origin: str = ""
    gross_weight_g: int | None = None
    value: int | None = None
    currency: str = "CNY"
    declared_at: datetime | None = None
    source: str = ""

    @property
    def summary(self) -> str:
        """The goods in one line, for the queue."""
        return "、".join(line.name for line in self.goods)


@dataclass(frozen=True, slots=True)
class Seen:
    """A detection as it was shown to the officer: class, score, confidence step, box in px, view number."""

    label: str
    score: float
    level: str
    box: tuple[int, int, int, int]
    view: int = 0


@dataclass(frozen=True, slots=True)
class Capture:
    """A picture of the parcel: the file's path below the captures folder and its sha256.

    `sidecar_sha256` is that of the description beside it; empty for pictures kept by the first versions.
    """

    scan_id: str
    path: str
    sha256: str
    device: str
    taken_at: datetime
    model: str = ""
    detect_ms: float | None = None
    sidecar_sha256: str = ""


@dataclass(frozen=True, slots=True)
class Parcel:
    """Everything about one parcel, as read from the store at one moment. `version` grows with every change."""

    id: int
    kind: Kind
    number: str
    state: State
    lane: Lane
    arrived_at: datetime
    codes: tuple[str, ...] = ()
    lane_reasons: tuple[str, ...] = ()
    declaration: Declaration | None = None
    captures: tuple[Capture, ...] = ()
    seen: tuple[Seen, ...] = ()
    findings: tuple[Finding, ...] = ()
    return_state: State | None = None
    trace_code: str | None = None
    version: int = 0
    waiting: tuple[Waiting, ...] = ()


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One row of the queue: no more than the table shows."""

    id: int
    kind: Kind
    number: str
    state: State
    lane: Lane
    arrived_at: datetime
    goods: str
    top_label: str = ""
    top_score: float = 0.0
    findings: tuple[FindingKind, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """What an officer decided, as it stands in the log; `annotations` is what he drew, as JSON."""

    id: int
    parcel_id: int
    action: Action
    before: State
    after: State
    officer: str
    reason: str
    note: str
    decided_at: datetime
    trace_code: str | None = None
    undone_at: datetime | None = None
    annotations: str = ""
    second_officer: str = ""


@dataclass(frozen=True, slots=True)
class ArchiveFilter:
    """What is sought in the archive; empty parts do not matter.

    `code` is the beginning of a number or code, `goods` words of the goods, `label` a class that a detector saw,
    `arrived_to` the first moment that is too late.
    """

    code: str = ""
    goods: str = ""
    sender: str = ""
    arrived_from: datetime | None = None
    arrived_to: datetime | None = None
    label: str = ""
    action: Action | None = None
    officer: str = ""


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """What the queue shows. Empty means everything that waits for an officer; `text` searches number and goods."""

    states: tuple[State, ...] = ()
    lanes: tuple[Lane, ...] = ()
    kinds: tuple[Kind, ...] = ()
    text: str = ""
    newest_first: bool = False
