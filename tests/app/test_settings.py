"""Settings come from a profile, the environment wins, and a wrong value is named."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from app.settings import Printer, Settings, SettingsError, load_settings


def test_the_demo_profile_ships() -> None:
    settings = load_settings("demo")
    assert settings.post.office == "9999"
    assert {device.driver for device in settings.devices} >= {"simulated-belt", "simulated-barcode"}


def test_a_file_is_read_and_the_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    profile = tmp_path / "post.toml"
    profile.write_text('[post]\noffice = "1234"\nname_en = "A"\n', encoding="utf-8")
    monkeypatch.setenv("GUANJIAN_POST__OFFICE", "4321")
    settings = load_settings(profile)
    assert (settings.post.office, settings.post.name_en) == ("4321", "A")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('[post]\noffice = "12a4"\n', "post.office"),
        ('[printer]\nkind = "tcp"\n', "printer"),
        ('[printer]\nkind = "tcp"\naddress = "printer:x"\n', "printer"),
        ('[printer]\nkind = "cups"\naddress = "a"\nlanguage = "svg"\n', "printer.language"),
        ("[post]\ncolour = 1\n", "post.colour"),
        ("[post\n", "not valid TOML"),
        ("version = 2\n", "version"),
    ],
)
def test_a_wrong_value_is_named(tmp_path: Path, content: str, said: str) -> None:
    profile = tmp_path / "post.toml"
    profile.write_text(content, encoding="utf-8")
    with pytest.raises(SettingsError, match=said):
        load_settings(profile)


def test_a_missing_profile_is_named() -> None:
    with pytest.raises(SettingsError, match="nowhere"):
        load_settings("nowhere")


@pytest.mark.parametrize(
    ("address", "where"),
    [("printer.example", ("printer.example", 9100)), ("192.0.2.10:6101", ("192.0.2.10", 6101))],
)
def test_a_printer_on_the_network_has_host_and_port(address: str, where: tuple[str, int]) -> None:
    assert Printer(kind="tcp", address=address).host_and_port() == where


def test_the_page_of_settings_names_every_one_in_the_row_of_its_section() -> None:
    page = (Path(__file__).parents[2] / "docs" / "settings.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| (\S+) \| (.*) \|$", page, re.MULTILINE))
    top = {name for name, field in Settings.model_fields.items() if not sections_in(field)}
    missing = {"(top)": {name for name in top if f"`{name}`" not in rows["(top)"]}}
    for name, field in Settings.model_fields.items():
        for section in sections_in(field):
            row = rows.get(f"`[{name}]`") or rows.get(f"`[[{name}]]`", "")
            missing[name] = {each for each in names_in(section) if f"`{each}`" not in row}
    assert {name: sorted(each) for name, each in missing.items() if each} == {}


def sections_in(field: FieldInfo) -> list[type[BaseModel]]:
    """The model of a section, or of each entry of a list of them."""
    kinds = (field.annotation, *get_args(field.annotation))
    return [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)]


def names_in(section: type[BaseModel]) -> set[str]:
    """Its settings, with those of the sections in it."""
    inner = (names_in(each) for field in section.model_fields.values() for each in sections_in(field))
    return set(section.model_fields).union(*inner)
