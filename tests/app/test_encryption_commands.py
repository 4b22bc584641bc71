"""The commands of encryption: what they ask, what they say, and what lies in the folder afterwards."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from app import texts
from app.build import build_station
from app.cli import cli
from app.commands.encryption import NEW_PASSPHRASE, PASSPHRASE, ask_passphrase
from app.customs.states import Action
from app.forms import Form, FormKind
from app.officers.rights import Role
from app.settings import Detection, Officers, Printer, Settings, load_settings
from app.store import encrypting, sealed
from app.store.database import HAS_CIPHER
from app.store.errors import EncryptedAlreadyError, EncryptionUnfinishedError, StoreLockedError
from app.store.places import EXCHANGE, NESTED, SEALED
from app.store.store import FILE, Store
from app.trace.formats import Format
from app.trace.wishes import Said
from app.ui.forms import write_form
from app.ui.opening import build_views, read_parcel
from app.ui.record import write_pictures, write_record
from imaging.look import LOOKS
from tests.flow.conftest import Desk

Run = Callable[..., Result]
MARK = "PLAINWORDS1"
"""A word that is in everything which a day of work leaves."""
WORDS = (MARK.encode(), b"trace_id", b"SQLite format")
HEADS = (b"%PDF", b"\x89PNG", b"^XA", b"II*\x00")
"""What files of a format begin with: so few bytes that a long cipher text holds them somewhere by chance."""
FIRST, SECOND = "the first passphrase", "the second passphrase"
needs_cipher = pytest.mark.skipif(not HAS_CIPHER, reason="sqlcipher3 is not installed")


@pytest.fixture
def guanjian(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    texts.set_language("en")
    sealed.ask_with(ask_passphrase)

    def run(*arguments: str | Path, old: str = "", new: str = "") -> Result:
        sealed.forget()
        monkeypatch.setenv(PASSPHRASE, old)
        monkeypatch.setenv(NEW_PASSPHRASE, new)
        return CliRunner().invoke(cli, [*map(str, arguments), "--data", str(tmp_path / "data")])

    with closing(Store.open(tmp_path / "data", station="belt-1", ballast_bytes=1024)) as store:
        store.add_event("x", None, {})
    yield run
    sealed.forget()
    sealed.ask_with(sealed._ask_nobody)
    texts.set_language("zh_CN")


def test_a_plain_store_has_no_passphrase_and_no_store_has_no_state(guanjian: Run, tmp_path: Path) -> None:
    refused = guanjian("encryption", "change-passphrase", new=SECOND)
    assert (refused.exit_code, "not encrypted" in refused.stderr) == (3, True)
    absent = CliRunner().invoke(cli, ["encryption", "status", "--data", str(tmp_path / "absent")])
    assert (absent.exit_code, "no store" in absent.stderr) == (3, True)


@needs_cipher
def test_a_store_is_encrypted_after_a_backup_and_its_passphrase_changes(guanjian: Run, tmp_path: Path) -> None:
    assert json.loads(guanjian("encryption", "status", "--json").stdout)["status"] == "plain"
    done = guanjian("encryption", "enable", "--backup", tmp_path / "safe", new=FIRST)
    assert done.exit_code == 0, done.output
    assert len(list((tmp_path / "safe").glob("*/manifest.json"))) == 1
    assert not (tmp_path / "data" / "store.sqlite").read_bytes().startswith(b"SQLite")
    assert json.loads(guanjian("encryption", "status", "--json").stdout)["secret"] == "passphrase"
    assert guanjian("log", "verify", old=FIRST).exit_code == 0
    refused = guanjian("log", "verify", old="a wrong passphrase")
    assert (refused.exit_code, "the passphrase is wrong" in refused.stderr) == (3, True)
    assert guanjian("encryption", "change-passphrase", old=FIRST, new=SECOND).exit_code == 0
    assert guanjian("log", "verify", old=FIRST).exit_code == 3
    assert guanjian("log", "verify", old=SECOND).exit_code == 0
    again = guanjian("encryption", "enable", "--backup", tmp_path / "safe", old=SECOND, new=SECOND)
    assert (again.exit_code, "encrypted already" in again.stderr) == (3, True)


def let_a_day_pass(data: Path, tmp_path: Path) -> Path:
    """A parcel, its label, print jobs and photograph, and what an officer writes out; returns his record of it."""
    printer = Printer(kind="tcp", name=MARK, address="127.0.0.1:9", language="zpl")
    officers = Officers(sign_in="demo", demo={MARK: Role.SUPERVISOR})
    settings = Settings(data=data, detection=Detection(is_on=False), officers=officers, printer=printer)
    station = build_station(settings)
    try:
        desk = Desk(station)
        desk.scan(1, MARK)
        parcel = station.find_code(MARK)
        assert parcel is not None
        photograph = tmp_path / "photograph.png"
        cv2.imwrite(str(photograph), np.zeros((40, 40), np.uint8))
        photograph.write_bytes(photograph.read_bytes() + MARK.encode())
        station.exams.add_photograph(parcel.id, photograph, officer=MARK)
        station.decide(parcel.id, Action.RELEASE, officer=MARK)
        station.wait_until_idle()
        for kind in (Format.PNG, Format.ZPL, Format.PDF):
            station.label(parcel.id, kind=kind)
        jobs = [station.print_label(parcel.id, officer=MARK) for _ in range(2)]
        assert station.printing is not None
        station.printing.settle(jobs[1].id, Said.DROP, officer=MARK)
        opened = read_parcel(station, parcel.id, officer=MARK)
        (record,) = write_record(data / "records", opened)
        scan = station.open_scan(parcel.id)
        assert scan is not None
        write_pictures(data / "pictures", parcel, build_views(scan), LOOKS["standard"])
        write_form(data / "forms", Form(FormKind.HAND_OVER_LIST, MARK, f"<p>{MARK}</p>", {}))
        (data / "outbox" / "orders").mkdir(parents=True)
        (data / "outbox" / "orders" / "answer.json").write_text(MARK)
    finally:
        station.stop()
    return record


def tells(path: Path) -> bool:
    """Whether a file says anything to who has no key; heads of formats count, for what is packed is not seen."""
    content = path.read_bytes()
    return content.startswith(HEADS) or any(word in content for word in WORDS)


@needs_cipher
def test_after_a_day_of_work_only_what_other_systems_read_is_plain(tmp_path: Path, guanjian: Run, qapp: object) -> None:
    data = tmp_path / "day"
    encrypting.enable(data, FILE, "passphrase", FIRST)
    record = let_a_day_pass(data, tmp_path)
    files = [path for path in data.rglob("*") if path.is_file()]
    assert {path.relative_to(data).parts[0] for path in files} >= {*SEALED, *EXCHANGE} - {"reports"}
    plain = {path.relative_to(data).as_posix() for path in files if tells(path)}
    assert {name for name in plain if name.partition("/")[0] not in EXCHANGE} == set()
    assert plain == {"outbox/orders/answer.json"}
    for path in files:
        if path.relative_to(data).parts[0] in SEALED:
            assert sealed.is_sealed(path.read_bytes()), path
    out = tmp_path / "record.pdf"
    sealed.forget()
    sealed.ask_with(lambda _path: FIRST)
    arguments = ["encryption", "open", str(record), "--out", str(out), "--data", str(data), "--officer", "officer-1"]
    done = CliRunner().invoke(cli, arguments)
    assert done.exit_code == 0, done.output
    assert out.read_bytes().startswith(b"%PDF")


@needs_cipher
def test_what_a_plain_day_left_is_encrypted_with_its_store(tmp_path: Path, qapp: object, guanjian: Run) -> None:
    data = tmp_path / "day"
    let_a_day_pass(data, tmp_path)
    log = next((data / "prints").glob("printed-*.jsonl"))
    before = log.read_bytes()
    encrypting.enable(data, FILE, "passphrase", FIRST)
    for path in (each for name in SEALED for each in (data / name).rglob("*") if each.is_file()):
        assert sealed.is_sealed(path.read_bytes()), path
    assert sealed.read_file(log) == before
    (data / "labels" / "left.zpl").write_text("^XA")
    encrypting.enable(data, FILE, "passphrase")
    assert sealed.is_sealed((data / "labels" / "left.zpl").read_bytes())
    with pytest.raises(EncryptedAlreadyError):
        encrypting.enable(data, FILE, "passphrase")


@needs_cipher
def test_a_store_of_replays_is_encrypted_with_that_of_the_post(tmp_path: Path) -> None:
    data = tmp_path / "post"
    with closing(Store.open(data / NESTED, station="belt-1", ballast_bytes=1024)) as store:
        store.add_event(MARK, None, {})
    encrypting.enable(data, FILE, "passphrase", FIRST)
    with closing(Store.open(data / NESTED, station="belt-1", ballast_bytes=1024)) as store:
        assert store.verify_log().is_ok
    assert not (data / NESTED / FILE).read_bytes().startswith(b"SQLite")
    sealed.forget()


@needs_cipher
def test_a_weak_passphrase_changes_nothing(guanjian: Run, tmp_path: Path) -> None:
    refused = guanjian("encryption", "enable", "--backup", tmp_path / "safe", new="short")
    assert (refused.exit_code, "at least 12" in refused.stderr) == (3, True)
    assert (tmp_path / "data" / "store.sqlite").read_bytes().startswith(b"SQLite")
    assert guanjian("log", "verify").exit_code == 0


def test_where_nobody_can_be_asked_it_says_how_to_give_the_passphrase(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(PASSPHRASE, raising=False)
    with pytest.raises(StoreLockedError, match=PASSPHRASE):
        ask_passphrase(tmp_path / sealed.KEY_FILE)


def test_a_profile_that_wants_encryption_opens_no_plain_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUANJIAN_STORE__ENCRYPTION", "passphrase")
    settings = load_settings().model_copy(update={"data": tmp_path})
    with pytest.raises(EncryptionUnfinishedError, match="encryption enable"):
        build_station(settings)
    assert not (tmp_path / "store.sqlite").exists()
