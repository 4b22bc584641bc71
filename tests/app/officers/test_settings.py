"""What a post sets for its officers: strict where nothing is said, refused where it would not be safe."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from app.customs.parcel import Kind
from app.settings import Directory, Officers, Settings, load_settings


def test_a_post_that_says_nothing_has_its_officers_sign_in() -> None:
    assert Settings().officers.sign_in == "required"
    assert not Settings().officers.is_badge("anything")


@pytest.mark.parametrize("profile", ["demo", "container"])
def test_the_profiles_that_ship_are_demos(profile: str) -> None:
    assert load_settings(profile).officers.sign_in == "demo"


def test_each_kind_of_goods_has_a_model_that_was_made_for_it() -> None:
    first = Settings().detection
    assert {kind: each.model for each in (first, *first.further) for kind in each.looks_at} == {
        Kind.PARCEL: "parcel-3-int8",
        Kind.CONTAINER: "cargo-1",
    }
    gate = load_settings("container")
    assert (
        {device.carries for device in gate.devices if device.lane} == set(gate.detection.looks_at) == {Kind.CONTAINER}
    )


def test_the_profile_comes_from_the_environment_where_none_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "post.toml"
    path.write_text('[post]\noffice = "1234"\n', "utf-8")
    monkeypatch.setenv("GUANJIAN_PROFILE", str(path))
    assert load_settings().post.office == "1234"
    assert load_settings("demo").post.office == "9999"


@pytest.mark.parametrize(
    ("code", "is_badge"), [("GJ-000001", True), ("GJ-0000011", False), ("xGJ-000001", False), ("GJ-000001\n", False)]
)
def test_a_badge_is_the_whole_code(code: str, is_badge: bool) -> None:
    assert Officers(badge_pattern="GJ-[0-9]{6}").is_badge(code) is is_badge


@pytest.mark.parametrize("url", ["ldap://directory.example", "http://directory.example", "directory.example"])
def test_a_directory_without_tls_is_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        Directory(url=url, user_dn="uid={login}")


def test_what_could_not_work_is_refused() -> None:
    with pytest.raises(ValidationError):
        Directory(url="ldaps://directory.example", user_dn="uid=everybody")
    for wrong in ({"badge_pattern": "("}, {"lock_after_s": 0}, {"sign_in": "off"}):
        with pytest.raises(ValidationError):
            Officers(**wrong)  # type: ignore[arg-type]
