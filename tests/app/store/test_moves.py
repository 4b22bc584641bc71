"""Random officers on random parcels: the store ends where the table of moves says, and its log proves it."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.customs.errors import GuardError
from app.customs.parcel import Capture, QueueFilter, Seen
from app.customs.states import WAITING, Action, State, next_state
from app.store.decisions import TraceLabel, facts_of
from app.store.parcels import load_row
from app.store.store import Store

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
OFFICERS = ("li", "wang", "zhao")

steps = st.tuples(
    st.sampled_from([action for action in Action if action is not Action.CAPTURE_IMAGE]),
    st.sampled_from(OFFICERS),
    st.sampled_from(("", *OFFICERS)),
    st.sampled_from(["", "no_suspicion", "prohibited_goods", "tax_payment"]),
    st.sampled_from(["", "KL-1"]),
    st.booleans(),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(steps, min_size=3, max_size=15), st.booleans())
def test_a_parcel_goes_where_the_table_says_and_nowhere_else(
    store: Store, moves: list[tuple[Action, str, str, str, str, bool]], has_alarm: bool
) -> None:
    name = f"s{len(store.pending(100_000))}"
    seen = (Seen("knife", 0.9, "sure", (1, 2, 3, 4)),) if has_alarm else ()
    capture = Capture(name, f"{name}.tif", "00", "belt", NOON)
    parcel_id = store.record_scan(None, capture, number=name, seen=seen, model="m1", arrived_at=NOON).id
    for action, officer, second, reason, note, is_undone in moves:
        with store._database.read() as reader:
            row = load_row(reader, parcel_id)
        given = {"officer": officer, "second_officer": second, "reason": reason, "note": note}
        with store._database.read() as reader:
            known = facts_of(reader, row, now=NOON, **given)  # type: ignore[arg-type]
        try:
            expected: State | None = next_state(State(row["state"]), action, known)
        except GuardError:
            expected = None
        trace = TraceLabel(f"T{row['event_seq']}", "PT1:x")
        try:
            made = store.decide(parcel_id, action, decided_at=NOON, trace=trace, **given)  # type: ignore[arg-type]
        except GuardError:
            assert expected is None
            assert store.parcel(parcel_id).version == row["version"]
            continue
        parcel = store.parcel(parcel_id)
        assert expected is made.after is parcel.state
        assert (parcel_id in {one.id for one in store.queue(QueueFilter(), 100_000)}) is (parcel.state in WAITING)
        if is_undone and not second and action not in (Action.CLOSE, Action.DESTINATION_NORMAL):
            store.undo(made.id, officer=officer, now=NOON, within_s=30)
            back = store.parcel(parcel_id)
            assert (back.state, back.return_state) == (made.before, row["return_state"] and State(row["return_state"]))
    assert store.verify_log(with_pictures=False).problems == ()
