"""Hits of control orders in words: what is to be done, where, and how long they may still wait."""

from __future__ import annotations

from datetime import datetime

from app.customs.orders import Hit
from app.texts import text
from app.ui import words


def due_words(hit: Hit, now: datetime) -> str:
    """The clock of a hit: how long it may still wait for its acknowledgement, or how that went."""
    if hit.due_at is None:
        return ""
    if hit.acknowledged is not None:
        return text(f"orders.acknowledged_{'late' if hit.is_late(now) else 'in_time'}")
    if hit.ended is not None:
        return ""
    left_s = (hit.due_at - now).total_seconds()
    key = "orders.due_in" if left_s >= 0 else "orders.overdue"
    return text(key, span=words.span(abs(left_s)))


def hit_words(hit: Hit, now: datetime) -> str:
    """An open hit in one line."""
    where, what = text(f"orders.part.{hit.part}"), text(f"orders.work.{hit.work}")
    parts = (hit.order.id, what, where, due_words(hit, now), hit.order.instruction)
    return " · ".join(part for part in parts if part)
