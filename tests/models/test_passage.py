"""Arrays that two processes share: what is sent is what is seen, whatever came before."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest

from imaging.scan import Generator, View
from models.passage import Inbound, Outbound


@dataclass(frozen=True)
class Ends:
    out: Outbound
    read: Inbound
    write_to: object

    def pass_on(self, message: object) -> object:
        self.out.send(self.write_to, message)  # type: ignore[arg-type]
        return self.read.receive()


@pytest.fixture
def ends() -> Iterator[Ends]:
    reading, writing = (os.fdopen(fd, mode) for fd, mode in zip(os.pipe(), ("rb", "wb"), strict=True))
    made = Ends(Outbound(), Inbound(reading), writing)
    yield made
    made.out.close()
    writing.close()
    reading.close()


def test_views_of_any_size_come_over_one_after_the_other(ends: Ends) -> None:
    rng = np.random.default_rng(1)
    for rows, cols in ((30, 40), (7, 3), (900, 1100), (31, 41), (900, 1100)):
        high, low = rng.integers(0, 65535, (2, rows, cols)).astype(np.uint16)
        sent = (View(high=high, low=low, mm_per_row=1.5), Generator(160.0))
        view, generator = ends.pass_on(sent)  # type: ignore[misc]
        assert (view.high == high).all()
        assert (view.low == low).all()
        assert (view.mm_per_row, generator.kv) == (1.5, 160.0)


def test_what_is_received_cannot_be_written_to(ends: Ends) -> None:
    received = ends.pass_on(np.arange(10))
    with pytest.raises(ValueError, match="read-only"):
        received[0] = 1  # type: ignore[index]


def test_a_message_without_arrays_needs_no_memory_of_its_own(ends: Ends) -> None:
    assert ends.pass_on({"a": 1}) == {"a": 1}


def test_a_parent_that_is_gone_is_the_end(ends: Ends) -> None:
    ends.write_to.close()  # type: ignore[attr-defined]
    assert ends.read.receive() is None
