"""Ctrl+C at any moment of a start."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the signal of Ctrl+C is sent otherwise there")


@pytest.mark.parametrize("loaded", ["typer", "numpy", "app.commands.bench"])
def test_ctrl_c_while_the_program_loads_ends_it_with_130_and_no_traceback(loaded: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-X", "importtime", "-m", "app", "--help"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    assert process.stderr is not None
    with process:
        next(line for line in process.stderr if line.split("|")[-1].strip() == loaded)
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
    assert process.returncode == 130
    assert "Traceback" not in rest
    assert "KeyboardInterrupt" not in rest
