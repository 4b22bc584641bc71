"""A parcel belt with a dual-energy line camera, without the hardware."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from imaging.phantom import CORNER_TUNNEL
from scanners.simulated.content import Content, open_content
from scanners.simulated.machine import MachineSettings, SimulatedMachine


class BeltSettings(MachineSettings):
    """A belt moves at 200 to 500 mm/s: 275 to 625 lines a second."""

    speed_mm_s: float = Field(default=400.0, ge=200, le=500)
    views: int = Field(default=1, ge=1, le=2)
    """Views of a live phantom; recorded scans have the views that they have."""
    rays: Literal["parallel", "fan"] = "parallel"
    """Of a live phantom: parallel, or fans from below and aside as in a machine's tunnel."""


class SimulatedBelt(SimulatedMachine):
    """Parcels on a belt."""

    Settings = BeltSettings
    settings: BeltSettings

    def _open_content(self) -> Content:
        settings = self.settings
        return open_content(
            settings.content,
            self.content_kind,
            settings.seed,
            first_lap=settings.first_lap,
            views=settings.views,
            tunnel=CORNER_TUNNEL if settings.rays == "fan" else None,
        )
