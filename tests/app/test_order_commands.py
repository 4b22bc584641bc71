"""Control orders and filings through the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from app.cli import cli
from app.customs.parcel import Kind
from app.store.store import Store

NOW = datetime.now(UTC)


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Runs a command on the store of a demonstration, whose officers need no secret."""
    monkeypatch.setenv("GUANJIAN_OFFICERS__SIGN_IN", "demo")
    monkeypatch.setenv("GUANJIAN_DEVICES", "[]")
    store = Store.open(tmp_path / "data", station="station-1")
    store.register("RR123456785CN", Kind.PARCEL, arrived_at=NOW)
    store.close()

    def run(*arguments: str, code: int = 0) -> str:
        result = CliRunner().invoke(cli, [*arguments, "--data", str(tmp_path / "data")])
        assert result.exit_code == code, result.output
        return result.output

    return run


def lines(output: str) -> list[Any]:
    return [json.loads(line) for line in output.splitlines() if line.startswith("{")]


def test_an_order_goes_its_way_on_the_command_line(call: Callable[..., str], tmp_path: Path) -> None:
    order = {
        "id": "B1", "issuer": "5300", "level": "port", "work": "exterior", "target": {"numbers": ["RR123456785CN"]},
        "valid_from": (NOW - timedelta(days=1)).isoformat(), "valid_to": (NOW + timedelta(days=1)).isoformat(),
        "issued_at": NOW.isoformat(),
    }  # fmt: skip
    inbox = tmp_path / "in"
    inbox.mkdir()
    (inbox / "b.json").write_text(json.dumps([order, order | {"id": "B2"}, order | {"id": "no id!"}]), "utf-8")
    (refused,) = lines(call("orders", "import", str(inbox), "--json", code=1))
    assert "id" in refused["error"]
    (inbox / "b.json").write_text(json.dumps([order, order | {"id": "B2"}]), "utf-8")
    assert [each["hits"] for each in lines(call("orders", "import", str(inbox), "--json"))] == [[1], [1]]
    second, first = lines(call("orders", "list", "--json"))
    assert (first["order"], first["step"], first["late"]) == ("B1", None, False)
    call("orders", "execute", str(first["hit"]), "--result", "normal", code=3)
    call("orders", "acknowledge", str(first["hit"]))
    call("orders", "execute", str(first["hit"]), "--result", "normal", "--note", "sound")
    call("orders", "lift", str(second["hit"]), "--reason", "twice", "--second", "officer-2", code=3)
    call("orders", "lift", str(second["hit"]), "--reason", "twice", "--second", "supervisor-1")
    assert lines(call("orders", "list", "--json")) == []
    assert [each["step"] for each in lines(call("orders", "list", "--all", "--json"))] == ["lifted", "executed"]
    assert {(each["order"], each["open"], each["hits"]) for each in lines(call("orders", "received", "--json"))} == {
        ("B1", 0, 1), ("B2", 0, 1)
    }  # fmt: skip
    answers = lines(call("orders", "answers", "--out", str(tmp_path / "out"), "--json"))
    assert len(answers) == 3
    told = json.loads(Path(answers[-1]["file"]).read_text("utf-8"))
    assert (told["step"], told["approved_by"], told["note"]) == ("lifted", "supervisor-1", "twice")
    assert call("orders", "answers", "--out", str(tmp_path / "out")) == ""
    call("orders", "seal", "RR123456785CN", "--to", "2233/lane-1", "--out", str(tmp_path), code=3)


def test_the_schemas_say_what_is_exchanged() -> None:
    result = CliRunner().invoke(cli, ["orders", "schema"])
    schema = json.loads(result.output)
    assert {"OrderRecord", "RevocationRecord"} <= schema["incoming"]["$defs"].keys()
    assert "in_time" in schema["answer"]["properties"]


def test_filings_are_previewed_imported_and_shown(call: Callable[..., str], tmp_path: Path) -> None:
    table = tmp_path / "negative.csv"
    table.write_text("key,name\n93,arms\nx,\n", "utf-8")
    wrong, done = lines(call("filings", "import", str(table), "--preview", "--json", code=1))
    assert (wrong["row"], wrong["value"], done["new"], done["preview"]) == (3, "x", 1, True)
    assert call("filings", "show") == ""
    call("filings", "import", str(table), code=1)
    (shown,) = lines(call("filings", "show", "negative", "9", "--json"))
    assert (shown["key"], shown["name"]) == ("93", "arms")
    (version,) = lines(call("filings", "show", "negative", "93", "--versions", "--json"))
    assert (version["officer"], version["source"]) == ("officer-1", "negative.csv")
    call("filings", "import", str(tmp_path / "table.csv"), code=2)
