"""Drivers are found by their entry points, and settings that do not fit are told one by one."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from scanners import registry
from scanners.device import DeviceKind, DeviceSettingsError, DriverUnknownError
from scanners.simulated.belt import SimulatedBelt

_SHIPPED = {
    "camera",
    "hid-pos",
    "image-folder",
    "keyboard-wedge",
    "replay",
    "serial-reader",
    "simulated-barcode",
    "simulated-belt",
    "simulated-h986",
    "tcp-reader",
    "watch-folder",
}


def test_all_shipped_drivers_load() -> None:
    assert set(registry.driver_names()) >= _SHIPPED
    kinds = {registry.driver(name).kind for name in _SHIPPED}
    assert kinds == set(DeviceKind)


def test_an_unknown_driver_names_those_that_are_there() -> None:
    with pytest.raises(DriverUnknownError, match="simulated-belt") as caught:
        registry.driver("perpetuum-mobile")
    assert "watch-folder" in str(caught.value.details["installed"])


@pytest.mark.parametrize("value", ["scanners.absent:Driver", "scanners.registry:driver"])
def test_a_broken_entry_point_is_a_known_error(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = EntryPoint("broken", value, registry.GROUP)
    monkeypatch.setattr(registry, "entry_points", lambda **_: [broken])
    with pytest.raises(DriverUnknownError):
        registry.driver("broken")


def test_a_device_is_built_from_options() -> None:
    belt = registry.build_device("belt-1", "simulated-belt", {"seed": 1, "lane": "mail", "speed": "max"})
    assert isinstance(belt, SimulatedBelt)
    assert belt.name == "belt-1"
    assert belt.settings.lane == "mail"


@pytest.mark.parametrize(
    ("driver", "options", "named"),
    [
        ("simulated-belt", {"sped": 2}, "sped"),
        ("simulated-belt", {"speed": -1}, "speed"),
        ("watch-folder", {}, "folder"),
        ("tcp-reader", {"port": 70_000}, "port"),
    ],
)
def test_settings_that_do_not_fit(driver: str, options: dict[str, object], named: str) -> None:
    with pytest.raises(DeviceSettingsError, match=named) as caught:
        registry.build_device("belt-1", driver, options)
    assert caught.value.details["name"] == "belt-1"


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_errors_have_texts(language: str) -> None:
    import tomllib

    from imaging.errors import KnownError

    folder = Path(__file__).parents[2] / "resources" / "translations" / language
    errors = tomllib.loads((folder / "error.toml").read_text(encoding="utf-8"))
    for name in _SHIPPED:
        registry.driver(name)
    waiting = [KnownError]
    while waiting:
        error = waiting.pop()
        waiting += error.__subclasses__()
        if error.__module__.startswith("scanners") and error.__module__ != "scanners.decode":
            assert error.key in errors
