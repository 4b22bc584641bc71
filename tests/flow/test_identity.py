"""Identity checks with a camera model that a test builds: registered, checked, withdrawn; all of it in the log."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from app.cli import cli
from app.customs.references import IdentityRefusedError, ReferenceKind
from app.exchange.errors import PhotographBrokenError
from app.identity_desk import VisibleModelMissingError
from app.officers.errors import RightMissingError
from app.officers.rights import Role
from app.settings import Detection, Officers, Sameness, Settings
from app.store import backup
from models.card import EmbeddingInput
from models.embedding import Embedder, load
from models.likeness import Likeness, NoXrayError
from tests.flow.conftest import Desk
from tests.models.embeddings import store_embedding

ANIMAL, ARTICLE = ReferenceKind.ANIMAL, ReferenceKind.TRADEMARK


class Here(Embedder):
    """The model in the test's own process."""

    def close(self) -> None: ...


def open_here(name: str, folder: Path) -> Here:
    loaded = load(name, folder)
    return Here(loaded.card, loaded._session)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    store_embedding(tmp_path / "models", EmbeddingInput.RGB)
    known = Officers(sign_in="demo", demo={"a": Role.SUPERVISOR, "b": Role.OFFICER, "boss": Role.ADMIN})
    detection = Detection(is_on=False, folder=tmp_path / "models")
    return Settings(
        data=tmp_path / "data", detection=detection, officers=known, sameness=Sameness(model="", visible="lab-same")
    )


@pytest.fixture
def desk(open_desk: Callable[..., Desk]) -> Desk:
    made = open_desk()
    made.station.identities.use(open_here)
    return made


def photograph(folder: Path, seed: int, noise: float = 0, name: str = "") -> Path:
    """Coloured patches that the seed draws, as a camera sees them with some noise."""
    patches = np.random.default_rng(seed).integers(0, 255, (4, 4, 3)).astype(np.float32)
    picture = cv2.resize(patches, (160, 120), interpolation=cv2.INTER_NEAREST)
    picture += np.random.default_rng(99).normal(0, noise, picture.shape)
    path = folder / f"{name or seed}.png"
    cv2.imwrite(str(path), np.clip(picture, 0, 255).astype(np.uint8))
    return path


def test_a_picture_finds_its_reference_and_a_stranger_none(desk: Desk, tmp_path: Path) -> None:
    identities = desk.station.identities
    horse = identities.register(ANIMAL, "Example Horse", [photograph(tmp_path, 1)], code="985-1", officer="a")
    identities.register(ARTICLE, "Example Bag", [photograph(tmp_path, 2), photograph(tmp_path, 3)], officer="a")
    checked = identities.check(photograph(tmp_path, 1, noise=20, name="seen"), officer="b")
    assert checked.best.reference.id == horse.id
    assert checked.best.likeness is Likeness.SAME
    assert [each.score for each in checked.nearest] == sorted((each.score for each in checked.nearest), reverse=True)
    bag = identities.check(photograph(tmp_path, 3, noise=20, name="bag"), officer="b").best
    assert bag.reference.name == "Example Bag"
    assert bag.picture.source == "3.png"
    assert identities.check(photograph(tmp_path, 7), officer="b").best.likeness is not Likeness.SAME
    only = identities.check(photograph(tmp_path, 1, name="again"), officer="b", kind=ARTICLE)
    assert {each.reference.kind for each in only.nearest} == {ARTICLE}


def test_every_check_stands_in_the_record_and_the_log_is_sound(desk: Desk, tmp_path: Path) -> None:
    identities = desk.station.identities
    identities.register(ANIMAL, "Example Horse", [photograph(tmp_path, 1)], code="985-1", officer="a")
    identities.check(photograph(tmp_path, 1, noise=10, name="seen"), officer="b")
    found = identities.find("985-1")
    assert found is not None
    (check,) = found.checks
    assert (check.officer, check.likeness, check.model) == ("b", "same", "lab-same 1")
    assert check.score > 0.9
    assert identities.load(check.picture) == (tmp_path / "seen.png").read_bytes()
    assert desk.station.verify_log().is_ok
    kept = next((desk.station.settings.data / "photographs").rglob(f"*{check.picture.sha256[:24]}*"))
    kept.write_bytes(b"something else")
    assert not desk.station.verify_log().is_ok


