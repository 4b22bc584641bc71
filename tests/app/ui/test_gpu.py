"""What the graphics card draws is what the processor draws; a renderer without a card is told from one with."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest

from app.ui import make_shaders
from app.ui.gpu import is_software
from app.ui.gpu_pane import wants_card

NO_GRAPHICS = 77
NO_PLUGIN = 'Could not load the Qt platform plugin "xcb"'


@pytest.mark.slow
def test_every_look_is_the_same_picture_on_the_card_to_one_grey_step() -> None:
    """With Mesa's software OpenGL where there is no card: the same shader, slower."""
    if sys.platform != "linux" or shutil.which("xvfb-run") is None:
        pytest.skip("no xvfb-run, so no display to draw with OpenGL on")
    environment = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    command = ["xvfb-run", "-a", sys.executable, "-m", "tests.app.ui.draw_with_card"]
    ended = subprocess.run(
        command,
        env=environment | {"QT_QPA_PLATFORM": "xcb"},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
        cwd=Path(__file__).parents[3],
    )
    if ended.returncode == NO_GRAPHICS or (ended.returncode and NO_PLUGIN in ended.stderr):
        pytest.skip(f"no OpenGL on a display here: {ended.stderr.strip()[-200:]}")
    assert ended.returncode == 0, ended.stderr[-2000:]
    found = json.loads(ended.stdout.splitlines()[-1])
    assert {name: off for name, off in found["worst"].items() if off > 1} == {}
    assert len(found["worst"]) > 250
    assert found["viewers"] <= 1
    assert found["is_card"] is not is_software(found["renderer"])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Mesa/X.org llvmpipe (LLVM 15.0.6, 256 bits)", True),
        ("Microsoft Basic Render Driver", True),
        ("Google SwiftShader", True),
        ("NVIDIA GeForce RTX 3060/PCIe/SSE2", False),
        ("Intel(R) UHD Graphics 630", False),
        ("AMD Radeon Graphics (radeonsi, renoir, LLVM 15.0.7)", False),
    ],
)
def test_software_renderers_are_told_from_cards(name: str, expected: bool) -> None:
    assert is_software(name) is expected


@pytest.mark.usefixtures("qapp")
def test_without_a_screen_the_processor_draws_unless_told_otherwise() -> None:
    assert not wants_card("auto")
    assert not wants_card("processor")
    assert wants_card("gpu")


def test_shaders_are_baked_from_the_sources_that_are_here(tmp_path: Path) -> None:
    folder = resources.files("resources").joinpath("shaders")
    assert folder.joinpath(make_shaders.SUMS).read_text(encoding="utf-8") == make_shaders.sums()
    qsb = os.environ.get("QSB") or shutil.which("qsb")
    if qsb is None:
        return
    for name in make_shaders.NAMES:
        baked = tmp_path / name
        source = make_shaders.SHADERS / name
        subprocess.run([qsb, *make_shaders.FOR, "-o", baked, source], check=True, timeout=60)
        assert baked.read_bytes() == folder.joinpath(f"{name}.qsb").read_bytes()
