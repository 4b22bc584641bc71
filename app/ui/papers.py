"""The match of a parcel's papers in words."""

from __future__ import annotations

from app.customs.match import Difference, Match
from app.texts import text


def summary(match: Match) -> list[tuple[str, str]]:
    """What the match says in a line or two, each with its tone: good, warn, bad."""
    lines = []
    if match.differences:
        lines.append((text("papers.differ", n=len(match.differences)), "bad"))
    if match.missing:
        names = "、".join(text(f"ceb.paper.{paper}") for paper in match.missing)
        lines.append((text("papers.waits", papers=names), "warn"))
    if not lines:
        lines.append((text("papers.agree"), "good"))
    return lines


def shown(field: str, value: str) -> str:
    """A value as an officer sees it: of personal numbers the beginning and the end."""
    if field not in _PERSONAL or len(value) < 8:
        return value
    return f"{value[:3]}{'*' * (len(value) - 7)}{value[-4:]}"


_PERSONAL = frozenset({"buyer_id", "buyer_phone", "consignee_phone"})


def difference_words(found: Difference) -> str:
    field = text(f"ceb.field.{found.field}")
    return text(
        "papers.differs",
        field=text("papers.line", field=field, line=found.line) if found.line else field,
        first=text(f"ceb.paper.{found.first}"),
        one=shown(found.field, found.first_value) or "–",
        second=text(f"ceb.paper.{found.second}"),
        two=shown(found.field, found.second_value) or "–",
    )
