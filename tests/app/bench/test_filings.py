"""What the bench of filings measures is sound: all records are kept, and each is found."""

from __future__ import annotations

import pytest

from app.bench import filings


def test_figures_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filings, "LOOKUPS", 20)
    rows = {row.name: row for row in filings.run(None, 2_500)}
    assert rows["filings.records"].value == 2_500
    assert rows["filings.lookup_p99_s"].ok is not None
    assert all(row.value > 0 for row in rows.values())


def test_no_two_records_have_one_number() -> None:
    assert len({filings._key(number) for number in range(50_000)}) == 50_000
