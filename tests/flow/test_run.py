"""The station as its user starts it: processes of its own, the real window drawn nowhere, reports read back."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import cv2
import pytest
from pyzbar import pyzbar

from app.store.store import Store

PARCELS = 6
TIMEOUT_S = 110


def guanjian(*arguments: str | Path, is_checked: bool = True) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "app", *map(str, arguments)]
    return subprocess.run(command, check=is_checked, capture_output=True, text=True, timeout=TIMEOUT_S)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The folder and the report of one automatic run."""
    folder = tmp_path_factory.mktemp("run")
    report = folder / "report.json"
    guanjian("run", "--offscreen", "--auto", "--parcels", str(PARCELS), "--data", folder / "data", "--report", report)
    return folder / "data", json.loads(report.read_text("utf-8"))


@pytest.mark.slow
def test_every_parcel_is_decided_and_reported(ran: tuple[Path, dict[str, Any]]) -> None:
    _, report = ran
    assert report["counts"]["scans"] == PARCELS
    assert report["counts"]["decisions"] >= PARCELS
    assert report["log_verified"] is True
    assert {parcel["state"] for parcel in report["parcels"]} <= {"released", "held", "detained"}
    for name in ("scan_to_queue", "decision_commit", "decision_to_next_image"):
        assert report["times_ms"][name]["p50"] > 0


@pytest.mark.slow
def test_every_released_parcel_has_a_label_that_reads_as_its_own_code(ran: tuple[Path, dict[str, Any]]) -> None:
    _, report = ran
    released = [parcel for parcel in report["parcels"] if parcel["state"] == "released"]
    assert released
    for parcel in released:
        (symbol,) = pyzbar.decode(cv2.imread(parcel["label"]), symbols=[pyzbar.ZBarSymbol.QRCODE])
        assert symbol.data.decode() == parcel["trace_code"]
    assert len({parcel["trace_code"] for parcel in released}) == len(released)


@pytest.mark.slow
def test_label_trace_and_log_answer_for_the_run(ran: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    data, report = ran
    parcel = next(each for each in report["parcels"] if each["trace_code"])
    out = tmp_path / "label.pdf"
    guanjian("label", parcel["trace_code"], "-o", out, "--data", data)
    assert out.read_bytes().startswith(b"%PDF")
    found = json.loads(guanjian("trace", parcel["trace_code"], "--json", "--data", data).stdout)
    assert (found["verdict"], found["parcel"]["number"]) == ("valid", parcel["number"])
    assert found["history"][-1]["after"] == "released"
    forged = parcel["trace_code"][:-1] + ("A" if parcel["trace_code"][-1] != "A" else "B")
    assert guanjian("trace", forged, "--data", data, is_checked=False).returncode == 1
    assert json.loads(guanjian("log", "verify", "--json", "--data", data).stdout)["is_sound"] is True


@pytest.mark.slow
@pytest.mark.parametrize("folder", ["compass-xp/images", "dicos"])
def test_real_files_go_through_the_station(folder: str, shared: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    guanjian(
        "replay", shared / "data" / folder, "--speed", "max", "--offscreen", "--auto",
        "--data", tmp_path / "data", "--report", report,
    )  # fmt: skip
    parcels = json.loads(report.read_text("utf-8"))["parcels"]
    assert len(parcels) == {"compass-xp/images": 14, "dicos": 3}[folder]
    assert all(parcel["state"] != "imaged" for parcel in parcels)


def kill_and_compare(data: Path, seconds: float, log: Path, *, at_work: bool) -> int:
    """Kill a run some time after its start, or after its first decision; what it acknowledged must be in the store.

    Returns how many decisions it had acknowledged.
    """
    command = [sys.executable, "-m", "app", "run", "--offscreen", "--auto", "--parcels", "200", "--data", str(data)]
    with log.open("w") as stderr:
        process = subprocess.Popen(command, stderr=stderr, env={**os.environ, "GUANJIAN_LOG": "info"})
        while at_work and process.poll() is None and '"decided"' not in log.read_text("utf-8"):
            time.sleep(0.05)
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        process.wait()
    if not (data / "store.sqlite").exists():
        return 0
    acknowledged = [json.loads(line) for line in log.read_text("utf-8").splitlines() if line.endswith("}")]
    acknowledged = [line for line in acknowledged if line.get("event") == "decided"]
    store = Store.open(data, station="station-1")
    try:
        assert store.verify_log().is_ok
        for line in acknowledged:
            decisions = {each.id: each for each in store.history(line["parcel"])}
            assert decisions[line["decision"]].after == line["after"]
            found = store.find_trace(line["trace"]) if line["trace"] else None
            assert (found is not None and found.parcel_id == line["parcel"]) or line["trace"] is None
    finally:
        store.close()
    return len(acknowledged)


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_when_the_station_is_killed(tmp_path: Path) -> None:
    """GUANJIAN_KILLS sets how often; three times here, and the same store is opened again each time."""
    kills = int(os.environ.get("GUANJIAN_KILLS", "3"))
    chance = random.Random(7)
    acknowledged = [
        kill_and_compare(tmp_path / "data", chance.uniform(0, 3), tmp_path / f"{n}.log", at_work=n % 4 != 0)
        for n in range(kills)
    ]
    assert sum(acknowledged) > 0


def test_a_wrong_profile_is_refused_by_name() -> None:
    done = guanjian("run", "--profile", "nowhere.toml", is_checked=False)
    assert done.returncode == 3
    assert "nowhere.toml" in done.stderr
