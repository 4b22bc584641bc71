"""The records that go to the platform and come back, checked where they come in."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

Text = Annotated[str, Field(max_length=1000)]
Name = Annotated[str, Field(min_length=1, max_length=250)]
Amount = Annotated[str, Field(pattern=r"^[0-9]{1,12}(\.[0-9]{1,2})?$")]
"""Yuan with at most two places, as text: a float is no money."""

Value = Annotated[str, Field(pattern=r"^[0-9]{1,12}(\.[0-9]{1,5})?$")]


class RequestKind(StrEnum):
    """What customs tell the platform. The first three ask the consignee for something."""

    DECLARATION_WANTED = "declaration_wanted"
    DOCUMENTS_WANTED = "documents_wanted"
    TAX_DUE = "tax_due"
    NO_TAX = "no_tax"
    TAX_UPHELD = "tax_upheld"
    REFUNDED = "refunded"
    REFUND_REFUSED = "refund_refused"
    RETURN_GRANTED = "return_granted"
    RETURN_REFUSED = "return_refused"
    RELEASED = "released"


class AnswerKind(StrEnum):
    """What a consignee does on the platform."""

    DECLARED = "declared"
    DOCUMENTS_SENT = "documents_sent"
    PAID = "paid"
    DISPUTED = "disputed"
    RETURN_ASKED = "return_asked"


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Request(_Record):
    """One thing that customs tell. `case` comes back in the answers; `notice` is the consignee's text by language."""

    version: Literal[1] = 1
    id: Name
    kind: RequestKind
    case: Name
    item: Name
    at: AwareDatetime
    due_at: AwareDatetime | None = None
    note: Text = ""
    amount: Amount | None = None
    estimate: dict[str, Any] | None = None
    notice: dict[str, str] = Field(default_factory=dict)


class AnsweredArticle(_Record):
    """One article of a supplementary declaration. `value` is of the whole line, in the currency."""

    name: Name
    category: Annotated[str, Field(pattern="^[a-z_]{0,40}$")] = ""
    hs_code: Annotated[str, Field(pattern="^([0-9]{4,13})?$")] = ""
    count: Annotated[int, Field(ge=1, le=100_000)] = 1
    value: Value
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = "CNY"
    indivisible: bool = False


class Answer(_Record):
    """One thing that a consignee did. `id` is the platform's own: an answer that comes twice counts once.

    `case` is that of the request; without it the newest item here with this number is meant.
    """

    version: Literal[1] = 1
    id: Name
    kind: AnswerKind
    item: Annotated[str, Field(min_length=1, max_length=60)]
    at: AwareDatetime
    case: Annotated[str, Field(max_length=100)] = ""
    articles: Annotated[tuple[AnsweredArticle, ...], Field(max_length=200)] = ()
    documents: Annotated[tuple[Name, ...], Field(max_length=50)] = ()
    amount: Amount | None = None
    receipt: Annotated[str, Field(max_length=100)] = ""
    reason: Text = ""

    @model_validator(mode="after")
    def _check_kind(self) -> Self:
        needed: dict[AnswerKind, tuple[object, str]] = {
            AnswerKind.DECLARED: (self.articles, "articles"),
            AnswerKind.DOCUMENTS_SENT: (self.documents, "documents"),
            AnswerKind.PAID: (self.amount and self.receipt, "amount and receipt"),
            AnswerKind.DISPUTED: (self.reason, "reason"),
            AnswerKind.RETURN_ASKED: (self.reason, "reason"),
        }
        has, what = needed[self.kind]
        if not has:
            raise ValueError(f"an answer of kind {self.kind} needs {what}")
        return self


def schema() -> dict[str, Any]:
    """The JSON schema of both records."""
    return {"request": Request.model_json_schema(), "answer": Answer.model_json_schema()}