def test_a_withdrawn_reference_is_not_compared_with_and_says_so(desk: Desk, tmp_path: Path) -> None:
    identities = desk.station.identities
    horse = identities.register(ANIMAL, "Example Horse", [photograph(tmp_path, 1)], officer="a")
    identities.add_pictures(horse.id, [photograph(tmp_path, 2)], officer="a")
    with pytest.raises(IdentityRefusedError):
        identities.withdraw(horse.id, " ", officer="a")
    assert identities.withdraw(horse.id, "sold", officer="a").is_withdrawn
    assert identities.references() == []
    with pytest.raises(IdentityRefusedError):
        identities.check(photograph(tmp_path, 1), officer="b")
    with pytest.raises(IdentityRefusedError):
        identities.add_pictures(horse.id, [photograph(tmp_path, 3)], officer="a")


def test_what_is_no_reference_is_refused_and_nothing_is_kept(desk: Desk, tmp_path: Path) -> None:
    identities = desk.station.identities
    text = tmp_path / "no.png"
    text.write_text("no picture", "utf-8")
    with pytest.raises(PhotographBrokenError):
        identities.register(ANIMAL, "Example Horse", [photograph(tmp_path, 1), text], officer="a")
    for name, paths in ((" ", [photograph(tmp_path, 1)]), ("Example Horse", [])):
        with pytest.raises(IdentityRefusedError):
            identities.register(ANIMAL, name, paths, officer="a")
    with pytest.raises(RightMissingError):
        identities.register(ANIMAL, "Example Horse", [photograph(tmp_path, 1)], officer="b")
    assert identities.references() == []
    assert not (desk.station.settings.data / "photographs").exists()


def test_without_a_camera_model_or_with_the_xray_one_it_says_what_is_missing(
    open_desk: Callable[..., Desk], settings: Settings, tmp_path: Path
) -> None:
    desk = open_desk(sameness=Sameness(model="", visible=""))
    desk.station.identities.register(ANIMAL, "Example Horse", [photograph(tmp_path, 1)], officer="a")
    with pytest.raises(VisibleModelMissingError):
        desk.station.identities.check(photograph(tmp_path, 1), officer="a")
    desk = open_desk(sameness=Sameness(model="", visible="same-1"))
    with pytest.raises(NoXrayError):
        desk.station.identities.check(photograph(tmp_path, 1), officer="a")


def test_pictures_of_references_are_in_a_backup(desk: Desk, tmp_path: Path) -> None:
    desk.station.identities.register(ANIMAL, "Example Horse", [photograph(tmp_path, 1)], officer="a")
    rows = backup._photographs(desk.station.settings.data / "store.sqlite")
    assert [path for path, _ in rows] == [
        path.relative_to(desk.station.settings.data / "photographs").as_posix()
        for path in (desk.station.settings.data / "photographs").rglob("*.png")
    ]


def test_the_register_by_commands(settings: Settings, desk: Desk, tmp_path: Path) -> None:
    """The model runs in a process of its own here, as at a station."""
    env = {
        "GUANJIAN_DETECTION__FOLDER": str(settings.detection.folder),
        "GUANJIAN_SAMENESS__VISIBLE": "lab-same",
    }
    runner = CliRunner()

    def call(*arguments: str, code: int = 0) -> str:
        result = runner.invoke(cli, ["identity", *arguments, "--data", str(settings.data)], env=env)
        assert result.exit_code == code, result.output
        return result.output

    call("register", "animal", "Example Horse", str(photograph(tmp_path, 1)), "--code", "985-1")
    call("register", "trademark", "Example Bag", str(photograph(tmp_path, 2)))
    listed = [json.loads(line) for line in call("list", "--json").splitlines()]
    assert [(each["name"], each["pictures"]) for each in listed] == [("Example Horse", 1), ("Example Bag", 1)]
    said = json.loads(call("check", str(photograph(tmp_path, 2, noise=10, name="seen")), "--json"))
    assert said["nearest"][0]["name"] == "Example Bag"
    assert said["nearest"][0]["likeness"] == "same"
    call("withdraw", "985-1", "--reason", "sold")
    assert "Example Horse" not in call("list")
    call("add", "nobody", str(photograph(tmp_path, 3)), code=3)
