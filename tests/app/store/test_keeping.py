"""Checkpoints, packages for auditors, backups and retention; and what an attacker tries against them."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from importlib import resources
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.build import audit_inserts, load_retention
from app.customs.parcel import Declaration, GoodsLine, Seen
from app.customs.states import Action, State
from app.store import checkpoints
from app.store.audit import event_hash, first_hash
from app.store.backup import back_up, backups, restore
from app.store.checkpoints import StoredTree, append_note
from app.store.database import connect
from app.store.decisions import TraceLabel
from app.store.errors import BackupError, ExportError, NoteError, PictureRemovedError, RetentionError
from app.store.export import Wanted
from app.store.found import LogReport, Trust
from app.store.merkle import (
    Tree,
    consistency_proof,
    inclusion_proof,
    is_consistent,
    is_included,
    leaf_hash,
    node_hash,
)
from app.store.notes import Note, key_id, parse_notes
from app.store.retention import parse_rules
from app.store.store import Store
from imaging.errors import KnownError
from imaging.files import native
from imaging.scan import Scan, View

LONG_AGO = datetime(2020, 5, 1, 12, tzinfo=UTC)
RULES = parse_rules(
    "id,title_en,title_zh,states,keep_days,valid_from,valid_to,source\n"
    "short,Released,放行,released;closed,30,2020-01-01,,test\nlong,Released,放行,released,400,2020-01-01,,test\n"
    "ever,Case,案件,confiscated,,2020-01-01,,test\n"
)


class Office:
    """Signs checkpoints; `broken` is what happens instead."""

    def __init__(self) -> None:
        self.private = Ed25519PrivateKey.generate()
        self.public = self.private.public_key().public_bytes_raw()
        self.broken: KnownError | None = None

    def sign(self, message: bytes) -> tuple[bytes, bytes]:
        if self.broken:
            raise self.broken
        return self.public, self.private.sign(message)

    def key_list(self) -> bytes:
        return json.dumps({"keys": [{"public": self.public.hex()}]}).encode()


@pytest.fixture(scope="module")
def office() -> Office:
    return Office()


def fill(store: Store, first: int, last: int) -> None:
    for i in range(first, last):
        high = np.full((6, 8), 30_000 + i, np.uint16)
        scan = Scan((View(high=high, low=high // 2, mm_per_row=1.0, mm_per_col=1.0),), id=f"s{i}", started_at=LONG_AGO)
        parcel = store.record_scan(
            None, store.keep(scan), number=f"N{i}", codes=(f"N{i}",), seen=(Seen("knife", 0.8, "hint", (1, 2, 3, 4)),),
            model="m1", arrived_at=LONG_AGO,
        )  # fmt: skip
        if i % 2:
            trace = TraceLabel(f"T{i:04d}", f"PT1:{i}")
            store.decide(parcel.id, Action.RELEASE, officer="li", decided_at=LONG_AGO, trace=trace)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, office: Office) -> Path:
    folder = tmp_path_factory.mktemp("template")
    store = Store.open(folder, station="belt-1", ballast_bytes=1024)
    store.add_declarations([Declaration(f"N{i}", (GoodsLine("手表", "9102"), GoodsLine('"书"\n'))) for i in range(9)])
    fill(store, 0, 4)
    store.keeping.take_checkpoint(office)
    fill(store, 4, 8)
    store.keeping.take_checkpoint(office)
    store.close()
    return folder


@pytest.fixture
def kept(template: Path, tmp_path: Path) -> Iterator[Store]:
    shutil.copytree(template, tmp_path / "kept")
    store = Store.open(tmp_path / "kept", station="belt-1", ballast_bytes=1024)
    yield store
    store.close()


def check(store: Store, office: Office, held: tuple[Note, ...] = ()) -> LogReport:
    return store.keeping.verify(Trust(frozenset({office.public}), held, RULES))


def found(store: Store, office: Office, held: tuple[Note, ...] = ()) -> dict[str, str]:
    return {problem.what: problem.where for problem in check(store, office, held).problems}


def forget_guards(path: Path, change: Callable[..., None]) -> None:
    """Change the file behind the store's back, and put its guards back afterwards."""
    with closing(connect(path)) as other:
        saved = other.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        other.execute("PRAGMA foreign_keys=OFF")
        for name, _ in saved:
            other.execute(f"DROP TRIGGER {name}")
        change(other)
        for _, sql in saved:
            other.execute(sql)


