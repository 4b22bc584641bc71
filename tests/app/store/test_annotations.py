"""What an officer drew stays with his decision and is vouched for by the log."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime

from app.customs.parcel import Parcel
from app.customs.states import Action
from app.store.store import Store
from imaging.annotations import Annotation, Shape, read_json, write_json

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
DRAWN = (
    Annotation(Shape.BOX, ((10.0, 20.0), (30.5, 40.0)), text="刀 'x' \"y\""),
    Annotation(Shape.FREEHAND, tuple((float(i), i * 0.5) for i in range(200)), view=1),
)


def test_annotations_come_back_with_their_decision(store: Store, imaged: Callable[..., Parcel]) -> None:
    parcel = imaged("EA1")
    made = store.decide(
        parcel.id, Action.HOLD, officer="li", reason="image_unclear", decided_at=NOON, annotations=write_json(DRAWN)
    )
    store.decide(parcel.id, Action.LIFT_HOLD, officer="li", reason="cleared", decided_at=NOON)
    first, second = store.history(parcel.id)
    assert read_json(made.annotations) == DRAWN
    assert first == made
    assert second.annotations == ""
    assert store.verify_log(with_pictures=False).is_ok


def test_altered_annotations_break_the_log(store: Store, imaged: Callable[..., Parcel]) -> None:
    parcel = imaged("EA1")
    store.decide(parcel.id, Action.HOLD, officer="li", reason="x", decided_at=NOON, annotations=write_json(DRAWN))
    with closing(sqlite3.connect(store.folder / "store.sqlite")) as other, other:
        other.execute("DROP TRIGGER events_never_update")
        other.execute("UPDATE events SET body = replace(body, '30.5', '31.5')")
    assert read_json(store.history(parcel.id)[0].annotations) != DRAWN
    problems = {problem.what for problem in store.verify_log(with_pictures=False).problems}
    assert "event_altered" in problems


def test_a_body_that_is_no_json_leaves_the_history_readable(store: Store, imaged: Callable[..., Parcel]) -> None:
    parcel = imaged("EA1")
    store.decide(parcel.id, Action.HOLD, officer="li", reason="x", decided_at=NOON)
    with closing(sqlite3.connect(store.folder / "store.sqlite")) as other, other:
        other.execute("DROP TRIGGER events_never_update")
        other.execute("UPDATE events SET body = 'no' WHERE kind = 'decided'")
    assert store.history(parcel.id)[0].annotations == ""
