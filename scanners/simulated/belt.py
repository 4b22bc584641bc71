"""A parcel belt with a dual-energy line camera, without the hardware."""

from __future__ import annotations

from pydantic import Field

from scanners.simulated.machine import MachineSettings, SimulatedMachine


class BeltSettings(MachineSettings):
    """A belt moves at 200 to 500 mm/s: 275 to 625 lines a second."""

    speed_mm_s: float = Field(default=300.0, ge=200, le=500)


class SimulatedBelt(SimulatedMachine):
    """Parcels on a belt."""

    Settings = BeltSettings
