"""Draws the visible part of a picture on a graphics card: counts in textures, a look's tables in a shader.

The same picture as imaging.render draws, to within one grey step. The processor weighs the energies, filters, and
paints colour pictures; window, level, gamma, tables, palettes and scaling are the card's.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from math import floor
from struct import pack

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QSize
from PySide6.QtGui import (
    QColor,
    QRhi,
    QRhiBuffer,
    QRhiCommandBuffer,
    QRhiDepthStencilClearValue,
    QRhiGraphicsPipeline,
    QRhiRenderTarget,
    QRhiResourceUpdateBatch,
    QRhiSampler,
    QRhiShaderResourceBinding,
    QRhiShaderResourceBindings,
    QRhiShaderStage,
    QRhiTexture,
    QRhiTextureSubresourceUploadDescription,
    QRhiTextureUploadDescription,
    QRhiTextureUploadEntry,
    QRhiVertexInputLayout,
    QRhiViewport,
    QShader,
)

from imaging.look import Enhancement, Look
from imaging.paint import Paint
from imaging.pyramid import Pyramid
from imaging.render import Grid, Viewport, window_on
from imaging.scan import Box, ViewKind

SOFTWARE = ("llvmpipe", "softpipe", "swrast", "swiftshader", "lavapipe", "warp", "basic render")
"""Parts of the names of renderers that use the processor, which our own tables use better."""
PLACE_BYTES = 64 + 5 * 16
TABLE_PX = 256

_R16, _R8, _RGBA8 = QRhiTexture.Format.R16, QRhiTexture.Format.R8, QRhiTexture.Format.RGBA8
_FRAGMENT = QRhiShaderResourceBinding.StageFlag.FragmentStage
_BOTH = QRhiShaderResourceBinding.StageFlag.VertexStage | _FRAGMENT


def is_software(renderer: str) -> bool:
    """Whether the name of a renderer is that of one without a graphics card."""
    return any(name in renderer.lower() for name in SOFTWARE)


@dataclass(frozen=True, slots=True, eq=False)
class _Planes:
    """What lies in the textures: a box of one size of a picture, as it is before window, level and colours.

    `look` is the part of a look that it belongs to: energies and filter, or all of it for a colour picture.
    """

    pyramid: Pyramid
    index: int
    box: Box
    look: Look


class GpuCanvas:
    """The textures, tables and pipeline of one window on one graphics system."""

    def __init__(self, rhi: QRhi, target: QRhiRenderTarget) -> None:
        self._rhi = rhi
        self._place = rhi.newBuffer(QRhiBuffer.Type.Dynamic, QRhiBuffer.UsageFlag.UniformBuffer, PLACE_BYTES)
        self._place.create()
        nearest, clamp = QRhiSampler.Filter.Nearest, QRhiSampler.AddressMode.ClampToEdge
        self._sampler = rhi.newSampler(nearest, nearest, QRhiSampler.Filter.None_, clamp, clamp)
        self._sampler.create()
        self._textures = [self._texture(kind, QSize(1, 1)) for kind in (_R16, _R8)]
        table = QSize(TABLE_PX, TABLE_PX)
        self._tables = [self._texture(_R8, table), self._texture(_RGBA8, table)]
        self._bindings: QRhiShaderResourceBindings = rhi.newShaderResourceBindings()
        self._bind()
        self._pipeline = _make_pipeline(rhi, self._bindings, target)
        self._paint: Paint | None = None
        self._painted: tuple[Pyramid, Look] | None = None
        self._planes: _Planes | None = None

    def draw(
        self,
        commands: QRhiCommandBuffer,
        target: QRhiRenderTarget,
        picture: tuple[Pyramid, Viewport, Look],
        background: QColor,
    ) -> None:
        """Draw a window on a picture into a target of the viewport's size."""
        pyramid, viewport, look = picture
        grid, box = Grid.of(pyramid, viewport.scale), window_on(viewport)
        batch = self._rhi.nextResourceUpdateBatch()
        paint = self._paint_of(pyramid, look, batch)
        part = grid.inside(box)
        if part is not None:
            self._fill_planes(paint, grid, part, batch)
        batch.updateDynamicBuffer(self._place, 0, self._place_of(paint, grid, box, background))
        commands.beginPass(target, background, QRhiDepthStencilClearValue(1.0, 0), batch)
        commands.setGraphicsPipeline(self._pipeline)
        commands.setViewport(QRhiViewport(0, 0, viewport.width, viewport.height))
        commands.setShaderResources(self._bindings)
        commands.draw(3)
        commands.endPass()

    def _paint_of(self, pyramid: Pyramid, look: Look, batch: QRhiResourceUpdateBatch) -> Paint:
        if self._paint is None or self._painted is None or self._painted[0] is not pyramid:
            self._paint = Paint(pyramid, look)
        elif self._painted[1] != look:
            is_own = self._paint.pyramid is pyramid
            self._paint = self._paint.with_look(look) if is_own else Paint(pyramid, look)
        else:
            return self._paint
        self._painted = pyramid, look
        if self._paint.pyramid.kind is not ViewKind.COLOUR:
            shape = (TABLE_PX, TABLE_PX)
            colours = self._paint.colours
            if not self._paint.is_painted:
                colours = np.tile(colours, TABLE_PX)
            _upload(batch, self._tables[0], self._paint.brightness.reshape(shape))
            _upload(batch, self._tables[1], colours.view(np.uint8).reshape(*shape, 4))
        return self._paint

    def _fill_planes(self, paint: Paint, grid: Grid, part: Box, batch: QRhiResourceUpdateBatch) -> None:
        """Have what a part of the picture is drawn from in the textures, with half of it again on each side."""
        needed, look, kept = grid.source(part), _look_of_planes(paint), self._planes
        is_same = kept is not None and (kept.pyramid, kept.index, kept.look) == (paint.pyramid, grid.index, look)
        if is_same and kept is not None and _contains(kept.box, needed):
            return
        rows, cols = grid.level_shape
        wide, tall = (needed[2] - needed[0]) // 2, (needed[3] - needed[1]) // 2
        left, top = max(needed[0] - wide, 0), max(needed[1] - tall, 0)
        box = (left, top, min(needed[2] + wide, cols), min(needed[3] + tall, rows))
        self._planes = _Planes(paint.pyramid, grid.index, box, look)
        planes = _planes_of(paint, grid.index, box)
        size = QSize(box[2] - box[0], box[3] - box[1])
        for number, plane in enumerate(planes):
            kind = _RGBA8 if plane.ndim == 3 else _R16 if plane.dtype == np.uint16 else _R8
            texture = self._textures[number]
            if texture.pixelSize() != size or texture.format() != kind:
                texture.destroy()
                self._textures[number] = self._texture(kind, size)
        self._bind()
        for plane, texture in zip(planes, self._textures, strict=False):
            _upload(batch, texture, plane)

    def _place_of(self, paint: Paint, grid: Grid, box: Box, background: QColor) -> bytes:
        """The uniform block of the shaders, in std140 layout."""
        planes = self._planes
        held = (0, 0, 1, 1) if planes is None else planes.box
        step = 1 / grid.per_px
        starts = [box[i] * step - held[i] for i in (0, 1)]
        wholes = [floor(start) for start in starts]
        left, top, right, bottom = -box[0], -box[1], grid.width - box[0], grid.height - box[1]
        is_colour = paint.pyramid.kind is ViewKind.COLOUR
        values = (
            *self._rhi.clipSpaceCorrMatrix().data(),
            *(box[2] - box[0], box[3] - box[1], float(grid.is_sharp), float(is_colour)),
            *(*wholes, starts[0] - wholes[0], starts[1] - wholes[1]),
            *(left, top, right, bottom),
            *(held[2] - held[0], held[3] - held[1], step, float(paint.is_painted)),
            *(background.redF(), background.greenF(), background.blueF(), 1.0),
        )
        return pack(f"{len(values)}f", *values)

    def _texture(self, kind: QRhiTexture.Format, size: QSize) -> QRhiTexture:
        texture = self._rhi.newTexture(kind, size)
        texture.create()
        return texture

    def _bind(self) -> None:
        textures = [*self._textures, *self._tables]
        self._bindings.setBindings(
            [
                QRhiShaderResourceBinding.uniformBuffer(0, _BOTH, self._place),
                *(
                    QRhiShaderResourceBinding.sampledTexture(number, _FRAGMENT, texture, self._sampler)
                    for number, texture in enumerate(textures, 1)
                ),
            ]
        )
        self._bindings.create()