def chain_anew(other, change: Callable[[list], None]) -> None:  # type: ignore[no-untyped-def, type-arg]
    """Write the whole log anew so that its chain is right: what somebody with the file and the code can do."""
    rows = other.execute("SELECT * FROM log ORDER BY seq").fetchall()
    previous = first_hash(*(value for _, value in other.execute("SELECT * FROM meta ORDER BY name DESC")))
    for row in rows:
        fields = list(row[:8])
        change(fields)
        previous = event_hash(previous, fields)
        sql = "UPDATE events SET at_us = ?, ahead_us = ?, body = ?, row = NULL, hash = ? WHERE seq = ?"
        other.execute(sql, (fields[1], fields[4] - fields[1], fields[7], previous, fields[0]))


# Checkpoints


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


# The attacker


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


# Packages for auditors


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "check_package", str(resources.files("resources") / "audit" / "check_package.py")
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# RFC 8032, section 7.1: tests 1 to 3 and SHA(abc)
ED25519 = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe2465"
        "5141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb0"
        "0d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc0"
        "27beceea1ec40a",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("public", "message", "signature"), ED25519)
def test_the_scripts_signatures_are_those_of_the_rfc(
    script: ModuleType, public: str, message: str, signature: str
) -> None:
    key, text, signed = (bytes.fromhex(each) for each in (public, message, signature))
    assert script.has_signed(key, text, signed)
    assert not script.has_signed(key, text + b"x", signed)
    for place in (0, 31, 32, 63):
        forged = bytearray(signed)
        forged[place] ^= 1
        assert not script.has_signed(key, text, bytes(forged))
    high = int.from_bytes(signed[32:], "little") + script.Q
    assert not script.has_signed(key, text, signed[:32] + high.to_bytes(32, "little")), "a second form of one signature"
    assert not script.has_signed(key[:31], text, signed)


def test_the_script_is_short_enough_to_be_read_and_needs_the_standard_library_alone(script: ModuleType) -> None:
    assert script.__file__
    lines = [line for line in Path(script.__file__).read_text("utf-8").splitlines() if line.strip()]
    assert len(lines) <= 100
    assert max(map(len, lines)) <= 120
    imports = re.findall(r"^(?:import (.*)|from (\S+) import .*)$", "\n".join(lines), re.MULTILINE)
    names = {name.strip() for one, other in imports for name in (one or other).split(",")}
    assert names <= set(sys.stdlib_module_names)


def test_the_scripts_proofs_are_those_of_the_rfc(script: ModuleType) -> None:
    leaves = [leaf_hash(bytes([n])) for n in range(40)]
    roots, nodes = [Tree().root()], dict[tuple[int, int], bytes]()
    tree = Tree()
    for number in range(len(leaves)):
        tree.append(bytes([number]))
        roots.append(tree.root())
    for level in range(6):
        for number in range(len(leaves) >> level):
            pair = (nodes.get((level - 1, 2 * number), b""), nodes.get((level - 1, 2 * number + 1), b""))
            nodes[level, number] = node_hash(*pair) if level else leaves[number]

    def spoilt(proof: list[bytes]) -> Iterator[list[bytes]]:
        """A proof with one hash altered, lost, doubled, cut in two or joined with its neighbour."""
        for at, each in enumerate(proof):
            before, after = proof[:at], proof[at + 1 :]
            yield from (
                [*before, bytes(32), *after], before + after, [*before, each, each, *after],
                [*before, each[:16], each[16:], *after], [*before, each + (after or [b"x"])[0], *after[1:]],
            )  # fmt: skip
        yield [*proof, b"".join(leaves[:2])]
        yield [b"".join(leaves[:2]), *proof]

    def node(level: int, number: int) -> bytes:
        return nodes[level, number]

    for size in range(1, len(leaves) + 1):
        for seq in range(1, size + 1):
            proof = inclusion_proof(node, seq - 1, size)
            assert script.climb(seq, size, proof, leaves[seq - 1], is_leaf=True)[1] == roots[size]
            for wrong in spoilt(proof):
                assert script.climb(seq, size, wrong, leaves[seq - 1], is_leaf=True)[1] != roots[size]
            path = consistency_proof(node, seq, size)
            whole = [roots[seq], *path] if seq == size or not seq & (seq - 1) else path
            assert script.climb(seq, size, whole[1:], whole[0]) == (roots[seq], roots[size])
            for wrong in spoilt(whole):
                assert not wrong or script.climb(seq, size, wrong[1:], wrong[0]) != (roots[seq], roots[size])


