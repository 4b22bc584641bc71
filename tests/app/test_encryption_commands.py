"""The commands of encryption: what they ask, what they say, and what lies in the folder afterwards."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app import texts
from app.build import build_station
from app.cli import cli
from app.commands.encryption import NEW_PASSPHRASE, PASSPHRASE, ask_passphrase
from app.settings import load_settings
from app.store import sealed
from app.store.database import HAS_CIPHER
from app.store.errors import EncryptionUnfinishedError, StoreLockedError
from app.store.store import Store

Run = Callable[..., Result]
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
