"""Filings at the station: preview, import, versions, pages, and the facts that they give about a declaration."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from app.customs.filings import Book, Credit, Filing, Standing, Underpriced
from app.customs.parcel import Declaration, GoodsLine
from app.filing_office import FilingOffice, Imported
from app.officers.errors import RightMissingError
from app.officers.rights import KnownOfficers, Role
from app.store.filings import Counted
from app.store.messages import Received
from app.store.store import Store

DAY = date(2026, 5, 1)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(tmp_path / "data", station="belt-1", ballast_bytes=1 << 16)
    yield opened
    opened.close()


@pytest.fixture
def office(store: Store) -> FilingOffice:
    return FilingOffice(store, KnownOfficers({"li": Role.OFFICER, "au": Role.AUDITOR}))


def bring(office: FilingOffice, path: Path, book: Book, text: str, **given: bool) -> Imported:
    path.write_text(text, "utf-8")
    return list(office.import_file(path, book, officer="li", **given))[-1]


def test_a_preview_says_what_an_import_will_do_and_an_import_does_it_once(office: FilingOffice, tmp_path: Path) -> None:
    path, text = tmp_path / "n.csv", "key,name\n93,arms\n9102,watch\nxx,\n"
    for is_preview in (True, False):
        done = bring(office, path, Book.NEGATIVE, text, is_preview=is_preview)
        assert (done.counted, done.wrong_rows, done.rows) == (Counted(2, 0, 0), 1, 3)
    assert office.counts() == {Book.NEGATIVE: 2}
    again = bring(office, path, Book.NEGATIVE, text.replace("watch", "watches"))
    assert again.counted == Counted(0, 1, 1)
    assert office.counts() == {Book.NEGATIVE: 2}
    newest, first = office.versions(Book.NEGATIVE, "9102")
    assert (newest.filing.name, first.filing.name) == ("watches", "watch")
    assert (newest.officer, newest.source) == ("li", "n.csv")


def test_who_may_not_import_does_not(office: FilingOffice, tmp_path: Path) -> None:
    (tmp_path / "n.csv").write_text("key\n93\n")
    with pytest.raises(RightMissingError):
        list(office.import_file(tmp_path / "n.csv", Book.NEGATIVE, officer="au"))


@pytest.mark.parametrize("most_sorted", [1, 20_000])
def test_pages_go_by_key_and_find_by_the_beginning_of_key_or_name(
    office: FilingOffice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most_sorted: int
) -> None:
    """Few names and many are looked up in different ways."""
    monkeypatch.setattr("app.store.filings._SORTED", most_sorted)
    table = "key,name\n" + "".join(f"440396000{n},{'虚构' if n % 2 else '示例'}{n}\n" for n in range(7))
    bring(office, tmp_path / "e.csv", Book.ENTERPRISE, table)
    first = office.page(Book.ENTERPRISE, limit=4)
    assert [filing.key[-1] for filing in first] == ["0", "1", "2", "3"]
    assert [filing.key[-1] for filing in office.page(Book.ENTERPRISE, limit=4, after=first[-1].key)] == ["4", "5", "6"]
    assert [filing.key[-1] for filing in office.page(Book.ENTERPRISE, wanted="虚构", limit=9)] == ["1", "3", "5"]
    later = office.page(Book.ENTERPRISE, wanted="虚构", limit=9, after="4403960003")
    assert [filing.key[-1] for filing in later] == ["5"]
    assert len(office.page(Book.ENTERPRISE, wanted="44", limit=9)) == 7
    assert office.page(Book.ENTERPRISE, wanted="9", limit=9) == []


def test_the_version_in_force_on_a_day_counts(store: Store) -> None:
    def put(standing: Standing, since: date, until: date | None = None) -> None:
        filing = Filing(Book.ENTERPRISE, "4403960ABC", "甲", standing, since, until, {"credit": "ordinary"})
        list(store.filings.add([filing], officer="li", source="f", now=datetime(2026, 5, 1, tzinfo=UTC)))

    put(Standing.IN_FORCE, date(2025, 1, 1))
    put(Standing.SUSPENDED, date(2026, 6, 1), date(2026, 6, 30))
    for day, standing in (
        (date(2024, 12, 31), None),
        (date(2026, 5, 31), Standing.IN_FORCE),
        (date(2026, 6, 30), Standing.SUSPENDED),
        (date(2026, 7, 1), Standing.IN_FORCE),
    ):
        found = store.filings.find(Book.ENTERPRISE, ["4403960ABC"], day).get("4403960ABC")
        assert (found and found.standing) == standing
    assert store.verify_log().is_ok


def test_the_facts_name_enterprise_lists_and_prices(store: Store, office: FilingOffice, tmp_path: Path) -> None:
    goods = (
        GoodsLine("手表", "9102110000", "2", "035", value=400_00000),
        GoodsLine("枪形玩具", "9503008900", "1", "035", value=100_00000),
        GoodsLine("书", "", "1"),
    )
    declared = Declaration("A", goods, channel="cbec", sender="虚构电商甲", source="CEB621/G1")
    assert office.facts_of(declared, DAY).lists == frozenset()
    record = Received("CEB621", "G1", {"ebcCode": "4403960ABC", "agentCode": "4403960XYZ"}, [])
    store.messages.add([(record, None)])
    bring(office, tmp_path / "1.csv", Book.ENTERPRISE, "key,name,credit\n4403960ABC,虚构电商甲,失信\n")
    bring(office, tmp_path / "2.csv", Book.BLACKLIST, "key\n4403960XYZ\n")
    bring(office, tmp_path / "3.csv", Book.WHITELIST, "key,standing\n虚构电商甲,注销\n")
    bring(office, tmp_path / "4.csv", Book.NEGATIVE, "key\n9503\n")
    bring(office, tmp_path / "5.csv", Book.POSITIVE, "key\n91021100\n")
    bring(office, tmp_path / "6.csv", Book.PRICE, "key,price,unit\n91,999,011\n9102,300,035\n9503008900,100,035\n")
    facts = office.facts_of(declared, DAY)
    assert (facts.enterprise, facts.standing, facts.credit) == ("4403960ABC", Standing.IN_FORCE, Credit.DISHONEST)
    assert facts.lists == {Book.BLACKLIST, Book.NEGATIVE}
    assert (facts.negative_lines, facts.unlisted_lines) == ((2,), (2, 3))
    assert facts.underpriced == (Underpriced(1, 200_00000, 300_00000),)
    by_name = office.facts_of(Declaration("B", (), sender="虚构电商甲"), DAY)
    assert (by_name.enterprise, by_name.lists) == ("4403960ABC", frozenset())


@pytest.mark.slow
def test_a_hundred_thousand_filings_go_in_streamed_and_are_found_at_once(
    store: Store, office: FilingOffice, tmp_path: Path
) -> None:
    path = tmp_path / "g.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write("key,name,hs_code\n")
        file.writelines(f"R{n:07d},货物{n % 97},91021100\n" for n in range(100_000))
    steps = list(office.import_file(path, Book.GOODS, officer="li"))
    assert (steps[-1].counted.new, len(steps)) == (100_000, 51)
    assert [filing.key for filing in office.page(Book.GOODS, wanted="R00999", limit=3)] == [
        "R0099900", "R0099901", "R0099902"
    ]  # fmt: skip
    assert store.verify_log().is_ok