def _look_of_planes(paint: Paint) -> Look:
    look = paint.look
    if paint.pyramid.kind is ViewKind.COLOUR:
        return look
    enhancement = look.enhancement if paint.is_filtered else Enhancement.NONE
    absorption = look.absorption if paint.is_filtered else 0.0
    penetration = look.penetration
    return Look(penetration=penetration, enhancement=enhancement, absorption=absorption, keeps_thin=look.keeps_thin)


def _planes_of(paint: Paint, index: int, box: Box) -> list[npt.NDArray[np.uint16] | npt.NDArray[np.uint8]]:
    """Colours, or counts (filtered tones) and material codes where there are two energies."""
    left, top, right, bottom = box
    if paint.pyramid.kind is ViewKind.COLOUR:
        pixels = np.empty((bottom - top, right - left, 4), np.uint8)
        paint.fill(index, box, pixels)
        return [pixels]
    counts = paint.tones(index, box) if paint.is_filtered else paint.mixed(index, box)
    return [counts, paint.pyramid.materials_in(index, box)] if paint.pyramid.kind is ViewKind.DUAL else [counts]


def _upload(batch: QRhiResourceUpdateBatch, texture: QRhiTexture, plane: npt.NDArray[np.generic]) -> None:
    data = QRhiTextureSubresourceUploadDescription(np.ascontiguousarray(plane).tobytes())
    data.setDataStride(plane.shape[1] * plane.itemsize * (4 if plane.ndim == 3 else 1))
    batch.uploadTexture(texture, QRhiTextureUploadDescription(QRhiTextureUploadEntry(0, 0, data)))


def _make_pipeline(rhi: QRhi, bindings: QRhiShaderResourceBindings, target: QRhiRenderTarget) -> QRhiGraphicsPipeline:
    pipeline = rhi.newGraphicsPipeline()
    pipeline.setShaderStages(
        [
            QRhiShaderStage(QRhiShaderStage.Type.Vertex, _shader("picture.vert")),
            QRhiShaderStage(QRhiShaderStage.Type.Fragment, _shader("picture.frag")),
        ]
    )
    pipeline.setVertexInputLayout(QRhiVertexInputLayout())
    pipeline.setShaderResourceBindings(bindings)
    pipeline.setRenderPassDescriptor(target.renderPassDescriptor())
    pipeline.create()
    return pipeline


def _shader(name: str) -> QShader:
    return QShader.fromSerialized(resources.files("resources").joinpath(f"shaders/{name}.qsb").read_bytes())


def _contains(box: Box, inner: Box) -> bool:
    return box[0] <= inner[0] and box[1] <= inner[1] and box[2] >= inner[2] and box[3] >= inner[3]
