"""Who writes next: an officer's decision goes before what comes in by the thousand."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import to_json

from app.customs.parcel import Declaration
from app.store.audit import canonical
from app.store.database import Database
from app.store.store import ALONE_S, FEW, MANY, Store


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "store.sqlite")
    yield opened
    opened.close()


def test_a_patient_writer_lets_those_who_come_later_go_first(database: Database) -> None:
    turns = list[str]()
    asked = threading.Semaphore(0)

    def write(name: str, *, is_patient: bool) -> None:
        asked.release()
        with database.write(is_patient=is_patient):
            turns.append(name)

    writers = [threading.Thread(target=write, args=(name,), kwargs={"is_patient": name.startswith("declarations")})
               for name in ("declarations 1", "declarations 2", "decision 1", "decision 2")]  # fmt: skip
    with database.write():
        for writer in writers:
            writer.start()
            asked.acquire()
        while database._turns._waiting < 2:
            time.sleep(0.001)
    for writer in writers:
        writer.join(10)
    assert {*turns[:2]} == {"decision 1", "decision 2"}
    assert {*turns[2:]} == {"declarations 1", "declarations 2"}


def test_after_a_transaction_that_failed_the_next_has_its_turn(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.write():
        1 / 0  # noqa: B018
    with database.write(is_patient=True) as writer:
        assert writer.execute("SELECT 1").fetchone() == (1,)


def test_declarations_come_in_larger_transactions_while_nobody_else_writes(store: Store) -> None:
    numbers = count()

    def transactions() -> int:
        """In how many MANY declarations come; each has one event."""
        before = _declared(store)
        assert store.add_declarations(Declaration(f"N{next(numbers)}", ()) for _ in range(MANY)) == MANY
        return _declared(store) - before

    assert transactions() == 1
    store.add_event("shift", None, {})
    assert transactions() == MANY // FEW
    store._asked_s -= ALONE_S
    assert transactions() == 1


def _declared(store: Store) -> int:
    with store._database.read() as reader:
        return int(reader.execute("SELECT count(*) FROM log WHERE kind = 'declared'").fetchone()[0])


_FIELD = st.none() | st.integers() | st.text()


@given(st.lists(_FIELD), st.lists(st.lists(_FIELD)))
def test_a_declarations_digest_is_that_of_its_canonical_json(values: list[object], lines: list[list[object]]) -> None:
    """Digests that stand in stores were made of that."""
    assert to_json([values, lines]).decode() == canonical([values, lines])
