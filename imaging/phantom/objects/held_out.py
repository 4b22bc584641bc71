"""One more design of every class, kept out of training: what a detector makes of a shape that it was never shown."""

from __future__ import annotations

import numpy as np

from imaging.phantom.bodies import Body, Heap, Pose, Recipe, Wire, noise, pillow, solid
from imaging.phantom.chance import between, pick
from imaging.phantom.objects.contraband import DRUGS, EXPLOSIVES
from imaging.phantom.objects.weapons import curved_knife, pocket_pistol
from imaging.phantom.shapes import Shape, ball, box, rod


def tool_battery(_rng: np.random.Generator) -> Body:
    """The clip-on pack of a power tool: ten cells in a stepped case."""
    shapes = [
        box("ABS", (115, 78, 52)),
        box(None, (111, 74, 48)),
        box("ABS", (70, 60, 22), (0, 0, 34)),
        box(None, (66, 56, 20), (0, 0, 34)),
    ]
    for i in range(10):
        at = ((i % 5 - 2) * 20.0, 0.0, (i // 5) * 20.0 - 10)
        shapes += [rod("steel", 9, 65, at, axis="y"), rod("liion", 8.7, 63, at, axis="y")]
    return solid(
        *shapes,
        box("PCBA", (90, 50, 1.6), (0, 0, 23)),
        *(box("brass", (3, 20, 9), (8.0 * i - 16, 0, 36)) for i in range(5)),
    )


def jug(rng: np.random.Generator) -> Body:
    """A canister with a moulded handle."""
    w, d, h = between(rng, 80, 130), between(rng, 50, 85), between(rng, 130, 230)
    level = between(rng, 0.5, 0.8)
    return solid(
        box("PE", (w, d, h)),
        box(None, (w - 3, d - 3, h - 3)),
        box(
            pick(rng, "petrol", "oil", "water", "peroxide"),
            (w - 3, d - 3, (h - 3) * level),
            (0, 0, -(h - 3) * (1 - level) / 2),
        ),
        box(None, (w * 0.35, d + 2, h * 0.2), (w * 0.2, 0, h * 0.3)),
        rod("PE", 16, 26, (-w * 0.25, 0, h / 2 + 10)),
        rod(None, 13, 30, (-w * 0.25, 0, h / 2 + 8)),
        rod("PP", 19, 14, (-w * 0.25, 0, h / 2 + 22)),
    )


def round_cakes(rng: np.random.Generator) -> Body:
    """Pressed discs in a pile."""
    r, d, material = between(rng, 40, 75), between(rng, 20, 40), pick(rng, *DRUGS, *EXPLOSIVES)
    shapes: list[Shape] = []
    for i in range(int(rng.integers(1, 4))):
        z = i * (d + 1)
        shapes += [rod("PVC", r + 0.4, d + 0.6, (0, 0, z)), rod(material, r, d, (0, 0, z))]
    return solid(*shapes)


def powder_roll(rng: np.random.Generator) -> Body:
    """Powder in a long narrow tube of film."""
    outline = np.pad(np.ones((int(between(rng, 35, 60)), int(between(rng, 160, 300))), np.uint8), 3)
    height = pillow(outline, between(rng, 25, 45), 0.9) * np.clip(1 + 0.12 * noise(rng, *outline.shape), 0.4, 2)
    film = Heap("PVC", np.asarray(outline * np.float32(0.4), np.float32))
    return Body((Heap(pick(rng, *DRUGS), np.asarray(height, np.float32)), film), Pose.FIXED)


def loose_cigarettes(rng: np.random.Generator) -> Body:
    """Bare cigarettes in a bag, side by side."""
    shapes: list[Shape] = []
    across, layers = int(rng.integers(12, 26)), int(rng.integers(2, 6))
    for i in range(across * layers):
        x, z = (i % across - across / 2) * 8.1, (i // across) * 7.2
        shapes += [
            rod("tobacco", 3.9, 84, (x, rng.normal(), z), axis="y"),
            rod("polyester", 3.9, 24, (x, -30, z), axis="y"),
        ]
    return solid(*shapes, pose=Pose.LYING)


def bead_chain(rng: np.random.Generator) -> Body:
    """A string of ivory beads."""
    r, ring, count = between(rng, 6, 12), between(rng, 35, 60), int(rng.integers(16, 30))
    angle = np.linspace(0, 2 * np.pi, count + 1)[:-1]
    beads = [ball("ivory", (r, r, r), (float(ring * np.cos(a)), float(0.7 * ring * np.sin(a)), 0.0)) for a in angle]
    thread = np.stack([ring * np.cos(angle), 0.7 * ring * np.sin(angle), 0 * angle], axis=1)
    return Body((*solid(*beads).parts, Wire(thread, (("cotton", 0.6),))))


HELD_OUT: dict[str, tuple[Recipe, ...]] = {
    "firearm": (pocket_pistol,),
    "blade": (curved_knife,),
    "battery": (tool_battery,),
    "liquid": (jug,),
    "dense_block": (round_cakes,),
    "powder_bag": (powder_roll,),
    "cigarettes": (loose_cigarettes,),
    "ivory": (bead_chain,),
}
