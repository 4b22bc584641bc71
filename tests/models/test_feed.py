"""Windows: every px of a picture is looked at, and boxes come back where they were."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.card import PARCEL_LONG_PX, InputKind
from models.feed import LARGEST_WHOLE_PX, choose_scales, fill, plan_windows
from models.heads import Feed, Fit

SIDES = st.integers(1, 700)


@settings(deadline=None, max_examples=60)
@given(rows=SIDES, cols=SIDES, fit=st.sampled_from(Fit), size=st.sampled_from([(64, 64), (96, 160), None]))
def test_a_box_survives_the_way_into_the_tensor_and_back(
    rows: int, cols: int, fit: Fit, size: tuple[int, int] | None
) -> None:
    feed = Feed("images", InputKind.GRAY, size, fit=fit)
    for window in plan_windows((rows, cols), feed, ((1.0, 1.0),)):
        _, placement = fill(np.zeros((1, rows, cols), np.float32), window, feed)
        left, top, right, bottom = window.box
        corners = np.array([[0, 0, placement.window.cols, placement.window.rows]], np.float32)
        corners += np.array([*placement.offset, *placement.offset], np.float32)
        assert placement.to_picture(corners)[0] == pytest.approx([left, top, right, bottom], abs=0.01)


@settings(deadline=None, max_examples=60)
@given(
    rows=st.integers(1, 6000),
    cols=st.integers(1, 12000),
    scale=st.floats(0.2, 1.0),
    size=st.sampled_from([(64, 96), (640, 640), None]),
)
def test_windows_cover_the_whole_picture(rows: int, cols: int, scale: float, size: tuple[int, int] | None) -> None:
    feed = Feed("images", InputKind.GRAY, size)
    windows = plan_windows((rows, cols), feed, ((scale, scale),))
    seen_rows, seen_cols = np.zeros(rows, bool), np.zeros(cols, bool)
    for window in windows:
        left, top, right, bottom = window.box
        assert 0 <= left < right <= cols
        assert 0 <= top < bottom <= rows
        seen_rows[top:bottom], seen_cols[left:right] = True, True
        if size is None:
            assert window.rows * window.cols <= LARGEST_WHOLE_PX * 1.01
    assert seen_rows.all()
    assert seen_cols.all()
    assert len(windows) == len({w.box[:2] for w in windows})


def test_content_lands_where_the_placement_says() -> None:
    picture = np.zeros((1, 100, 200), np.float32)
    picture[0, 40:60, 80:120] = 1
    feed = Feed("images", InputKind.GRAY, (128, 128), pad=0.0)
    (window,) = plan_windows((100, 200), feed, ((1.0, 1.0),))
    tensor, placement = fill(picture, window, feed)
    rows, cols = np.nonzero(tensor[0, 0] > 0.5)
    box = np.array([[cols.min(), rows.min(), cols.max() + 1, rows.max() + 1]], np.float32)
    assert placement.to_picture(box)[0] == pytest.approx([80, 40, 120, 60], abs=2)


def test_bgr_scale_mean_and_std() -> None:
    picture = np.stack([np.full((4, 4), value, np.float32) for value in (0.25, 0.5, 1.0)])
    window = plan_windows((4, 4), Feed("x", InputKind.RGB_PSEUDO, (4, 4)), ((1, 1),))[0]
    bgr, _ = fill(picture, window, Feed("x", InputKind.RGB_PSEUDO, (4, 4), scale=255, is_bgr=True))
    assert bgr[0, :, 0, 0] == pytest.approx([255, 127.5, 63.75])
    normal = Feed("x", InputKind.RGB_PSEUDO, (4, 4), mean=(0.5, 0.5, 0.5), std=(0.25, 0.5, 1.0), has_batch=False)
    assert fill(picture, window, normal)[0][:, 0, 0] == pytest.approx([-1, 0, 0.5])


def test_free_sizes_become_multiples_of_the_stride() -> None:
    feed = Feed("x", InputKind.GRAY, None, pad=0.0)
    (window,) = plan_windows((600, 801), feed, ((1.0, 1.0),))
    tensor, placement = fill(np.ones((1, 600, 801), np.float32), window, feed)
    assert tensor.shape == (1, 1, 608, 832)
    assert placement.offset == (0, 0)
    assert not tensor[0, 0, 600:].any()


def test_scales() -> None:
    assert choose_scales((600, 800), (None, None), None, PARCEL_LONG_PX) == ((1.0, 1.0),)
    assert choose_scales((600, 800), (0.5, 0.8), 1.0, PARCEL_LONG_PX) == ((0.5, 0.8),)
    assert choose_scales((600, 800), (1.6, 1.6), 1.0, PARCEL_LONG_PX) == ((1.0, 1.0),), "never enlarged"
    unknown = choose_scales((580, 850), (None, 1.0), 1.0, PARCEL_LONG_PX)
    assert len(unknown) > 1
    assert all(0.15 < row == col <= 1 for row, col in unknown)
    assert choose_scales((10, 20), (None, None), 1.0, PARCEL_LONG_PX) == ((1.0, 1.0),)
    assert choose_scales((500, 2000), (None, None), 10.0, (1600, 800)) == ((0.8, 0.8), (0.4, 0.4))
