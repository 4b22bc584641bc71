"""From a seed to a Scan with truth."""

from __future__ import annotations

import numpy as np

from imaging.phantom.bodies import Aspect
from imaging.phantom.cast import compose_in_tunnel
from imaging.phantom.chain import Detector, sample_detector
from imaging.phantom.chance import pick
from imaging.phantom.fan import Tunnel
from imaging.phantom.library import FreshObjects, ObjectSource
from imaging.phantom.physics import belt_beam, belt_kvps
from imaging.phantom.scene import Scene, compose_parcel
from imaging.scan import Generator, Scan, View


def measure_scene(
    scene: Scene, rng: np.random.Generator, *, kvp: float | None = None, detector: Detector | None = None
) -> Scan:
    """Send a belt's beam through a scene: every view by the same machine, which is drawn unless given."""
    beam = belt_beam(pick(rng, *belt_kvps()) if kvp is None else kvp)
    machine = sample_detector(rng) if detector is None else detector
    views = []
    for number, (tau, aspect) in enumerate(zip(scene.tau, Aspect, strict=False)):
        low, high = machine.measure(beam.transmit(tau), rng)
        views.append(
            View(
                name=str(aspect),
                high=high,
                low=low,
                mm_per_row=scene.mm_per_row(number),
                mm_per_col=scene.mm_per_px,
                air_low=machine.air[0],
                air_high=machine.air[1],
                dark=machine.dark,
            )
        )
    return Scan(
        views=tuple(views),
        device="phantom",
        belt_speed_mm_s=200.0,
        generator=Generator(kv=beam.kv, ma=0.6),
        truth=scene.truth,
        source="phantom",
        extra={"packaging": scene.packaging, "contents": " ".join(scene.contents)} | scene.geometry,
    )


def simulate_parcel(
    seed: int,
    *,
    size: tuple[int, int] = (600, 800),
    views: int = 1,
    threats: int | tuple[str, ...] | None = None,
    source: ObjectSource | None = None,
    tunnel: Tunnel | None = None,
) -> Scan:
    """A parcel of `size` (rows, cols), the same counts and truth for the same seed; identity and time are new.

    Rays are parallel, or those of the first `views` fans of a tunnel.
    """
    rng = np.random.default_rng(seed)
    if tunnel is None:
        objects = source or FreshObjects(tuple(Aspect)[:views])
        return measure_scene(compose_parcel(rng, objects, size=size, threats=threats, views=views), rng)
    fans = tunnel.limit(views, size[0])
    scene = compose_in_tunnel(rng, source or FreshObjects(), fans, cols=size[1], threats=threats)
    return measure_scene(scene, rng)