def make(store: Store, office: Office, out: Path, wanted: Wanted, held: tuple[Note, ...] = ()) -> Path:
    inserts = [each for each in audit_inserts(None) if each[0] != "keys.json"]
    store.keeping.export(out, wanted, held=held, inserts=[*inserts, ("keys.json", office.key_list())])
    return out


def problems(script: ModuleType, package: Path, office: Office, held: tuple[Note, ...] = ()) -> list[str]:
    notes = "\n".join(map(str, held))
    with zipfile.ZipFile(package) as opened:
        return [what for holds, what in script.check(zipfile.Path(opened), [office.public], notes) if not holds]


@pytest.mark.parametrize("wanted", [Wanted(), Wanted(parcel_id=2), Wanted(since=LONG_AGO)])
def test_a_package_checks_and_proves_that_it_goes_on_from_what_is_held(
    kept: Store, office: Office, script: ModuleType, tmp_path: Path, wanted: Wanted
) -> None:
    held = kept.keeping.exported_notes()
    package = make(kept, office, tmp_path / "p.zip", wanted, held)
    assert problems(script, package, office, held) == []
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".part"] == []
    with zipfile.ZipFile(package) as opened:
        pictures = [name for name in opened.namelist() if name.endswith(".tif")]
        assert len(pictures) == (1 if wanted.parcel_id else 8)


def test_the_package_checks_itself_from_the_command_line(kept: Store, office: Office, tmp_path: Path) -> None:
    package = make(kept, office, tmp_path / "p.zip", Wanted(parcel_id=2))
    with zipfile.ZipFile(package) as opened:
        opened.extract("check_package.py", tmp_path)
    run = [sys.executable, "-I", str(tmp_path / "check_package.py"), str(package)]
    done = subprocess.run(run, capture_output=True, text=True, check=False, env={"PYTHONIOENCODING": "utf-8"})
    assert (done.returncode, done.stderr) == (0, "")
    rewrite(package, "checkpoint.txt", lambda data: data.split(b"\n\n")[1])
    headless = subprocess.run(run, capture_output=True, text=True, check=False, env={"PYTHONIOENCODING": "utf-8"})
    assert (headless.returncode, headless.stderr) == (2, "")
    package.write_bytes(b"PK")
    assert subprocess.run(run, capture_output=True, check=False).returncode == 2


@pytest.fixture
def parcel_package(kept: Store, office: Office, tmp_path: Path) -> Path:
    return make(kept, office, tmp_path / "p.zip", Wanted(parcel_id=2))


@pytest.fixture
def audit(script: ModuleType, office: Office) -> Callable[[Path], list[str]]:
    return lambda package: problems(script, package, office)


def rewrite(package: Path, name: str, change: Callable[[bytes], bytes] | None) -> None:
    with zipfile.ZipFile(package) as opened:
        content = {each: opened.read(each) for each in opened.namelist()}
    with zipfile.ZipFile(package, "w") as written:
        for each, data in content.items():
            if each == name and change is None:
                continue
            written.writestr(each, change(data) if each == name and change else data)


