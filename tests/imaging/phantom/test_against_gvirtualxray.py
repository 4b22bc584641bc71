"""The same solids in gVirtualXray, an independent X-ray renderer (package gvxr); skipped where it is not installed."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    gvxr = pytest.importorskip("gvxrPython3", reason="gVirtualXray is not installed", exc_type=ImportError).gvxr

from imaging.phantom.physics import Beam, belt_basis, load_tables
from imaging.phantom.rays import Parallel
from imaging.phantom.shapes import Shadow, ball, box, project_solid, turned

SIDE_PX = 120
PIXEL = Parallel(1.0)
KEV = 80.0
AL_MM, WATER_MM = 24.0, 25.0


def _one_energy() -> Beam:
    weights = np.zeros((2, len(load_tables()["energies_kev"])), np.float32)
    weights[:, int(np.argmin(np.abs(load_tables()["energies_kev"] - KEV)))] = 1
    return Beam(belt_basis(), weights, KEV)


def _render_with_gvxr() -> np.ndarray:
    """-ln T at one energy of an aluminium cube, turned, and a ball of water beside it; parallel rays along +z."""
    gvxr.createWindow(-1, True, "EGL")
    gvxr.useParallelBeam()
    gvxr.setSourcePosition(0, 0, -500, "mm")
    gvxr.setMonoChromaticPerPixelAtSDD(KEV, "keV", 1000)
    gvxr.setDetectorPosition(0, 0, 300, "mm")
    gvxr.setDetectorUpVector(0, -1, 0)
    gvxr.setDetectorNumberOfPixels(SIDE_PX, SIDE_PX)
    gvxr.setDetectorPixelSize(1, 1, "mm")
    gvxr.makeCube("cube", AL_MM, "mm")
    gvxr.rotateNode("cube", 30, 0, 0, 1)
    gvxr.rotateNode("cube", 40, 1, 0, 0)
    gvxr.setElement("cube", "Al")
    gvxr.makeSphere("ball", 120, 120, WATER_MM, "mm")
    gvxr.translateNode("ball", 25, 15, 0, "mm")
    gvxr.setCompound("ball", "H2O")
    gvxr.setDensity("ball", 1.0, "g.cm-3")
    for name in ("cube", "ball"):
        gvxr.addPolygonMeshAsInnerSurface(name)
    image = np.array(gvxr.computeXRayImage(), dtype=float)
    gvxr.terminate()
    return -np.log(image / image[:4].mean())


def _place(shadow: Shadow) -> np.ndarray:
    tau = np.zeros((SIDE_PX, SIDE_PX, shadow.tau.shape[2]), np.float32)
    top, left = shadow.top_px + SIDE_PX // 2, shadow.left_px + SIDE_PX // 2
    rows, cols = shadow.mask.shape
    tau[top : top + rows, left : left + cols] = shadow.tau
    return tau


def test_same_attenuation_as_gvirtualxray() -> None:
    turn = turned(z=np.radians(30)) @ turned(x=np.radians(40))
    cube = project_solid([box("Al", (AL_MM,) * 3)], turn, PIXEL, belt_basis())
    water = project_solid([ball("water", (WATER_MM,) * 3, (25, 15, 0))], np.eye(3), PIXEL, belt_basis())
    ours = _one_energy().attenuate(_place(cube) + _place(water))[..., 1]
    theirs = max(
        (view for flip in (_render_with_gvxr(),) for view in (flip, flip[::-1], flip[:, ::-1], flip[::-1, ::-1])),
        key=lambda view: np.corrcoef(view.ravel(), ours.ravel())[0, 1],
    )
    assert np.corrcoef(theirs.ravel(), ours.ravel())[0, 1] > 0.997
    assert np.abs(theirs - ours).mean() < 0.003
    assert theirs.max() == pytest.approx(ours.max(), rel=0.02)
