"""The platform as a simulation: consignees who declare, pay, dispute, ask for return or never answer, each by file.

The same folder, seed and mix give the same answers. A phantom of the platform, for training and tests.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from app.exchange.platform.schema import Answer, AnsweredArticle, AnswerKind, Request, RequestKind
from app.exchange.records import DONE, REFUSED, files_in, parse_record, read_records
from imaging.files.durable import write_whole


class Manner(StrEnum):
    """How a consignee behaves."""

    WILLING = "willing"
    DISPUTES = "disputes"
    RETURNS = "returns"
    SILENT = "silent"


MIX: tuple[Manner, ...] = (*[Manner.WILLING] * 7, Manner.DISPUTES, Manner.RETURNS, Manner.SILENT)

_ARTICLES = (
    AnsweredArticle(name="图书", category="books", hs_code="4901990000", count=3, value="268.00"),
    AnsweredArticle(name="棉制连衣裙", category="textiles", hs_code="6204420000", count=1, value="899.00"),
    AnsweredArticle(name="香水", category="cosmetics", hs_code="3303000010", count=1, value="520.00"),
    AnsweredArticle(name="智能手机", category="electricals", hs_code="8517130000", value="3999.00", indivisible=True),
    AnsweredArticle(name="手表", category="watches", hs_code="9102120000", value="15800.00", indivisible=True),
)


def manner_of(item: str, seed: int, mix: Sequence[Manner] = MIX) -> Manner:
    """The manner of an item's consignee, always the same one."""
    return mix[_draw(item, seed) % len(mix)]


def answer(request: Request, manner: Manner, *, at: datetime, seed: int = 0) -> Answer | None:
    """What a consignee answers to a request; None where he does not, or nothing is asked."""
    if manner is Manner.SILENT:
        return None
    match request.kind:
        case RequestKind.DECLARATION_WANTED if manner is Manner.RETURNS:
            return _say(request, AnswerKind.RETURN_ASKED, at, reason="不再需要该物品")
        case RequestKind.DECLARATION_WANTED:
            article = _ARTICLES[_draw(request.item, seed, "article") % len(_ARTICLES)]
            return _say(request, AnswerKind.DECLARED, at, articles=(article,))
        case RequestKind.DOCUMENTS_WANTED:
            return _say(request, AnswerKind.DOCUMENTS_SENT, at, documents=("invoice.pdf",))
        case RequestKind.TAX_DUE if manner is Manner.DISPUTES:
            return _say(request, AnswerKind.DISPUTED, at, reason="实际购买价格低于估定价格，附付款截图")
        case RequestKind.TAX_DUE | RequestKind.TAX_UPHELD if request.amount:
            receipt = f"SIM{_draw(request.id, seed):010d}"
            return _say(request, AnswerKind.PAID, at, amount=request.amount, receipt=receipt)
        case _:
            return None


def run(outbox: Path, inbox: Path, *, at: datetime, seed: int = 0, mix: Sequence[Manner] = MIX) -> Iterator[Answer]:
    """Answer the requests in a folder that were not answered before, each into a file of its own.

    Raises:
        ExchangeError: a request cannot be read, or a folder cannot be used.
    """
    for path in files_in(outbox):
        for record in read_records(path):
            request = parse_record(Request, record, path.name)
            name = f"{request.id}.json"
            if any((folder / name).exists() for folder in (inbox, inbox / DONE, inbox / REFUSED)):
                continue
            said = answer(request, manner_of(request.item, seed, mix), at=at, seed=seed)
            if said is not None:
                content = json.dumps(said.model_dump(mode="json", exclude_defaults=True), ensure_ascii=False, indent=1)
                write_whole(inbox / name, content.encode())
                yield said


def _say(request: Request, kind: AnswerKind, at: datetime, **more: object) -> Answer:
    key = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{request.id}/{kind}"))
    said = {"id": key, "kind": kind, "item": request.item, "at": at, "case": request.case}
    return Answer.model_validate(said | more)


def _draw(text: str, seed: int, what: str = "") -> int:
    digest = hashlib.sha256(f"{seed}/{what}/{text}".encode()).digest()
    return int.from_bytes(digest[:4])
