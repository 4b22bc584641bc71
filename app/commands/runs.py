"""Commands that open the station: run, replay."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated, Any

import typer

from app.commands.output import Exit, console, known_errors
from app.settings import DeviceEntry, Settings, load_settings

Offscreen = Annotated[bool, typer.Option("--offscreen", help="Without a screen: the same window, drawn nowhere.")]
Auto = Annotated[bool, typer.Option("--auto", help="A scripted officer decides, through the window's own actions.")]
Report = Annotated[Path | None, typer.Option(help="Write a JSON report at the end.")]
Data = Annotated[Path | None, typer.Option(help="Folder of the store; default: the user's data folder.")]
Speed = Annotated[str, typer.Option(help="1 is real time, 4 four times, max as fast as the station takes it.")]


def run(
    profile: Annotated[str | None, typer.Option(help="demo, or a TOML file of your post.")] = None,
    offscreen: Offscreen = False,
    parcels: Annotated[int | None, typer.Option(min=1, help="Simulated parcels; then the run ends.")] = None,
    auto: Auto = False,
    report: Report = None,
    data: Data = None,
    speed: Annotated[str | None, typer.Option(help="Of the simulators; default: 1, with --auto max.")] = None,
    think: Annotated[float, typer.Option(min=0, max=60, help="Seconds that the scripted officer looks.")] = 0.0,
) -> None:
    """Open the station on the devices of a profile."""
    with known_errors():
        settings = load_settings(profile)
        chosen = _parse_speed(speed or ("max" if auto else "1"))
        devices = tuple(_simulate(entry, parcels, chosen) for entry in settings.devices)
        settings = _with(settings, data, devices)
        _expect_demo(settings, auto)
        _open(settings, offscreen=offscreen, auto=auto, report=report, ends=parcels is not None, think_s=think)


def replay(
    path: Annotated[Path, typer.Argument(help="A folder of scans in any format, or an archive of native scans.")],
    speed: Speed = "1",
    offscreen: Offscreen = False,
    auto: Auto = False,
    report: Report = None,
    data: Data = None,
    profile: Annotated[str | None, typer.Option(help="The post's settings; its devices are not opened.")] = None,
) -> None:
    """Replay captured scans through the station, into a store of their own beside the post's."""
    if not path.exists():
        raise typer.BadParameter(f"{path} does not exist", param_hint="PATH")
    from app.build import expect_scans

    with known_errors():
        options = {"path": str(path.resolve()), "speed": _parse_speed(speed)}
        device = DeviceEntry(name="replay", driver="replay", lane="replay", options=options)
        settings = load_settings(profile)
        settings = _with(settings, (data or settings.data) / "replay", (device,))
        expect_scans(path)
        _expect_demo(settings, auto)
        _open(settings, offscreen=offscreen, auto=auto, report=report, ends=True)


def _open(
    settings: Settings, *, offscreen: bool, auto: bool, report: Path | None, ends: bool, think_s: float = 0.0
) -> None:
    if offscreen:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from app.sitting import sit  # Qt is loaded only now, so that other commands start at once

    outcome: dict[str, Any] = sit(settings, is_auto=auto, ends=ends and (auto or offscreen), think_s=think_s)
    if report:
        report.write_text(json.dumps(outcome, ensure_ascii=False, indent=1), encoding="utf-8")
        console.print(f"Report: {report}")
    if not outcome["log_verified"]:
        raise typer.Exit(Exit.FOUND)


def _expect_demo(settings: Settings, is_auto: bool) -> None:
    """A scripted officer has no account and no PIN."""
    if is_auto and settings.officers.sign_in != "demo":
        raise typer.BadParameter("officers sign in here; it runs in a demo only", param_hint="--auto")


def _with(settings: Settings, data: Path | None, devices: tuple[DeviceEntry, ...]) -> Settings:
    changes: dict[str, object] = {"devices": devices}
    if data:
        changes["data"] = data
    return settings.model_copy(update=changes)


def _simulate(entry: DeviceEntry, parcels: int | None, speed: float | str) -> DeviceEntry:
    from app.build import SIMULATED

    if entry.driver not in SIMULATED:
        return entry
    return entry.model_copy(update={"options": {**entry.options, "speed": speed, "count": parcels}})


def _parse_speed(text: str) -> float | str:
    if text == "max":
        return text
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed <= 1000:
        raise typer.BadParameter(f"{text!r} is neither max nor a number up to 1000", param_hint="--speed")
    return speed
