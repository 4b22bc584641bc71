"""What every test shares: the folder of real files, a quiet screen, no thread left behind."""

from __future__ import annotations

import gc
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.ui.sweeping import collect_due

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

SHARED = Path(__file__).resolve().parents[2] / "shared"


LONG = (
    "flow", "faults", "hub", "app/bench", "models/training",
    "app/officers/test_commands.py", "app/test_keeping_commands.py", "app/test_model_commands.py",
    "app/test_order_commands.py", "app/test_risk_commands.py", "app/trace/test_labels.py", "app/trace/test_page.py",
    "app/ui/sign_in", "app/ui/test_archive.py", "app/ui/test_counter_pages.py", "app/ui/test_deciding.py",
    "app/ui/test_outlet.py", "app/ui/test_process.py", "app/ui/test_queue.py", "app/ui/test_rules_page.py",
    "app/ui/test_stage.py", "app/ui/test_window.py",
    "imaging/phantom/test_container.py", "imaging/phantom/test_scene.py", "imaging/phantom/test_tunnel.py",
    "imaging/test_accuracy.py", "models/test_apart.py", "models/test_shipped.py",
    "scanners/test_conformance.py", "scanners/test_hostile.py", "scanners/test_watch_folder.py",
)  # fmt: skip
"""Folders and files whose tests each lead a whole station some way, start a process or draw whole scenes.

They are left out of the inner loop as the slow ones are: it has two minutes.
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    long = {Path(__file__).parent / name for name in LONG}
    for item in items:
        if long & {item.path, *item.path.parents}:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real files beside the checkout; a test that needs it is skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("the folder ../shared with real files is not beside this checkout")
    return SHARED


@pytest.fixture(autouse=True)
def no_thread_left() -> Iterator[None]:
    """A test that leaves a thread running fails, by the thread's name."""
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + 3
    while left := [t for t in threading.enumerate() if t not in before and t.is_alive()]:
        if time.monotonic() > deadline:
            pytest.fail(f"threads left running: {', '.join(t.name for t in left)}")
        time.sleep(0.02)


@pytest.fixture(autouse=True)
def no_garbage_left_to_threads() -> Iterator[None]:
    """Once a window was open in this process its thread alone collects; between tests its timer does not run."""
    yield
    if not gc.isenabled():
        collect_due()