@pytest.mark.parametrize(
    ("name", "change", "named"),
    [
        ("events.jsonl", lambda data: data.replace(b'\\"officer\\"', b'\\"officre\\"').replace(b"li", b"lu"), "event "),
        ("events.jsonl", lambda data: data.replace(b'"at_us": 1', b'"at_us": 2'), "event "),
        ("events.jsonl", lambda data: b"\n".join(data.split(b"\n")[:-2]) + b"\n", "parcel 2: "),
        ("records.jsonl", lambda data: data.replace(b'"released"', b'"imaged"'), "parcel 2: its record"),
        ("records.jsonl", lambda data: data.replace("手表".encode(), "茶叶".encode()), "declaration 2: "),
        ("records.jsonl", lambda data: data.replace(b"PT1:1", b"PT1:2"), "label T0001: "),
        ("records.jsonl", lambda data: b"", "parcel 2: its record is missing"),
        ("checkpoint.txt", lambda data: data.replace(b"belt-1", b"belt-2"), "checkpoint.txt: "),
    ],
)
def test_what_is_forged_in_a_package_is_named(
    parcel_package: Path,
    audit: Callable[[Path], list[str]],
    name: str,
    change: Callable[[bytes], bytes],
    named: str,
) -> None:
    rewrite(parcel_package, name, change)
    assert any(each.startswith(named) for each in audit(parcel_package)), audit(parcel_package)


def test_a_forged_or_missing_picture_of_a_package_is_named(
    kept: Store, office: Office, script: ModuleType, tmp_path: Path
) -> None:
    package = make(kept, office, tmp_path / "p.zip", Wanted(parcel_id=2))
    with zipfile.ZipFile(package) as opened:
        (name,) = [each for each in opened.namelist() if each.endswith(".tif")]
    rewrite(package, name, lambda data: data[:-1] + bytes([data[-1] ^ 1]))
    assert problems(script, package, office) == [f"picture s1 ({name}): it is not the one that was signed"]
    rewrite(package, name, None)
    assert problems(script, package, office) == ["picture s1: it is missing"]


def test_a_whole_package_of_a_forged_log_does_not_go_on_from_what_the_auditor_holds(
    kept: Store, office: Office, script: ModuleType, tmp_path: Path
) -> None:
    held = kept.keeping.exported_notes()

    def forge(other) -> None:  # type: ignore[no-untyped-def]
        chain_anew(other, lambda fields: fields.__setitem__(1, fields[1] + 1))
        other.execute("DELETE FROM checkpoints")

    forget_guards(kept.folder / "store.sqlite", forge)
    kept.keeping.take_checkpoint(office)
    package = make(kept, office, tmp_path / "p.zip", Wanted(), held)
    assert problems(script, package, office) == []
    assert all("does not begin with it" in each for each in problems(script, package, office, held))
    assert len(problems(script, package, office, held)) == 2
    package = make(kept, office, tmp_path / "p.zip", Wanted())
    assert all("no proof for it" in each for each in problems(script, package, office, held))


def test_what_cannot_be_proven_is_not_exported(kept: Store, store: Store, office: Office, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="No checkpoint"):
        store.keeping.export(tmp_path / "p.zip", Wanted())
    with pytest.raises(ExportError, match="no parcel 99"):
        kept.keeping.export(tmp_path / "p.zip", Wanted(parcel_id=99))
    kept.add_event("x", None, {})
    with pytest.raises(ExportError, match="not signed yet"):
        kept.keeping.export(tmp_path / "p.zip", Wanted())
    (kept.captures_folder / kept.parcel(2).captures[0].path).write_bytes(b"x")
    with pytest.raises(ExportError, match="altered"):
        kept.keeping.export(tmp_path / "p.zip", Wanted(parcel_id=2))
    assert [path.name for path in tmp_path.glob("p.zip*")] == []


# Backups


def test_a_backup_of_a_working_store_restores_to_the_same_and_goes_on(
    kept: Store, office: Office, tmp_path: Path
) -> None:
    trust, stop = Trust(frozenset({office.public})), threading.Event()

    def work() -> None:
        n = 100
        while not stop.is_set() and n < 140:
            fill(kept, n, n + 1)
            n += 1

    worker = threading.Thread(target=work)
    worker.start()
    try:
        for _ in range(2):
            folder, report = back_up(kept.folder, tmp_path / "backups", trust)
            assert report.problems == ()
            time.sleep(0.2)
    finally:
        stop.set()
        worker.join()
    assert backups(tmp_path / "backups")[-1] == folder
    pool = list((tmp_path / "backups" / "pictures").rglob("*.tif"))
    assert len(pool) >= json.loads((folder / "manifest.json").read_text())["pictures"] >= 8
    drilled = restore(tmp_path / "backups", tmp_path / "drill", trust, is_drill=True)
    assert (drilled.problems, drilled.events) == ((), report.events)
    restored = restore(tmp_path / "backups", tmp_path / "data", trust)
    assert (restored.problems, restored.events, restored.pictures) == ((), drilled.events, drilled.pictures)
    with closing(Store.open(tmp_path / "data", station="belt-1", ballast_bytes=1024)) as again:
        assert again.pending(9999)[-1].body["noted"] == "restored"
        assert again.load(again.parcel(2).captures[0]).id == "s1"
        fill(again, 500, 501)
        assert check(again, office).problems == ()
    with pytest.raises(BackupError, match="already"):
        restore(tmp_path / "backups", tmp_path / "data", trust)


