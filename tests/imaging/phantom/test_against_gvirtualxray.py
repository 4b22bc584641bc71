"""The same solids in gVirtualXray, an independent X-ray renderer (package gvxr); skipped where it is not installed."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np
import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    gvxr = pytest.importorskip("gvxrPython3", reason="gVirtualXray is not installed", exc_type=ImportError).gvxr

from imaging.phantom.fan import Fan, FanPicture
from imaging.phantom.physics import Beam, belt_basis, load_tables
from imaging.phantom.rays import Parallel
from imaging.phantom.shapes import Shadow, ball, box, project_solid, turned

SIDE_PX = 120
KEV = 80.0
AL_MM, WATER_MM = 24.0, 25.0
BALL_AT_MM = (25.0, 15.0, 40.0)
FOCUS_MM, DETECTOR_MM = 500.0, 300.0
FAN_PX = 200


def _one_energy() -> Beam:
    weights = np.zeros((2, len(load_tables()["energies_kev"])), np.float32)
    weights[:, int(np.argmin(np.abs(load_tables()["energies_kev"] - KEV)))] = 1
    return Beam(belt_basis(), weights, KEV)


@pytest.fixture(scope="module")
def scene() -> Iterator[None]:
    """An aluminium cube, turned, and a ball of water beside it, in a beam of one energy."""
    gvxr.createWindow(-1, True, "EGL")
    gvxr.setMonoChromaticPerPixelAtSDD(KEV, "keV", 1000)
    gvxr.setDetectorUpVector(0, -1, 0)
    gvxr.makeCube("cube", AL_MM, "mm")
    gvxr.rotateNode("cube", 30, 0, 0, 1)
    gvxr.rotateNode("cube", 40, 1, 0, 0)
    gvxr.setElement("cube", "Al")
    gvxr.makeSphere("ball", 120, 120, WATER_MM, "mm")
    gvxr.translateNode("ball", *BALL_AT_MM, "mm")
    gvxr.setCompound("ball", "H2O")
    gvxr.setDensity("ball", 1.0, "g.cm-3")
    for name in ("cube", "ball"):
        gvxr.addPolygonMeshAsInnerSurface(name)
    yield
    gvxr.terminate()


def _render(cols: int, rows: int, x: float = 0.0) -> np.ndarray:
    """-ln T of rays along +z to pixels of 1 mm, the source and the detector's middle over x."""
    gvxr.setSourcePosition(x, 0, -FOCUS_MM, "mm")
    gvxr.setDetectorPosition(x, 0, DETECTOR_MM, "mm")
    gvxr.setDetectorNumberOfPixels(cols, rows)
    gvxr.setDetectorPixelSize(1, 1, "mm")
    image = np.array(gvxr.computeXRayImage(), dtype=float)
    return -np.log(image / image[:4].mean(axis=0))


def _place(shadow: Shadow) -> np.ndarray:
    tau = np.zeros((SIDE_PX, SIDE_PX, shadow.tau.shape[2]), np.float32)
    top, left = shadow.top_px + SIDE_PX // 2, shadow.left_px + SIDE_PX // 2
    rows, cols = shadow.mask.shape
    tau[top : top + rows, left : left + cols] = shadow.tau
    return tau


def _best_flip(theirs: np.ndarray, ours: np.ndarray) -> np.ndarray:
    """Their picture, turned over as it resembles ours most: the two count rows and columns from different corners."""
    views = (theirs, theirs[::-1], theirs[:, ::-1], theirs[::-1, ::-1])
    return max(views, key=lambda view: np.corrcoef(view.ravel(), ours.ravel())[0, 1])


TURN = turned(z=np.radians(30)) @ turned(x=np.radians(40))
CUBE = box("Al", (AL_MM,) * 3, turn=TURN)
BALL = ball("water", (WATER_MM,) * 3, BALL_AT_MM)


@pytest.mark.usefixtures("scene")
def test_parallel_rays_meet_what_gvirtualxray_meets() -> None:
    gvxr.useParallelBeam()
    tau = [_place(project_solid([shape], np.eye(3), Parallel(1.0), belt_basis())) for shape in (CUBE, BALL)]
    ours = _one_energy().attenuate(tau[0] + tau[1])[..., 1]
    theirs = _best_flip(_render(SIDE_PX, SIDE_PX), ours)
    assert np.corrcoef(theirs.ravel(), ours.ravel())[0, 1] > 0.997
    assert np.abs(theirs - ours).mean() < 0.003
    assert theirs.max() == pytest.approx(ours.max(), rel=0.02)


@pytest.mark.usefixtures("scene")
def test_a_fan_meets_what_gvirtualxray_meets_line_by_line() -> None:
    """Its source and a column of pixels travel along x, as the parcel does through a fan."""
    gvxr.usePointSource()
    places = np.arange(-48, 49, 8)
    theirs = np.stack([_render(1, FAN_PX, float(x))[:, 0] for x in places], axis=1)
    fan = Fan((0.0, -FOCUS_MM), ((-FAN_PX / 2, DETECTOR_MM), (FAN_PX / 2, DETECTOR_MM)), FAN_PX)
    rays = FanPicture(fan, 1.0).rays(places.astype(float), np.arange(FAN_PX) + 0.5)
    tau = np.zeros((FAN_PX, len(places), 4), np.float32)
    for shape in (CUBE, BALL):
        enter, leave = shape.cross(rays, np.eye(3))
        tau += np.maximum(leave - enter, 0)[..., None] * belt_basis().of(str(shape.material))
    ours = _one_energy().attenuate(tau)[..., 1]
    theirs = _best_flip(theirs, ours)
    assert np.corrcoef(theirs.ravel(), ours.ravel())[0, 1] > 0.999
    assert np.abs(theirs - ours).mean() < 0.003
    assert theirs.max() == pytest.approx(ours.max(), rel=0.01)
