"""Where the window looks at a picture: zoom and centre, and what follows from them. Plain numbers, no Qt."""

from __future__ import annotations

from dataclasses import dataclass, replace

MOST_ZOOM = 64.0
STEP_PX = 8.0
NICE_STEPS = (1, 2, 5)


@dataclass(frozen=True, slots=True)
class Camera:
    """A look at a picture of `image_w` x `image_h` px through a pane of `pane_w` x `pane_h` screen px.

    `zoom` is screen px per image px, (`x`, `y`) the image point in the middle of the pane. `is_fit` keeps the whole
    picture in the pane when the pane changes its size.
    """

    image_w: int
    image_h: int
    pane_w: int
    pane_h: int
    zoom: float
    x: float
    y: float
    is_fit: bool = True

    @classmethod
    def fit(cls, image_w: int, image_h: int, pane_w: int, pane_h: int) -> Camera:
        """The whole picture, in the middle, with a small margin."""
        image_w, image_h, pane_w, pane_h = (max(1, size) for size in (image_w, image_h, pane_w, pane_h))
        zoom = _fit_zoom(image_w, image_h, pane_w, pane_h)
        return cls(image_w, image_h, pane_w, pane_h, zoom, image_w / 2, image_h / 2)

    @property
    def fit_zoom(self) -> float:
        return _fit_zoom(self.image_w, self.image_h, self.pane_w, self.pane_h)

    @property
    def left(self) -> float:
        """Image x at the pane's left edge; negative where the picture is narrower than the pane."""
        return self.x - self.pane_w / 2 / self.zoom

    @property
    def top(self) -> float:
        return self.y - self.pane_h / 2 / self.zoom

    @property
    def is_all_visible(self) -> bool:
        return self.zoom <= self.fit_zoom * 1.001

    def to_image(self, screen_x: float, screen_y: float) -> tuple[float, float]:
        return self.left + screen_x / self.zoom, self.top + screen_y / self.zoom

    def to_screen(self, image_x: float, image_y: float) -> tuple[float, float]:
        return (image_x - self.left) * self.zoom, (image_y - self.top) * self.zoom

    def resized(self, pane_w: int, pane_h: int) -> Camera:
        """The same look through a pane of another size."""
        if self.is_fit:
            return Camera.fit(self.image_w, self.image_h, pane_w, pane_h)
        return replace(self, pane_w=max(1, pane_w), pane_h=max(1, pane_h)).kept_inside()

    def zoomed(self, factor: float, screen_x: float | None = None, screen_y: float | None = None) -> Camera:
        """Zoom about a point of the pane, which stays under the cursor; about the middle without one."""
        at_x = self.pane_w / 2 if screen_x is None else screen_x
        at_y = self.pane_h / 2 if screen_y is None else screen_y
        image_x, image_y = self.to_image(at_x, at_y)
        zoom = min(MOST_ZOOM, max(min(self.fit_zoom, 1.0), self.zoom * factor))
        x = image_x - (at_x - self.pane_w / 2) / zoom
        y = image_y - (at_y - self.pane_h / 2) / zoom
        moved = replace(self, zoom=zoom, x=x, y=y, is_fit=False).kept_inside()
        return replace(moved, is_fit=moved.is_all_visible and self.fit_zoom <= 1.0)

    def onto(self, image_w: int, image_h: int) -> Camera:
        """The same look at another picture: the same part of its width, the same place of it."""
        along, down = self.x / self.image_w * image_w, self.y / self.image_h * image_h
        if self.is_fit:
            return Camera.fit(image_w, image_h, self.pane_w, self.pane_h)
        zoom = self.zoom * self.image_w / image_w
        return replace(self, image_w=image_w, image_h=image_h, zoom=zoom, x=along, y=down).kept_inside()

    def at_zoom(self, zoom: float) -> Camera:
        return self.zoomed(zoom / self.zoom)

    def panned(self, screen_dx: float, screen_dy: float) -> Camera:
        """Move the picture by screen px."""
        return self._at(
            self.x - screen_dx / self.zoom, self.y - screen_dy / self.zoom, is_fit=self.is_fit and self.is_all_visible
        )

    def centred(self, image_x: float, image_y: float) -> Camera:
        return self._at(image_x, image_y, is_fit=False)

    def stepped(self, at: tuple[float, float] | None, direction: str) -> tuple[float, float]:
        """A point of the picture moved by a key: STEP_PX of the screen, one px of the image at least.

        Without a point it begins in the middle of the pane.
        """
        dx, dy = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}[direction]
        by = max(1.0, STEP_PX / self.zoom)
        x, y = at or (self.x, self.y)
        return min(max(x + dx * by, 0.0), self.image_w - 0.5), min(max(y + dy * by, 0.0), self.image_h - 0.5)

    def kept_inside(self) -> Camera:
        """No further out than the picture's edge in the middle of the pane's edge zone."""
        return self._at(self.x, self.y, is_fit=self.is_fit)

    def _at(self, x: float, y: float, *, is_fit: bool) -> Camera:
        x = _keep(x, self.image_w, self.pane_w / self.zoom)
        y = _keep(y, self.image_h, self.pane_h / self.zoom)
        return Camera(self.image_w, self.image_h, self.pane_w, self.pane_h, self.zoom, x, y, is_fit)

    def visible_box(self) -> tuple[float, float, float, float]:
        """(left, top, right, bottom) of the picture that is in the pane, in image px."""
        right, bottom = self.to_image(self.pane_w, self.pane_h)
        return (
            max(0.0, self.left),
            max(0.0, self.top),
            min(float(self.image_w), right),
            min(float(self.image_h), bottom),
        )


def _fit_zoom(image_w: int, image_h: int, pane_w: int, pane_h: int) -> float:
    return min(_inner(pane_w) / image_w, _inner(pane_h) / image_h, MOST_ZOOM)


def _inner(pane: int) -> float:
    return max(1.0, pane - 2 * min(12.0, pane * 0.04))


def _keep(centre: float, size: int, seen: float) -> float:
    if seen >= size:
        return size / 2
    margin = seen * 0.1
    return min(size - seen / 2 + margin, max(seen / 2 - margin, centre))


def scale_bar(mm_per_px: float, zoom: float, most_px: float) -> tuple[float, float]:
    """(millimetres, screen px) of the longest round scale bar of at most `most_px`: 1, 2 or 5 of a power of ten."""
    most_mm = most_px / zoom * mm_per_px
    power = 10.0**-3
    best = power
    while power <= most_mm:
        for step in NICE_STEPS:
            if step * power <= most_mm:
                best = step * power
        power *= 10
    return best, best / mm_per_px * zoom