def test_a_backup_copies_each_picture_once(kept: Store, tmp_path: Path) -> None:
    back_up(kept.folder, tmp_path / "b", Trust())
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "b" / "pictures").rglob("*.tif")}
    fill(kept, 8, 9)
    back_up(kept.folder, tmp_path / "b", Trust())
    after = {path: path.stat().st_mtime_ns for path in (tmp_path / "b" / "pictures").rglob("*.tif")}
    assert len(after) == len(before) + 1 == 9
    assert {path: after[path] for path in before} == before


def test_a_damaged_backup_is_named_and_leaves_no_store(kept: Store, tmp_path: Path) -> None:
    folder, _ = back_up(kept.folder, tmp_path / "b", Trust())
    picture = next((tmp_path / "b" / "pictures").rglob("*.tif"))
    content = picture.read_bytes()
    picture.write_bytes(content[:-1] + b"x")
    report = restore(folder, tmp_path / "drill", Trust(), is_drill=True)
    assert {problem.what for problem in report.problems} == {"picture_altered"}
    picture.unlink()
    with pytest.raises(BackupError, match="missing from the backup"):
        restore(folder, tmp_path / "one", Trust())
    assert not (tmp_path / "one" / "store.sqlite").exists()
    with (folder / "store.sqlite").open("r+b") as file:
        file.write(b"x")
    with pytest.raises(BackupError, match="altered"):
        restore(folder, tmp_path / "two", Trust())
    (folder / "manifest.json").write_text("{}")
    with pytest.raises(BackupError, match="manifest"):
        restore(folder, tmp_path / "two", Trust())
    with pytest.raises(BackupError, match="no whole backup"):
        restore(tmp_path / "nothing", tmp_path / "two", Trust())


def test_a_store_with_an_altered_or_missing_picture_gives_no_backup(kept: Store, tmp_path: Path) -> None:
    picture = kept.captures_folder / kept.parcel(2).captures[0].path
    picture.write_bytes(b"x")
    with pytest.raises(BackupError, match="not the one that was kept"):
        back_up(kept.folder, tmp_path / "b", Trust())
    picture.unlink()
    with pytest.raises(BackupError, match="missing from the store"):
        back_up(kept.folder, tmp_path / "b", Trust())
    assert backups(tmp_path / "b") == []
    assert [path.name for path in (tmp_path / "b").iterdir() if path.name != "pictures"] == []


# Retention


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


def test_a_checkpoint_that_a_power_cut_tore_hides_no_other(kept: Store, office: Office) -> None:
    (file,) = kept.keeping.checkpoints_folder.iterdir()
    whole = kept.keeping.exported_notes()
    file.write_text(file.read_text("utf-8")[:-40], "utf-8", newline="\n")
    append_note(file, str(whole[-1]))
    assert kept.keeping.exported_notes() == whole
    assert check(kept, office).problems == ()


def test_a_store_without_its_name_is_no_crash(kept: Store, office: Office) -> None:
    forget_guards(kept.folder / "store.sqlite", lambda other: other.execute("DELETE FROM meta"))
    assert {"chain_broken", "checkpoint_foreign"} <= set(found(kept, office))


def test_a_note_is_added_to_a_file(tmp_path: Path, office: Office) -> None:
    signature = (key_id("guanjian/x/1", office.public), bytes(64))
    note = Note("guanjian/x/1", 5, bytes(32), (signature,))
    for _ in range(2):
        append_note(tmp_path / "deep" / "a.notes", str(note))
    assert parse_notes((tmp_path / "deep" / "a.notes").read_text("utf-8")) == [note, note]
