"""A message as it was read, and everything that is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class FaultKind(StrEnum):
    """What may be wrong. The first ones are faults by the schema, which its own judge finds too."""

    MISSING = "missing"
    REPEATED = "repeated"
    TOO_MANY = "too_many"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    NOT_DECIMAL = "not_decimal"
    TOO_MANY_DIGITS = "too_many_digits"
    NOT_INTEGER = "not_integer"
    WRONG_FIXED = "wrong_fixed"
    UNKNOWN_TAG = "unknown_tag"
    UNKNOWN_ATTRIBUTE = "unknown_attribute"
    STRAY_TEXT = "stray_text"
    WRONG_ORDER = "wrong_order"
    WRONG_ROOT = "wrong_root"
    UNSIGNED = "unsigned"
    # Beyond the schema: what its annotations and the lists of codes say.
    WRONG_CODE = "wrong_code"
    WRONG_SHAPE = "wrong_shape"
    EMPTY = "empty"
    NEEDED = "needed"
    FORBIDDEN = "forbidden"
    NEGATIVE = "negative"
    WRONG_SUM = "wrong_sum"
    WRONG_NUMBERING = "wrong_numbering"
    WRONG_SPAN = "wrong_span"
    TOO_MUCH = "too_much"
    UNLIKE_ORIGINAL = "unlike_original"
    SAME_GUID = "same_guid"
    SIGNATURE_EMPTY = "signature_empty"
    MORE_FAULTS = "more_faults"


BY_SCHEMA = frozenset(list(FaultKind)[: list(FaultKind).index(FaultKind.WRONG_CODE)])


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: where, which value was found, and what was expected.

    `path` names elements from the record on, numbered from 1, such as Inventory[2]/InventoryList[1]/qty.
    """

    kind: FaultKind
    path: str
    value: str = ""
    expected: str = ""

    @property
    def is_by_schema(self) -> bool:
        return self.kind in BY_SCHEMA

    @property
    def record(self) -> str:
        """The number of the record that it is in, "" for a fault of the whole message."""
        head = self.path.partition("/")[0]
        return "" if head.startswith("Base") else head.partition("[")[2].removesuffix("]")

    def to_json(self) -> dict[str, str]:
        return {"kind": self.kind.value, "path": self.path, "value": self.value, "expected": self.expected}


class Signature(StrEnum):
    """What is known of a signature. Nothing is verified here: that needs the keys of the China E-port."""

    ABSENT = "absent"
    NOT_VERIFIED = "not_verified"


@dataclass(frozen=True, slots=True)
class Record:
    """One document in a message: its fields by their tags, as text without surrounding space, and its lines."""

    fields: dict[str, str]
    lines: tuple[dict[str, str], ...] = ()

    @property
    def guid(self) -> str:
        return self.fields.get("guid", "")

    @property
    def is_draft(self) -> bool:
        """Whether it is only stored and not declared yet (暂存)."""
        return self.fields.get("appStatus") == "1"

    @property
    def is_deletion(self) -> bool:
        """Whether it takes back what was declared before (删除)."""
        return self.fields.get("appType") == "3"

    def to_json(self) -> dict[str, object]:
        return {**self.fields, "lines": list(self.lines)} if self.lines else dict(self.fields)


@dataclass(frozen=True, slots=True)
class Envelope:
    """The DxpMsg that a message came in (终端节点报文)."""

    message_id: str
    sender: str
    receivers: tuple[str, ...]
    message_type: str
    created: str


@dataclass(frozen=True, slots=True)
class Message:
    """A message of the Single Window. `type` is such as CEB621; `transfer` holds who transmitted it."""

    type: str
    guid: str
    records: tuple[Record, ...]
    faults: tuple[Fault, ...]
    signature: Signature
    transfer: dict[str, str] = field(default_factory=dict)
    envelope: Envelope | None = None
