"""From transmission to counts: what a line-scan detector adds, from scatter to 16 bits."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from imaging.scan import Counts

Array = npt.NDArray[np.float32]

FULL_SCALE = 65535


@dataclass(frozen=True, slots=True)
class Detector:
    """One machine's detector line. Rows are its elements, columns are lines in time.

    `photons` is the number of quanta in air and high channel that carry the noise of one pixel (`low_light` is how
    many times that the low channel has), `scatter` the share of light that arrives spread out, `gain_error` what air
    calibration leaves on each element, `drift` how far the source wanders over a scan (the channels against each
    other a tenth of that), `read_noise` in shares of air, `lag` the share of a line that is left of the one before.
    """

    photons: float = 4e4
    low_light: float = 1.25
    scatter: float = 0.006
    scatter_px: float = 56.0
    blur_px: float = 0.6
    gain_error: float = 0.0012
    drift: float = 0.002
    read_noise: float = 1.2e-4
    air: tuple[float, float] = (58000.0, 58500.0)
    dark: float = 200.0
    dead_rows: int = 0
    lag: float = 0.0

    def measure(self, transmission: Array, rng: np.random.Generator) -> tuple[Counts, Counts]:
        """Counts of the low and high channel, (rows, cols) each, of a transmission (rows, cols, 2)."""
        light = self._spread(transmission)
        rows, cols, _ = light.shape
        dead = rng.choice(rows, min(self.dead_rows, rows), replace=False)
        source = self._wander(cols, self.drift, rng)
        channels = []
        for index, (air, share) in enumerate(zip(self.air, (self.low_light, 1.0), strict=True)):
            signal: npt.NDArray[np.floating] = light[..., index]
            quanta = np.sqrt(np.maximum(signal, np.float32(1e-6)) / np.float32(self.photons * share))
            signal = signal + quanta * rng.standard_normal((rows, cols), dtype=np.float32)
            signal += self.read_noise * rng.standard_normal((rows, cols), dtype=np.float32)
            signal *= 1 + self.gain_error * rng.standard_normal((rows, 1), dtype=np.float32)
            signal *= source * self._wander(cols, self.drift * 0.1, rng)
            counts = np.clip(np.rint(self.dark + (air - self.dark) * signal), 0, FULL_SCALE).astype(np.uint16)
            counts[dead] = 0
            channels.append(counts)
        return channels[0], channels[1]

    def _spread(self, transmission: Array) -> Array:
        rows, cols, _ = transmission.shape
        step = 8
        small = cv2.resize(transmission, (-(-cols // step), -(-rows // step)), interpolation=cv2.INTER_AREA)
        veil = cv2.resize(cv2.GaussianBlur(small, (0, 0), self.scatter_px / step), (cols, rows))
        mixed = transmission * (1 - self.scatter) + veil * self.scatter
        light = np.asarray(cv2.GaussianBlur(mixed, (0, 0), self.blur_px)).astype(np.float32)
        if self.lag:
            light[:, 1:] = light[:, 1:] + np.float32(self.lag) * (light[:, :-1] - light[:, 1:])
        return light

    def _wander(self, cols: int, amount: float, rng: np.random.Generator) -> Array:
        """A slow curve around one, one value a column."""
        steps = rng.standard_normal(6) * amount
        return np.asarray(1 + np.interp(np.linspace(0, 5, cols), np.arange(6), steps), np.float32)


def sample_detector(rng: np.random.Generator) -> Detector:
    """A parcel belt's detector as makers differ: light, scatter, sharpness and counts of air."""
    high = float(rng.uniform(57000, 60000))
    return Detector(
        photons=float(np.exp(rng.uniform(np.log(1.5e4), np.log(1e5)))),
        scatter=float(np.exp(rng.uniform(np.log(5e-4), np.log(1e-2)))),
        scatter_px=float(rng.uniform(32, 80)),
        blur_px=float(rng.uniform(0.4, 0.9)),
        gain_error=float(rng.uniform(0.0004, 0.002)),
        drift=float(rng.uniform(0.0, 0.004)),
        air=(float(high + rng.uniform(-600, 600)), high),
        dark=float(rng.choice([0.0, 120.0, 200.0, 400.0])),
        lag=float(rng.choice([0.0, rng.uniform(0.0, 0.04)])),
    )


def sample_cargo_detector(rng: np.random.Generator) -> Detector:
    """A container scanner's detector: little light per pulse behind a load, dead rows, counts that end at zero."""
    detector = sample_detector(rng)
    high = float(rng.uniform(57000, 58000))
    return replace(
        detector,
        photons=float(np.exp(rng.uniform(np.log(4e3), np.log(2e4)))),
        low_light=0.6,
        scatter=float(rng.uniform(0.001, 0.004)),
        scatter_px=float(rng.uniform(150, 400)),
        blur_px=float(rng.uniform(0.5, 1.0)),
        gain_error=float(rng.uniform(0.0005, 0.002)),
        read_noise=float(rng.uniform(3e-4, 8e-4)),
        drift=float(rng.uniform(0.001, 0.006)),
        air=(float(high + rng.uniform(-500, 500)), high),
        dark=0.0,
        dead_rows=int(rng.integers(0, 5)),
    )
