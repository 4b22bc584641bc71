"""What the bench of ingest measures is sound work: its messages have no fault, and all of them are kept."""

from __future__ import annotations

import pytest

from app.bench import ingest
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
    rows = ingest.run(None)
    assert [row.name.partition(".")[0] for row in rows] == ["ingest"] * len(rows)
    assert all(row.value > 0 for row in rows)
