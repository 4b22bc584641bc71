"""What tests of projected threats share: a small library, and cartons in which a threat has room."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from app.customs.parcel import Parcel
from app.settings import Tip
from imaging.phantom.chain import Detector
from imaging.phantom.physics import RANK, belt_beam
from imaging.scan import Generator, Scan, View
from scanners.xray import ScanFinished
from tests.flow.conftest import T0, Desk

ALWAYS = Tip(share=1.0, helped_share=0.0)


def carton(number: int, *codes: str) -> Scan:
    """A carton with clothes in it."""
    beam = belt_beam(160.0)
    tau = np.zeros((260, 340, RANK), np.float32)
    tau[20:240, 20:320] = beam.basis.of("cotton") * 60
    low, high = Detector(dark=100.0).measure(beam.transmit(tau), np.random.default_rng(number))
    view = View("top", high, low, mm_per_row=1.6, mm_per_col=1.6, air_low=58000.0, air_high=58500.0, dark=100.0)
    at = T0 + timedelta(seconds=10 * number)
    return Scan((view,), generator=Generator(160.0), started_at=at, finished_at=at + timedelta(seconds=1), codes=codes)


def take(desk: Desk, number: int) -> tuple[Parcel, Scan]:
    """A carton passes the belt and waits in the queue."""
    scan = carton(number, f"RR{number:08}CN")
    assert desk.station._arrivals is not None
    desk.station._arrivals.take_xray(desk.belt, ScanFinished(scan))
    desk.station.wait_until_idle()
    return desk.station.parcel(desk.newest.id), scan
