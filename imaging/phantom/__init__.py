"""The physics simulator: parcels and containers of known content, as a machine would measure them."""

from imaging.phantom.container import simulate_container
from imaging.phantom.fan import CORNER_TUNNEL, Tunnel
from imaging.phantom.simulate import measure_scene, simulate_parcel

__all__ = ["CORNER_TUNNEL", "Tunnel", "measure_scene", "simulate_container", "simulate_parcel"]
