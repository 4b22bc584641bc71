"""A store in a fresh folder, and parcels that go through it; a store of eight parcels whose checkpoints are signed."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from app.customs.parcel import Capture, Declaration, GoodsLine, Parcel
from app.store.captures import sha256_of
from app.store.store import Store
from tests.app.store.signed_store import Office, fill

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


@pytest.fixture(scope="module")
def office() -> Office:
    return Office()


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, office: Office) -> Path:
    folder = tmp_path_factory.mktemp("template")
    store = Store.open(folder, station="belt-1", ballast_bytes=1024)
    store.add_declarations([Declaration(f"N{i}", (GoodsLine("手表", "9102"), GoodsLine('"书"\n'))) for i in range(9)])
    fill(store, 0, 4)
    store.keeping.take_checkpoint(office)
    fill(store, 4, 8)
    store.keeping.take_checkpoint(office)
    store.close()
    return folder


@pytest.fixture
def kept(template: Path, tmp_path: Path) -> Iterator[Store]:
    shutil.copytree(template, tmp_path / "kept")
    store = Store.open(tmp_path / "kept", station="belt-1", ballast_bytes=1024)
    yield store
    store.close()
