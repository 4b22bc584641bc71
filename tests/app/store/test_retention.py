"""Pictures past their time: which go, by which rule, and how the log vouches for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from app.build import load_retention
from app.customs.states import State
from app.store.errors import PictureRemovedError, RetentionError
from app.store.retention import parse_rules
from app.store.store import Store
from imaging.files import native
from tests.app.store.signed_store import LONG_AGO, RULES, Office, check, found


def test_what_is_past_its_time_goes_and_the_log_accepts_just_that(kept: Store, office: Office) -> None:
    now = datetime.now(UTC)
    due = kept.keeping.pictures_due(RULES, now)
    assert [(each.parcel_id, each.rule.id) for each in due] == [(key, "long") for key in (2, 4, 6, 8)]
    kept.keeping.remove(due[0])
    gone = kept.captures_folder / due[0].path
    assert not gone.exists()
    assert not native.sidecar_of(gone).exists()
    assert check(kept, office).problems == ()
    assert [each.parcel_id for each in kept.keeping.pictures_due(RULES, now)] == [4, 6, 8]
    with pytest.raises(PictureRemovedError, match="long"):
        kept.load(kept.parcel(2).captures[0])
    (kept.captures_folder / due[1].path).unlink()
    assert found(kept, office) == {"picture_missing": due[1].path}


def test_a_removal_that_a_power_cut_interrupted_is_finished(kept: Store, office: Office) -> None:
    (due, *_) = kept.keeping.pictures_due(RULES, datetime.now(UTC))
    picture = kept.captures_folder / due.path
    content = picture.read_bytes()
    kept.keeping.remove(due)
    picture.write_bytes(content)
    assert check(kept, office).problems == ()
    assert kept.keeping.finish_removals() == 1
    assert not picture.exists()
    assert kept.keeping.finish_removals() == 0


@pytest.mark.parametrize(
    "change",
    [
        lambda due: replace(due, rule=replace(due.rule, keep_days=1)),
        lambda due: replace(due, rule=replace(due.rule, id="other")),
        lambda due: replace(due, since_at=due.since_at - timedelta(days=1)),
        lambda due: replace(due, since_at=datetime.now(UTC)),
    ],
)
def test_a_removal_against_the_rules_is_named(kept: Store, office: Office, change: Callable[..., object]) -> None:
    (due, *_) = kept.keeping.pictures_due(RULES, datetime.now(UTC))
    kept.keeping.remove(change(due))  # type: ignore[arg-type]
    assert found(kept, office) == {"removal_unlawful": due.path}


def test_pictures_stay_before_their_time_and_where_no_rule_is_in_force(kept: Store) -> None:
    assert kept.keeping.pictures_due(RULES, LONG_AGO + timedelta(days=400) - timedelta(seconds=1)) == []
    assert len(kept.keeping.pictures_due(RULES, LONG_AGO + timedelta(days=400))) == 4
    old = tuple(replace(rule, valid_to=date(2021, 1, 1)) for rule in RULES)
    assert kept.keeping.pictures_due(old, datetime.now(UTC)) == []


def test_the_rules_that_ship_and_wrong_ones() -> None:
    shipped = load_retention(None)
    assert all(rule.source and rule.keep_days for rule in shipped)
    assert State.IMAGED not in {state for rule in shipped for state in rule.states}
    assert State.DETAINED not in {state for rule in shipped for state in rule.states}
    head = "id,title_en,title_zh,states,keep_days,valid_from,valid_to,source\n"
    for line in ("a,b,c,nowhere,1,2020-01-01,,x", "a,b,c,released,0,2020-01-01,,x", "a,b,c,released,1,soon,,x", "a,b"):
        with pytest.raises(RetentionError, match="Line 2"):
            parse_rules(head + line)
