"""Nothing lost and nothing doubled, by count: the hub stopped hard, a station cut off and rejoined."""

from __future__ import annotations

import pytest

from app.bench.once import count_once
from app.bench.postgres import PostgresMissingError


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize(("stations", "events"), [(2, 600), (16, 1600)])
def test_every_event_arrives_exactly_once(stations: int, events: int) -> None:
    try:
        counted = count_once(stations, events, stops=3)
    except PostgresMissingError as error:
        pytest.skip(str(error))
    assert counted.events >= events - stations
    assert (counted.kept, counted.distinct, counted.wrong_ends) == (counted.events, counted.events, 0)
    print(f"cut by {counted.cut_by} for {counted.cut_s:.1f} s")  # noqa: T201
