"""Which waiting parcels were declared since their lane was set, and what it costs to ask."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.customs.parcel import Declaration, GoodsLine, Kind, Lane
from app.store import late
from app.store.errors import ParcelChangedError
from app.store.late import FIRST
from app.store.store import Store

NOON = datetime.now(UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(tmp_path, station="belt-1", ballast_bytes=1 << 16)
    yield opened
    opened.close()


def declare(store: Store, *numbers: str, goods: str = "书") -> None:
    store.add_declarations(Declaration(number, (GoodsLine(goods),)) for number in numbers)


def due(store: Store) -> list[int]:
    return [place.parcel_id for place in store.late.due(FIRST, 10)]


def test_a_parcel_is_due_from_its_declaration_until_it_is_assessed(store: Store) -> None:
    assert store.late.newest() == 0
    declare(store, "BEFORE")
    before = store.register("BEFORE", Kind.PARCEL, arrived_at=NOON)
    parcel = store.register("A", Kind.PARCEL, codes=["A", "B"], arrived_at=NOON + timedelta(seconds=1))
    declare(store, "C")
    assert due(store) == []
    declare(store, "B")
    assert due(store) == [parcel.id]
    store.identify(
        parcel.id, number="B", codes=["A", "B"], findings=(), lane=Lane.GREEN, lane_reasons=(),
        expected_version=parcel.version,
    )  # fmt: skip
    assert due(store) == []
    declare(store, "BEFORE", "A", goods="手表")
    assert due(store) == [before.id, parcel.id]
    assert store.late.newest() == 5


def test_what_is_over_a_year_older_than_the_parcel_is_another_parcel_s(store: Store) -> None:
    store.register("A", Kind.PARCEL, arrived_at=NOON + timedelta(days=400))
    declare(store, "A")
    assert due(store) == []


def test_a_parcel_that_changed_meanwhile_is_not_assessed(store: Store) -> None:
    parcel = store.register("A", Kind.PARCEL, arrived_at=NOON)
    declare(store, "A")
    with pytest.raises(ParcelChangedError):
        store.identify(
            parcel.id, number="A", codes=[], findings=(), lane=Lane.RED, lane_reasons=(),
            expected_version=parcel.version,
        )  # fmt: skip
    assert store.parcel(parcel.id).lane == Lane.GREEN


def test_the_question_goes_through_what_waits_by_indexes_alone(store: Store) -> None:
    with store._database.read() as reader:
        plan = [row[3] for row in reader.execute(f"EXPLAIN QUERY PLAN {late._DUE}", (*FIRST, 200))]
    assert plan[0] == "SEARCH p USING INDEX parcels_waiting (arrived_us>?)"
    assert [step for step in plan if "SCAN" in step or "TEMP B-TREE" in step] == []
    assert sum("declarations_by_number (number=?)" in step for step in plan) == 2
