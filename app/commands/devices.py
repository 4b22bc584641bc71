"""Commands on drivers of devices: devices list, trust."""

from __future__ import annotations

import os
import re
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Annotated

import typer

from app.commands.acting import Officer, acting
from app.commands.log import Data, Json, open_store, settings_of
from app.commands.output import known_errors, print_json, print_line
from app.officers.rights import Right
from app.settings import SettingsError, load_settings
from app.texts import text
from imaging import plugins
from imaging.errors import PluginRefusedError
from imaging.files.durable import write_whole
from scanners.registry import entries, find

_SECTION = "[plugins.trusted]"

device_commands = typer.Typer(help="Drivers of devices, and which packages they may come from.", no_args_is_help=True)


@device_commands.command("list")
def list_drivers(json: Json = False) -> None:
    """List the drivers that are installed, the package of each, and whether it may be used."""
    for entry in entries():
        package, stands = entry.dist.name if entry.dist else "", _stands(entry)
        if json:
            print_json({"driver": entry.name, "package": package, "status": stands})
        else:
            print_line(f"{entry.name:20} {package:20} {text(f'devices.{stands}')}")


@device_commands.command("trust")
def trust(
    name: Annotated[str, typer.Argument(help="The driver, as `devices list` shows it.")],
    officer: Officer = None,
    data: Data = None,
) -> None:
    """Trust the package of a driver as it is installed now: its hash goes into the profile, and into the log."""
    settings = settings_of(data)
    with known_errors():
        entry = find(name)
        if plugins.is_own(entry):
            print_line(text("devices.shipped_already", name=name))
            return
        package = plugins.distribution_of(entry)
        digest = plugins.fingerprint(package)
        with open_store(settings) as store, acting(settings, store, officer, Right.KEYS) as login:
            profile = _write_trust(package.name, digest)
            body = {"driver": name, "package": package.name, "version": package.version, "sha256": digest}
            store.add_event("plugin_trusted", None, body | {"officer": login})
    print_line(text("devices.trusted_now", package=package.name, version=package.version, profile=profile.name))


def _stands(entry: EntryPoint) -> str:
    if plugins.is_own(entry):
        return "shipped"
    try:
        plugins.check(entry)
    except PluginRefusedError:
        return "refused"
    return "trusted"


def _write_trust(package: str, digest: str) -> Path:
    """Put a package into the profile that GUANJIAN_PROFILE names; the rest of the file stays as it is.

    Raises:
        SettingsError: it names no file of the post's own, or the file would not be a profile any more.
    """
    profile = Path(os.environ.get("GUANJIAN_PROFILE") or "demo")
    if not profile.is_file():
        detail = f"The profile {profile} is no file of your post. Name your own in GUANJIAN_PROFILE."
        raise SettingsError(detail, detail=detail)
    before = profile.read_bytes()
    line = f'"{package}" = "{digest}"'
    lines = [each for each in before.decode().splitlines() if not re.match(rf'"?{re.escape(package)}"?\s*=', each)]
    if _SECTION not in lines:
        lines += ["", _SECTION]
    lines.insert(lines.index(_SECTION) + 1, line)
    write_whole(profile, ("\n".join(lines) + "\n").encode())
    try:
        if load_settings(profile).plugins.trusted.get(package) == digest:
            return profile
        detail = f"{profile.name} has its trusted plug-ins written in another way; put {line} below {_SECTION}."
    except SettingsError as error:
        detail = str(error)
    write_whole(profile, before)
    raise SettingsError(detail, detail=detail)
