"""Which drivers are installed, and devices made from the station's settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import cast

from pydantic import ValidationError

from imaging import plugins
from scanners.device import Device, DeviceSettings, DeviceSettingsError, DriverUnknownError

GROUP = "guanjian.devices"


def entries() -> list[EntryPoint]:
    """All installed drivers by name; of two with the same name ours comes first."""
    return sorted(entry_points(group=GROUP), key=lambda entry: (entry.name, not plugins.is_own(entry)))


def driver_names() -> list[str]:
    """The names of all installed drivers, in order."""
    return sorted({entry.name for entry in entries()})


def find(name: str) -> EntryPoint:
    """The installed driver of that name, not loaded.

    Raises:
        DriverUnknownError: none is installed under that name.
    """
    found = next((entry for entry in entries() if entry.name == name), None)
    if found is None:
        installed = ", ".join(driver_names()) or "none"
        raise DriverUnknownError(
            f"No driver is called {name!r}. Installed: {installed}. Correct the settings or install the driver.",
            driver=name,
            installed=installed,
        )
    return found


def driver(name: str) -> type[Device]:
    """The driver class of that name.

    Raises:
        DriverUnknownError: none is installed under that name, or it cannot be imported.
        PluginRefusedError: another package brings it, and the post does not trust that package as it is.
    """
    found = find(name)
    try:
        loaded = plugins.load(found)
    except ImportError as error:
        raise DriverUnknownError(
            f"The driver {name!r} is installed but cannot be loaded: {error}. Install what it needs.",
            driver=name,
            installed=", ".join(driver_names()),
        ) from error
    if not (isinstance(loaded, type) and issubclass(loaded, Device)):
        raise DriverUnknownError(
            f"The entry point {name!r} is {loaded!r}, not a driver. Remove or correct the package that brings it.",
            driver=name,
            installed=", ".join(driver_names()),
        )
    return loaded


def build_device(name: str, driver_name: str, options: Mapping[str, object]) -> Device:
    """Make a device called `name`, not opened yet.

    Raises:
        DriverUnknownError, PluginRefusedError: see `driver`.
        DeviceSettingsError: an option is unknown, missing or out of range; the message names each.
    """
    found = driver(driver_name)
    try:
        settings = found.Settings.model_validate(dict(options))
    except ValidationError as error:
        problems = "; ".join(f"{_place(e['loc'])}: {e['msg']}" for e in error.errors())
        raise DeviceSettingsError(
            f"The settings of device {name!r} do not fit the driver {driver_name!r}: {problems}. Correct them.",
            name=name,
            driver=driver_name,
            problems=problems,
        ) from error
    make = cast(Callable[[str, DeviceSettings], Device], found)
    return make(name, settings)


def _place(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location) or "options"
