"""Checkpoints: when they are taken, who signs them, how they go on from each other and where they are kept."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from app.store import checkpoints
from app.store.checkpoints import StoredTree, append_note
from app.store.errors import NoteError
from app.store.merkle import consistency_proof, inclusion_proof, is_consistent, is_included
from app.store.notes import Note, key_id, parse_notes
from app.store.store import Store
from imaging.errors import KnownError
from tests.app.store.signed_store import Office, check


def test_checkpoints_cover_the_log_and_are_in_the_file_too(kept: Store, office: Office) -> None:
    report = check(kept, office)
    assert report.problems == ()
    notes = kept.keeping.exported_notes()
    assert (report.checkpoints, report.signed) == (4, report.events)
    assert [note.size for note in notes] == sorted(note.size for note in notes)
    assert notes[-1].size == report.events
    assert all(note.is_signed_by([office.public]) for note in notes)
    assert parse_notes("\n".join(map(str, notes)) * 2) == [*notes, *notes]


def test_a_checkpoint_goes_on_from_the_last_one_by_kept_tiles(store: Store, office: Office) -> None:
    for part in (255, 1, 2, 700):
        with store._write() as writer:
            log = checkpoints_log(writer)
            for _ in range(part):
                log.append("noted", None, {"noted": "x"})
        assert store.keeping.take_checkpoint(office) is not None
    report = check(store, office)
    assert (report.problems, report.signed) == ((), 959)
    with store._database.read() as reader:
        tree, leaves = StoredTree(reader), [h for (h,) in reader.execute("SELECT hash FROM events ORDER BY seq")]
        assert reader.execute("SELECT count(*) FROM tiles").fetchone() == (3,)
        first, *_, last = [parse_notes(text)[0] for (text,) in reader.execute("SELECT note FROM checkpoints")]
        for index in (0, 255, 256, 958):
            proof = inclusion_proof(tree.node, index, last.size)
            assert is_included(leaves[index], index, last.size, proof, last.root)
        proof = consistency_proof(tree.node, first.size, last.size)
        assert is_consistent(first.size, first.root, last.size, last.root, proof)


def checkpoints_log(writer):  # type: ignore[no-untyped-def]
    from app.store.audit import Log

    return Log(writer)


@pytest.mark.slow
def test_the_thread_signs_by_number_at_the_start_and_at_the_end(
    store: Store, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "POLL_S", 0.01)
    monkeypatch.setattr(checkpoints, "EVERY_EVENTS", 5)
    told: list[object] = []
    store.keeping.sign(office, on_error=told.append)
    for _ in range(5):
        store.add_event("x", None, {})
    end = time.monotonic() + 10
    while len(store.keeping.exported_notes()) < 2 and time.monotonic() < end:
        time.sleep(0.01)
    store.add_event("x", None, {})
    store.keeping.stop()
    assert told == []
    assert store.keeping.exported_notes()[-1].size == check(store, office).events == 7
    assert not [thread for thread in threading.enumerate() if thread.name == "log-checkpoints"]


def test_a_signer_that_fails_is_told_once_and_loses_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.setattr(checkpoints, "POLL_S", 0.01)
    monkeypatch.setattr(checkpoints, "EVERY_S", 0.03)
    broken, told = Office(), list[object]()
    broken.broken = KnownError("no key")
    store.keeping.sign(broken, on_error=told.append)
    time.sleep(0.3)
    assert told == [broken.broken]
    broken.broken = None
    store.keeping.stop()
    assert check(store, broken).signed == 1


@pytest.mark.parametrize("text", ["", "x", "a\n1\nroot\n\n— a AAAA\n", "a b\n1\n" + "A" * 43 + "=\n\n— a AAAAAAAA\n"])
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(NoteError):
        parse_notes(text)


def test_a_note_is_signed_by_the_key_it_names_and_no_other(office: Office) -> None:
    note = Note("guanjian/x/1", 5, bytes(32), ())
    signed = replace(note, signatures=((key_id(note.origin, office.public), office.private.sign(note.text.encode())),))
    (back,) = parse_notes(str(signed))
    assert back == signed
    assert back.is_signed_by([Office().public, office.public])
    assert not back.is_signed_by([Office().public])
    for forged in (replace(back, size=6), replace(back, root=b"\1" * 32), replace(back, origin="guanjian/y/1")):
        assert not forged.is_signed_by([office.public])


def test_a_checkpoint_that_a_power_cut_tore_hides_no_other(kept: Store, office: Office) -> None:
    (file,) = kept.keeping.checkpoints_folder.iterdir()
    whole = kept.keeping.exported_notes()
    file.write_text(file.read_text("utf-8")[:-40], "utf-8", newline="\n")
    append_note(file, str(whole[-1]))
    assert kept.keeping.exported_notes() == whole
    assert check(kept, office).problems == ()


def test_a_note_is_added_to_a_file(tmp_path: Path, office: Office) -> None:
    signature = (key_id("guanjian/x/1", office.public), bytes(64))
    note = Note("guanjian/x/1", 5, bytes(32), (signature,))
    for _ in range(2):
        append_note(tmp_path / "deep" / "a.notes", str(note))
    assert parse_notes((tmp_path / "deep" / "a.notes").read_text("utf-8")) == [note, note]
