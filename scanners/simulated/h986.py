"""A container scanner (H986), without the hardware: the truck passes a gantry at walking speed."""

from __future__ import annotations

from pydantic import Field

from scanners.simulated.machine import MachineSettings, SimulatedMachine


class H986Settings(MachineSettings):
    """A truck takes about 20 s."""

    speed_mm_s: float = Field(default=800.0, ge=100, le=4000)
    gap_s: tuple[float, float] = (20.0, 40.0)
    block_lines: int = Field(default=32, ge=1, le=4096)


class SimulatedH986(SimulatedMachine):
    """Trucks with containers."""

    Settings = H986Settings
    content_kind = "container"
