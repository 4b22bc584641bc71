"""Settings come from a profile, the environment wins, and a wrong value is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.settings import Printer, SettingsError, load_settings


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
