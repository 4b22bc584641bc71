"""What the bench of ingest measures is sound work: its messages have no fault, and all of them are kept."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest

from app.bench import ingest, replay
from app.bench.day import MEAN_PER_S, RECORDS, make_day
from app.customs.match import Case, match
from app.exchange.ceb.papers import paper_of
from app.exchange.ceb.read import read_message


def test_the_messages_of_the_bench_are_sound_and_differ() -> None:
    message = read_message(ingest.make_inventories(7, 30))
    assert message.faults == ()
    assert len({record.guid for record in message.records}) == 30
    assert {len(record.lines) for record in message.records} == {1, 2, 3}


def test_figures_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest, "MESSAGES", 2)
    monkeypatch.setattr(ingest, "_ROUNDS", 1)
    monkeypatch.setattr(ingest, "_SINGLES", 20)
    monkeypatch.setattr(ingest, "replay", list)
    rows = ingest.run(None)
    assert [row.name.partition(".")[0] for row in rows] == ["ingest"] * len(rows)
    assert all(row.value > 0 for row in rows)


def test_a_day_has_its_share_of_faults_and_repeats_and_its_peak_in_the_evening() -> None:
    day = make_day(0.5, 24)
    declared = sum(each.declarations for each in day)
    assert abs(declared - 0.5 * MEAN_PER_S * 24) < RECORDS
    assert [each.at_s for each in day] == sorted(each.at_s for each in day)
    by_hour = Counter(int(each.at_s) for each in day)
    assert by_hour[21] > 1.5 * len(day) / 24 > by_hour[3]
    again = [each for each in day if each.name.endswith("-again.xml")]
    assert {each.records for each in again} == {0}
    messages = [read_message(each.text) for each in day]
    assert Counter(message.type for message in messages).keys() == {"CEB311", "CEB411", "CEB511", "CEB621"}
    assert {message.type for message in messages if message.faults} == {"CEB621"}
    cases: dict[str, Case] = defaultdict(Case)
    for message in messages:
        for record in message.records:
            paper = paper_of(message.type, record)
            assert paper is not None
            cases[record.fields["orderNo"]] = cases[record.fields["orderNo"]].with_document(paper)
    assert len(cases) == declared
    assert all(match(case).is_equal for case in cases.values())


def test_a_day_that_is_played_is_kept_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "SECONDS", 1.2)
    rows = {row.name.removeprefix("ingest.replay_"): row.value for row in replay.replay()}
    assert rows["records_lost"] == 0
    assert rows["backlog_at_end"] == 0
    assert 0 < rows["share_of_a_day"] < 1e-4
    assert 0 < rows["latency_p50_s"] <= rows["latency_p99_s"]
    assert rows["receipt_files"] > 4
