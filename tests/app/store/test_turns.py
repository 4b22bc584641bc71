"""Who writes next: an officer's decision goes before what comes in by the thousand."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.store.database import Database


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
