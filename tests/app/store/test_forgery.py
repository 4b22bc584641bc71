"""What an attacker tries against the log, and which checkpoint finds it."""

from __future__ import annotations

import shutil
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from app.store.found import Trust
from app.store.store import Store
from tests.app.store.signed_store import Office, chain_anew, fill, forget_guards, found


def test_a_log_forged_with_a_right_chain_does_not_fit_its_checkpoints(kept: Store, office: Office) -> None:
    def lie(fields: list) -> None:  # type: ignore[type-arg]
        if fields[0] == 5:
            fields[1] += 1

    forget_guards(kept.folder / "store.sqlite", lambda other: chain_anew(other, lie))
    wrong = found(kept, office)
    assert set(wrong) == {"log_rewritten"}
    assert wrong["log_rewritten"].startswith("events 1 to ")


def test_a_forger_with_file_and_key_is_found_by_a_checkpoint_held_elsewhere(kept: Store, office: Office) -> None:
    held = kept.keeping.exported_notes()

    def lie(fields: list) -> None:  # type: ignore[type-arg]
        fields[1] += 1

    def forge(other) -> None:  # type: ignore[no-untyped-def]
        chain_anew(other, lie)
        other.execute("DELETE FROM checkpoints")

    forget_guards(kept.folder / "store.sqlite", forge)
    shutil.rmtree(kept.keeping.checkpoints_folder)
    kept.keeping.take_checkpoint(office)
    assert found(kept, office) == {}, "alone, the forged store is perfect"
    assert set(found(kept, office, held)) == {"log_rewritten"}
    assert "(held)" in found(kept, office, held)["log_rewritten"]


def test_a_cut_end_is_found(kept: Store, office: Office) -> None:
    fill(kept, 8, 9)
    size = kept.keeping.take_checkpoint(office).size  # type: ignore[union-attr]
    held = kept.keeping.exported_notes()

    def cut(other) -> None:  # type: ignore[no-untyped-def]
        other.execute("DELETE FROM events WHERE seq > ?", (size - 1,))
        other.execute("DELETE FROM checkpoints WHERE size > ?", (size - 1,))

    forget_guards(kept.folder / "store.sqlite", cut)
    shutil.rmtree(kept.keeping.checkpoints_folder)
    assert "log_cut" not in found(kept, office)
    assert found(kept, office, held)["log_cut"] == f"events {size} to {size}, checkpoint of {size} events (held)"


def test_an_old_store_file_put_back_is_found(template: Path, kept: Store, office: Office) -> None:
    fill(kept, 8, 9)
    kept.keeping.take_checkpoint(office)
    kept.close()
    for name in ("store.sqlite", "store.sqlite-wal", "store.sqlite-shm"):
        (kept.folder / name).unlink(missing_ok=True)
    shutil.copyfile(template / "store.sqlite", kept.folder / "store.sqlite")
    with closing(Store.open(kept.folder, station="belt-1", ballast_bytes=1024)) as old:
        assert set(found(old, office)) == {"log_cut"}


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ("UPDATE checkpoints SET root = zeroblob(32)", "checkpoint_altered"),
        ("UPDATE checkpoints SET note = 'x'", "checkpoint_altered"),
        ("UPDATE checkpoints SET note = replace(note, 'belt-1', 'belt-2')", "checkpoint_altered"),
        ("INSERT INTO tiles VALUES (8, 0, zeroblob(32))", "tree_altered"),
        ("INSERT INTO removals VALUES (1, 'short', 30, 0, 9, 3)", "row_added"),
    ],
)
def test_altered_checkpoints_and_removals_are_found(kept: Store, office: Office, sql: str, what: str) -> None:
    forget_guards(kept.folder / "store.sqlite", lambda other: other.execute(sql))
    assert what in found(kept, office)


def test_a_checkpoint_by_another_key_or_of_another_log_is_named(kept: Store, office: Office) -> None:
    (note,) = kept.keeping.exported_notes()[-1:]
    assert "checkpoint_altered" in {p.what for p in kept.keeping.verify(Trust(frozenset({Office().public}))).problems}
    foreign = replace(note, origin="guanjian/belt-9/0")
    assert set(found(kept, office, (foreign,))) == {"checkpoint_foreign"}


def test_a_store_without_its_name_is_no_crash(kept: Store, office: Office) -> None:
    forget_guards(kept.folder / "store.sqlite", lambda other: other.execute("DELETE FROM meta"))
    assert {"chain_broken", "checkpoint_foreign"} <= set(found(kept, office))
