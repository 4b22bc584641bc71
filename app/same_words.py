"""Likeness in words."""

from __future__ import annotations

from app.sameness import Compared, Near, Remark
from app.texts import text


def say_remark(remark: Remark) -> str:
    return text(f"same.remark.{remark.key}", **remark.details)


def say_near(near: Near) -> str:
    return text("same.near", likeness=text(f"same.likeness.{near.likeness}"), score=f"{near.score:.2f}")


def say_compared(compared: Compared) -> str:
    """One line: the step, the score, and what speaks against it."""
    remarks = "  ".join(map(say_remark, compared.remarks))
    likeness = text(f"same.likeness.{compared.likeness}")
    return text("same.line", likeness=likeness, score=f"{compared.score:.2f}", remarks=remarks).strip()
