"""A store in a fresh folder, and parcels that go through it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from app.customs.parcel import Capture, Parcel
from app.store.captures import sha256_of
from app.store.store import Store

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(tmp_path, station="belt-1", ballast_bytes=1 << 16)
    yield opened
    opened.close()


@pytest.fixture
def imaged(store: Store) -> Callable[..., Parcel]:
    """Puts a parcel with a picture into the store; the picture is a few bytes, which is all that the rows care for."""
    numbers = count(1)

    def put(number: str = "", **given: object) -> Parcel:
        name = f"scan-{next(numbers)}"
        path = store.captures_folder / f"{name}.tif"
        path.write_bytes(name.encode())
        capture = Capture(name, path.name, sha256_of(path), "belt", NOON)
        return store.record_scan(None, capture, number=number, **({"arrived_at": NOON} | given))  # type: ignore[arg-type]

    return put
