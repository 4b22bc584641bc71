"""The example in docs/drivers.md is a driver that conforms, and its test passes."""

from __future__ import annotations

import re
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

from scanners.conformance import Check, checks_for
from scanners.device import DeviceKind
from scanners.registry import GROUP, driver

_DOC = (Path(__file__).parents[2] / "docs" / "drivers.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def documented() -> dict[str, Any]:
    """Everything that the document's Python defines."""
    names: dict[str, Any] = {"__name__": "documented"}
    for block in re.findall(r"```python\n(.*?)```", _DOC, re.DOTALL):
        exec(compile(block, "docs/drivers.md", "exec", dont_inherit=True), names)
    return names


@pytest.mark.parametrize("check", checks_for(DeviceKind.XRAY), ids=lambda check: check.__name__)
def test_the_documented_test_passes(documented: dict[str, Any], check: Check, tmp_path: Path) -> None:
    documented["test_conforms"](check, tmp_path)


def test_the_tables_name_every_driver_and_option() -> None:
    rows = dict(re.findall(r"^\| `([a-z0-9-]+)` \|(.*)$", _DOC, re.MULTILINE))
    assert set(rows) == {entry.name for entry in entry_points(group=GROUP) if entry.value.startswith("scanners.")}
    for name, row in rows.items():
        told = rows["watch-folder"] if "as `watch-folder`" in row else row
        told = rows["simulated-belt"] if "as `simulated-belt`" in row else told
        options = driver(name).Settings.model_json_schema()["properties"]
        assert {option for option in options if f"`{option}`" not in told} == set(), name
