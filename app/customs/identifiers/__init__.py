"""What a code or typed text is: postal item, container, waybill, GS1 key, customs number. Text in, records out."""

from __future__ import annotations

from app.customs.identifiers.candidate import Candidate, Fact, IdentifierKind, Remark
from app.customs.identifiers.parsing import parse

__all__ = ["Candidate", "Fact", "IdentifierKind", "Remark", "parse"]
