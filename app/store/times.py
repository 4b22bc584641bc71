"""Aware UTC times and the integers that stand for them in the file: microseconds since 1970."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_US = timedelta(microseconds=1)


def to_us(time: datetime) -> int:
    """Raises ValueError for a time without a zone."""
    if time.tzinfo is None:
        raise ValueError("A time has no zone; times are aware UTC.")
    return (time - _EPOCH) // _US


def from_us(us: int) -> datetime:
    return _EPOCH + timedelta(microseconds=us)
