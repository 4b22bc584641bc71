"""The archive finds by every part alone and together, by indexes and not by reading everything."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from app.customs.parcel import ArchiveFilter, Capture, Declaration, GoodsLine, Parcel, Seen
from app.customs.states import Action
from app.store.archive import query
from app.store.captures import sha256_of
from app.store.officers import Account
from app.store.store import Store

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def fill(store: Store, noon: datetime = NOON) -> None:
    """Six parcels, an hour apart: odd ones with a knife, the third released by li, the fourth held by wang."""
    goods = ("手表", "茶叶", "陶瓷茶具", "书", "毛绒玩具", "鞋")
    store.add_declarations(
        Declaration(f"EA{i}", (GoodsLine(name),), sender="Example Trading" if i % 3 == 0 else "Other Post")
        for i, name in enumerate(goods)
    )
    for i in range(6):
        picture = store.captures_folder / f"s{i}.tif"
        picture.write_bytes(b"x")
        seen = (Seen("blade", 0.8, "sure", (1, 2, 3, 4)),) if i % 2 else ()
        store.record_scan(
            None, Capture(f"s{i}", picture.name, sha256_of(picture), "belt", NOON), number=f"EA{i}",
            codes=(f"EA{i}", f"Q{i}"), seen=seen, model="m", detect_ms=1.0, arrived_at=noon + timedelta(hours=i),
        )  # fmt: skip
    store.decide(3, Action.RELEASE, officer="li", decided_at=NOON)
    held = store.decide(4, Action.HOLD, officer="wang", reason="image_unclear", decided_at=NOON)
    store.decide(5, Action.HOLD, officer="wang", reason="image_unclear", decided_at=NOON)
    store.undo(held.id + 1, officer="wang", now=NOON, within_s=60)
    store.officers.put(Account("li", "李明", "admin", "li", NOON, pin="$argon2id$1"))


@pytest.fixture
def filled(store: Store) -> Store:
    fill(store)
    return store


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        pytest.param(ArchiveFilter(), [6, 5, 4, 3, 2, 1], id="nothing"),
        pytest.param(ArchiveFilter(code="EA2"), [3], id="code"),
        pytest.param(ArchiveFilter(code="ea"), [6, 5, 4, 3, 2, 1], id="code-begun"),
        pytest.param(ArchiveFilter(code="Q4"), [5], id="code-further"),
        pytest.param(ArchiveFilter(arrived_from=NOON + timedelta(hours=2)), [6, 5, 4, 3], id="date-from"),
        pytest.param(ArchiveFilter(arrived_to=NOON + timedelta(hours=2)), [2, 1], id="date-to"),
        pytest.param(ArchiveFilter(goods="茶"), [3, 2], id="goods"),
        pytest.param(ArchiveFilter(goods="茶叶"), [2], id="goods-word"),
        pytest.param(ArchiveFilter(goods="%"), [], id="goods-sign"),
        pytest.param(ArchiveFilter(sender="Example Trading"), [4, 1], id="sender"),
        pytest.param(ArchiveFilter(label="blade"), [6, 4, 2], id="class"),
        pytest.param(ArchiveFilter(action=Action.HOLD), [4], id="decision-not-undone"),
        pytest.param(ArchiveFilter(action=Action.RELEASE), [3], id="decision"),
        pytest.param(ArchiveFilter(officer="li"), [3], id="officer"),
        pytest.param(ArchiveFilter(officer=" LI"), [3], id="officer-in-capitals"),
        pytest.param(ArchiveFilter(officer="李明"), [3], id="officer-by-name"),
        pytest.param(ArchiveFilter(officer="l"), [], id="officer-begun"),
        pytest.param(ArchiveFilter(action=Action.RELEASE, officer="wang"), [], id="decision-of-another"),
        pytest.param(
            ArchiveFilter(sender="Example Trading", label="blade", officer="wang", arrived_from=NOON),
            [4],
            id="together",
        ),
    ],
)
def test_every_part_narrows_the_search(filled: Store, wanted: ArchiveFilter, expected: list[int]) -> None:
    assert [row.id for row in filled.archive(wanted)] == expected


def test_no_more_than_asked_for_newest_first(filled: Store) -> None:
    assert [row.id for row in filled.archive(ArchiveFilter(), limit=2)] == [6, 5]


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (ArchiveFilter(), "parcels_by_arrival"),
        (ArchiveFilter(arrived_from=NOON, arrived_to=NOON, label="blade", officer="li"), "parcels_by_arrival"),
        (ArchiveFilter(code="EA", arrived_from=NOON), "parcels_by_number"),
        (ArchiveFilter(sender="Other Post", arrived_from=NOON), "declarations_by_sender"),
        (ArchiveFilter(label="blade"), "detections_of_screening"),
        (ArchiveFilter(action=Action.HOLD), "decisions_of_parcel"),
        (ArchiveFilter(officer="李明"), "decisions_of_parcel"),
    ],
)
def test_no_search_reads_a_whole_table(filled: Store, wanted: ArchiveFilter, index: str) -> None:
    sql, values = query(wanted, 50)
    with filled._database.read() as reader:
        plan = [row[3] for row in reader.execute(f"EXPLAIN QUERY PLAN {sql}", values)]
    assert any(index in step for step in plan), plan
    for step in plan:
        is_small = "undos" in step or "officers" in step
        assert not step.startswith("SCAN") or "USING" in step or "VIRTUAL TABLE" in step or is_small, plan


def test_parcel_of_this_year_is_found_by_its_number(filled: Store, imaged: Callable[..., Parcel]) -> None:
    parcel = imaged("RX1")
    assert [row.id for row in filled.archive(ArchiveFilter(code="RX1"))] == [parcel.id]
