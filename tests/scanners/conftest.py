from __future__ import annotations

import pytest

from scanners.drivers import inbox


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Watched folders are looked through at once, not four times a second."""
    monkeypatch.setattr(inbox, "_LOOK_S", 0.05)
