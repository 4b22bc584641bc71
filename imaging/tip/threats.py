"""The library of threats: each rendered once from above and from the side, and kept as thickness, for any energy."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from imaging.errors import ImagingError
from imaging.files.durable import make_folder, write_whole
from imaging.phantom.bodies import Aspect
from imaging.phantom.physics import RANK, Beam, belt_basis, belt_beam, cargo_basis, cargo_beam
from imaging.phantom.shapes import Shadow
from imaging.tip.recipes import CATEGORIES, THREATS

MM_PER_PX: Final = 1.0
LIBRARY = "library.json"
_MOST_BYTES: Final = 8 << 20
_MOST_IMAGES: Final = 20_000
_MOST_PX: Final = 1500
_TRIES: Final = 12
_LONGEST_MM: Final = (35.0, 700.0)
_FEWEST_PX: Final = 200
_OWN: Final = (0.06, 6.0)
"""Median attenuation of a threat by itself: fainter is lost in a parcel, and a thing that black has no shape."""
_BASES = ("belt", "cargo")


class ThreatLibraryError(ImagingError):
    """The library of threats is not there, is damaged, or cannot be used."""

    key = "tip_library"


@dataclass(frozen=True, slots=True)
class Threat:
    """One image of the library: what it is, from which recipe, how long it is, and the sha256 of its file.

    `own` is its median high-channel attenuation at 160 kV, seen from above.
    """

    id: str
    category: str
    recipe: str
    longest_mm: float
    own: float
    sha256: str


class ThreatLibrary:
    """A folder of threats; `threats` by id. Images are read when they are used."""

    def __init__(self, folder: Path, threats: Mapping[str, Threat], seed: int) -> None:
        self.folder = folder
        self.threats = dict(threats)
        self.seed = seed

    @classmethod
    def open(cls, folder: Path) -> ThreatLibrary:
        """
        Raises:
            ThreatLibraryError: there is none, or its list is damaged.
        """
        try:
            listed = json.loads((folder / LIBRARY).read_text("utf-8"))
            entries = [Threat(**entry) for entry in listed["threats"][:_MOST_IMAGES]]
            return cls(folder, {threat.id: threat for threat in entries}, int(listed["seed"]))
        except FileNotFoundError as error:
            raise ThreatLibraryError(
                "There is no library of threats yet; make it with `guanjian tip build`.", why="missing"
            ) from error
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise ThreatLibraryError(
                "The library of threats is damaged; make it anew with `guanjian tip build`.", why="damaged"
            ) from error

    def shadows(self, threat_id: str, beam: Beam) -> Mapping[Aspect, Shadow]:
        """What a threat throws from above and from the side, in the basis of a beam, at MM_PER_PX.

        Raises:
            ThreatLibraryError: it is not in the library, or its file is not the one that was made.
        """
        threat = self.threats.get(threat_id)
        path = self.folder / f"{threat_id}.npz"
        if threat is None or not path.is_file() or path.stat().st_size > _MOST_BYTES:
            raise ThreatLibraryError(f"The threat {threat_id} is not in the library.", why="absent")
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != threat.sha256:
            raise ThreatLibraryError(
                f"The file of the threat {threat_id} is not the one that was made; make the library anew.",
                why="altered",
            )
        basis = _BASES[1] if beam is cargo_beam() else _BASES[0]
        return _read(content, basis)


def build_library(
    folder: Path,
    *,
    seed: int = 1,
    per_category: int = 25,
    categories: Sequence[str] = CATEGORIES,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> ThreatLibrary:
    """Make a library in a folder: so many images of every category, the same for the same seed.

    What has an implausible size or could not be seen is drawn again. An older library's files stay until the new list
    is in place; then they go.

    Raises:
        ThreatLibraryError: no plausible image of a category could be made. OSError: the folder cannot be written.
    """
    make_folder(folder)
    made: list[Threat] = []
    wanted = [(category, index) for category in categories for index in range(per_category)]
    for number, (category, index) in enumerate(wanted):
        rng = np.random.default_rng((seed, number))
        threat, content = _draw(rng, f"{category}-{seed}-{index:04}", category)
        write_whole(folder / f"{threat.id}.npz", content)
        made.append(threat)
        progress(number + 1, len(wanted))
    listed = {"version": 1, "seed": seed, "threats": [asdict(threat) for threat in made]}
    write_whole(folder / LIBRARY, json.dumps(listed, indent=1).encode())
    kept = {f"{threat.id}.npz" for threat in made}
    for path in folder.glob("*.npz"):
        if path.name not in kept:
            path.unlink()
    return ThreatLibrary(folder, {threat.id: threat for threat in made}, seed)


def _draw(rng: np.random.Generator, threat_id: str, category: str) -> tuple[Threat, bytes]:
    for _ in range(_TRIES):
        recipe = THREATS[category][int(rng.integers(len(THREATS[category])))]
        body = recipe(rng)
        turn = body.rest(rng)
        drawn = {
            (name, aspect): _trim(body.project(turn, aspect, MM_PER_PX, basis))
            for name, basis in zip(_BASES, (belt_basis(), cargo_basis()), strict=True)
            for aspect in Aspect
        }
        seen = [drawn[_BASES[0], aspect] for aspect in Aspect]
        longest_mm = max(side for shadow in seen for side in shadow.mask.shape) * MM_PER_PX
        own = _own(seen[0])
        is_seen = all(int(shadow.mask.sum()) >= _FEWEST_PX for shadow in seen) and _OWN[0] <= own <= _OWN[1]
        if is_seen and _LONGEST_MM[0] <= longest_mm <= _LONGEST_MM[1]:
            content = _write(drawn)
            digest = hashlib.sha256(content).hexdigest()
            return Threat(threat_id, category, recipe.__name__, longest_mm, round(own, 3), digest), content
    raise ThreatLibraryError(f"No plausible image of {category} came out of {_TRIES} draws.", why="category")


def _own(shadow: Shadow) -> float:
    return float(np.median(belt_beam().attenuate(shadow.tau[shadow.mask])[..., 1]))


def _trim(shadow: Shadow) -> Shadow:
    """Without the empty rows and columns around it."""
    ys, xs = np.flatnonzero(shadow.mask.any(axis=1)), np.flatnonzero(shadow.mask.any(axis=0))
    crop = np.s_[ys[0] : ys[-1] + 1, xs[0] : xs[-1] + 1]
    return Shadow(shadow.tau[crop], shadow.mask[crop], shadow.left_px + int(xs[0]), shadow.top_px + int(ys[0]))


def _write(drawn: Mapping[tuple[str, Aspect], Shadow]) -> bytes:
    arrays: dict[str, Any] = {}
    for (basis, aspect), shadow in drawn.items():
        arrays[f"{basis}_{aspect}"] = shadow.tau.astype(np.float16)
        arrays[f"{basis}_{aspect}_at"] = np.array([shadow.left_px, shadow.top_px], np.int32)
    held = io.BytesIO()
    np.savez_compressed(held, **arrays)
    return held.getvalue()


def _read(content: bytes, basis: str) -> Mapping[Aspect, Shadow]:
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        found = {}
        for aspect in Aspect:
            tau = file[f"{basis}_{aspect}"].astype(np.float32)
            if tau.ndim != 3 or tau.shape[2] != RANK or max(tau.shape) > _MOST_PX:
                raise ThreatLibraryError("A file of the library holds no threat; make the library anew.", why="shape")
            left, top = (int(value) for value in file[f"{basis}_{aspect}_at"])
            found[aspect] = Shadow(tau, np.abs(tau).sum(axis=2) > 1e-4, left, top)
        return found


def fit(shadow: Shadow, mm_per_row: float, mm_per_col: float, *, is_mirrored: tuple[bool, bool]) -> Shadow:
    """A shadow at the pixels of a picture, its true size kept; `is_mirrored` along the columns and down the rows."""
    tau, left, top = shadow.tau, shadow.left_px, shadow.top_px
    if is_mirrored[0]:
        tau, left = tau[:, ::-1], -(left + tau.shape[1])
    if is_mirrored[1]:
        tau, top = tau[::-1], -(top + tau.shape[0])
    across, down = MM_PER_PX / mm_per_col, MM_PER_PX / mm_per_row
    size = (max(2, round(tau.shape[1] * across)), max(2, round(tau.shape[0] * down)))
    smooth = cv2.INTER_AREA if across < 1 and down < 1 else cv2.INTER_LINEAR
    tau = np.asarray(cv2.resize(np.ascontiguousarray(tau), size, interpolation=smooth), np.float32)
    return Shadow(tau, np.abs(tau).sum(axis=2) > 1e-4, round(left * across), round(top * down))
