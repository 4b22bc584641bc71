"""The commands risk and stats, on a store that a station left."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.bench import risk as risk_bench
from app.build import load_rules
from app.cli import cli
from app.customs.parcel import Capture, Declaration, GoodsLine, Kind
from app.customs.states import Action
from app.officers.rights import KnownOfficers
from app.risk_office import RiskOffice
from app.settings import Post
from app.store.store import Store
from app.texts import language, set_language

RULE = '[[rule]]\nid = "a"\nname = { en = "A", zh = "甲" }\nwhen = "value > 5"\nlane = "red"\nfrom = 2026-01-01\n'


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with ten parcels of yesterday, one of them with a find."""
    folder = tmp_path_factory.mktemp("data")
    store = Store.open(folder, station="test", ballast_bytes=1 << 16)
    office = RiskOffice(store, Post(), KnownOfficers({}), load_rules(None))
    at = datetime.now(UTC) - timedelta(days=1)
    for n in range(10):
        number = f"RB{n:09d}DE"
        store.add_declarations([Declaration(number, (GoodsLine("书", "4901", value=1_000_000),), value=1_000_000)])
        found = office.assess(number, at, (), (), Kind.PARCEL)
        parcel = store.record_scan(
            None, Capture(f"s{n}", f"{n}.tif", "0" * 64, "belt", at), number=number, lane=found.lane,
            lane_reasons=found.reasons, arrived_at=at,
        )  # fmt: skip
        for action in (Action.REFER, Action.OPEN, Action.EXAM_ABNORMAL) if n == 0 else ():
            store.decide(parcel.id, action, officer="officer-1", decided_at=at, reason="prohibited_goods")
    store.close()
    return folder


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    before = language()
    set_language("en")
    yield
    set_language(before)


def run(*arguments: object, code: int = 0) -> str:
    result = CliRunner().invoke(cli, [str(each) for each in arguments])
    assert result.exit_code == code, result.output
    return result.output


def day() -> str:
    return f"{datetime.now(UTC) - timedelta(days=1) + timedelta(hours=8):%Y-%m-%d}"


def test_a_file_of_rules_is_tried_on_the_last_days(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(RULE, "utf-8")
    assert "value > 5" in run("risk", "check", file)
    lines = [json.loads(line) for line in run("risk", "test", file, "--days", 3, "--json", "--data", data).splitlines()]
    assert (lines[0]["parcels"], lines[0]["hits"]) == (10, 1)
    assert lines[0]["after"] == {"selected": 10, "opened": 1, "hits": 1, "missed": 0, "hit_rate": 1.0}
    own = next(line for line in lines if line.get("rule") == "a")
    assert own["before"] is None
    assert "All rules" in run("risk", "test", file, "--days", 3, "--data", data)


def test_wrong_rules_are_named_with_their_place(tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(RULE.replace("value", "valeu"), "utf-8")
    assert "character 1" in run("risk", "check", file, code=3)
    run("risk", "check", tmp_path / "none.toml", code=3)


def test_a_file_without_rules_is_named_as_such(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_text("", "utf-8")
    assert "There is no rule in" in run("risk", "test", file, "--data", data, code=3)


def test_a_report_into_a_folder_that_is_not_there_says_which(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "missing" / "day.csv"
    said = run("stats", "--out", out, "--data", data, "--officer", "supervisor-1", code=3)
    assert f"There is no folder {out.parent}" in said.replace("\n", "")


@pytest.mark.parametrize(
    "command", ["orders list", "orders received", "recall list", "vehicles list", "filings show goods"]
)
def test_a_list_that_is_empty_says_so(data: Path, command: str) -> None:
    assert run(*command.split(), "--data", data) == "There is nothing to list.\n"
    if not command.startswith("vehicles"):
        assert run(*command.split(), "--json", "--data", data) == ""


def test_rules_in_force_are_exported_as_a_file(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "out.toml"
    file.write_text(run("risk", "export", "--data", data), "utf-8")
    assert run("risk", "check", file).count("\n") == 2 * len(load_rules(None))


def test_the_random_control_of_a_day_is_drawn_again(data: Path) -> None:
    found = json.loads(run("risk", "redraw", day(), "--json", "--data", data))
    assert (found["is_sound"], found["parcels"]) == (True, 10)
    run("risk", "redraw", "2020-01-01", "--data", data, code=3)


def test_figures_of_a_day_are_printed_written_and_proven(data: Path, tmp_path: Path) -> None:
    found = json.loads(run("stats", "--day", day(), "--json", "--data", data))
    daily = {row["field"]: row for row in found["tables"]["daily"]}
    assert (daily["into_store"]["items"], daily["prohibited"]["items"]) == (10, 1)
    assert "Prohibited goods found" in run("stats", "--day", day(), "--data", data)
    for ending in ("csv", "xlsx", "pdf"):
        run("stats", "--day", day(), "--period", "month", "--out", tmp_path / f"f.{ending}", "--data", data)
        assert (tmp_path / f"f.{ending}").stat().st_size > 500
    run("stats", "--day", day(), "--out", tmp_path / "f.doc", "--data", data, code=3)
    assert "0 differ" in run("stats", "--rebuild", "--data", data)
    assert json.loads(run("stats", "--check", "--json", "--data", data))["is_sound"]


def test_the_bench_asks_rules_of_all_kinds() -> None:
    rules = risk_bench.make_rules(risk_bench.RULES)
    assert len({rule.text("en") for rule in rules}) > 60
    lanes = {rules.assess(risk_bench.make_facts(number)).lane for number in range(20)}
    assert lanes
