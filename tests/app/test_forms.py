"""Printed forms: filled from the record in both languages, escaped, and never with a field that nobody gives."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app import forms, texts
from app.customs.dated import DatedRule
from app.customs.examination import Examination, Found, Handling, Item, Photograph
from app.customs.parcel import Decision, Declaration, GoodsLine, Kind, Lane, Parcel
from app.customs.states import Action, State, Term
from app.customs.tax import Estimate, LineTax, Standing
from app.customs.waiting import Waiting, WaitingKind
from app.exam_room import ExamRoom
from app.exchange.errors import PhotographBrokenError
from app.forms import FormError, FormKind, Stationery, fill
from app.officers.rights import DEMO, KnownOfficers
from app.settings import Post
from app.store.store import Store
from imaging.errors import FileAlteredError

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
GOODS = GoodsLine("<b>手表</b>", "9102110000", "2", "只")
DECLARED = Declaration("A", (GOODS,), sender="ACME & Co", consignee="测试甲")
PARCEL = Parcel(7, Kind.PARCEL, "A<1>", State.DETAINED, Lane.RED, NOON, declaration=DECLARED)
DECISION = Decision(
    3, 7, Action.DETAIN, State.EXAM_ABNORMAL, State.DETAINED, "li", "infringement", "KL-1", NOON, second_officer="wang"
)


@pytest.fixture(params=texts.LANGUAGES)
def sheet(request: pytest.FixtureRequest) -> Iterator[Stationery]:
    before = texts.language()
    texts.set_language(request.param)
    yield Stationery(Post())
    texts.set_language(before)


def test_rows_are_repeated_and_what_comes_from_outside_is_escaped() -> None:
    template = "${a}<!-- each rows --><p>${no} ${x}</p><!-- end -->${a}"
    assert fill(template, {"a": "<&>"}, {"rows": [{"x": "${a}"}, {"x": "1\n2"}]}) == (
        "&lt;&amp;&gt;<p>1 ${a}</p><p>2 1<br>2</p>&lt;&amp;&gt;"
    )
    for wrong in ("${b}", "<!-- each other -->x<!-- end -->", "<!-- each rows -->${y}<!-- end -->"):
        with pytest.raises(FormError):
            fill(wrong, {"a": ""}, {"rows": [{"x": ""}]})


def test_every_form_is_filled(sheet: Stationery) -> None:
    record = Examination(
        7, (Item("手表", "2", "3", Found.INFRINGEMENT, "imitation"),), Handling.DETAIN, "li", "wang", NOON, id=1
    )
    photograph = Photograph(1, 7, "p.jpg", "0" * 64, "camera", "li", NOON)
    wait = Waiting(1, 7, WaitingKind.LABORATORY, NOON, due_at=NOON)
    rule = DatedRule("rate-20", "tax_rate", "", "20", date(2019, 4, 9), None, Term("17/2019", "17/2019"))
    line = LineTax("手表", "other", 200_00, 20, 40_00, "rate-20")
    estimate = Estimate(date(2026, 5, 1), Standing.WITHIN, (line,), 200_00, 2000_00, 40_00, 0, (rule,))
    made = [
        forms.examination_record(PARCEL, record, [(photograph, b"x")], sheet),
        forms.detention_note(PARCEL, DECISION, None, sheet),
        forms.detention_note(PARCEL, DECISION, record, sheet),
        forms.sampling_note(PARCEL, DECISION, wait, sheet),
        forms.tax_estimate(PARCEL, estimate, sheet, officer="li"),
        forms.hand_over_list([(PARCEL, DECISION), (PARCEL, None)], "", sheet, officer="li"),
    ]
    assert {form.kind for form in made} == set(FormKind)
    for form in made:
        assert "${" not in form.html
        assert "A&lt;1&gt;" in form.html
        assert "<!--" not in form.html
    assert made[0].pictures == {"photograph:1": b"x"}
    assert "&lt;b&gt;手表&lt;/b&gt;" in made[1].html
    assert "KL-1" in made[1].html
    assert "wang" in made[1].html
    assert (">3</td>" in made[2].html, "17/2019" in made[4].html) == (True, True)


def test_a_post_has_templates_of_its_own(sheet: Stationery, tmp_path: Path) -> None:
    (tmp_path / f"sampling_note.{texts.language()}.html").write_text("own ${number} ${post}", "utf-8")
    form = forms.sampling_note(PARCEL, DECISION, None, Stationery(sheet.post, tmp_path))
    assert form.html.startswith("own A&lt;1&gt;")
    (tmp_path / f"sampling_note.{texts.language()}.html").write_bytes(b"\xff\xfe")
    with pytest.raises(FormError):
        forms.sampling_note(PARCEL, DECISION, None, Stationery(sheet.post, tmp_path))


class Webcam:
    """A camera as the station knows one."""

    name = "desk camera"

    def __init__(self) -> None:
        self.frame: np.ndarray | None = None

    def photograph(self) -> np.ndarray | None:
        return self.frame


def test_photographs_come_from_files_and_cameras_and_are_kept_as_they_are(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "data", station="belt-1", ballast_bytes=1 << 16)
    parcel = store.register("A", Kind.PARCEL, arrived_at=NOON)
    changed: list[int] = []
    room = ExamRoom(store, KnownOfficers(DEMO), on_changed=changed.append)
    for name, content in (("a.jpg", b"no picture"), ("b.jpg", b"\xff\xd8\xff broken"), ("gone.jpg", None)):
        if content is not None:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(PhotographBrokenError):
            room.add_photograph(parcel.id, tmp_path / name, officer="officer-1")
    Image.fromarray(np.full((40, 60, 3), 90, np.uint8)).save(tmp_path / "c.png")
    kept = room.add_photograph(parcel.id, tmp_path / "c.png", officer="officer-1")
    assert room.load(kept) == (tmp_path / "c.png").read_bytes()
    webcam = Webcam()
    room.use_cameras([webcam, object()])
    assert room.camera_names == ("desk camera",)
    with pytest.raises(PhotographBrokenError):
        room.take_photograph(parcel.id, "desk camera", officer="officer-1")
    webcam.frame = np.full((40, 60, 3), 90, np.uint8)
    taken = room.take_photograph(parcel.id, "desk camera", officer="officer-1")
    assert room.load(taken).startswith(b"\xff\xd8\xff")
    assert [each.source for each in room.photographs(parcel.id)] == ["c.png", "desk camera"]
    assert changed == [parcel.id, parcel.id]
    file = store.folder / "photographs" / kept.path
    file.write_bytes(file.read_bytes() + b"x")
    with pytest.raises(FileAlteredError):
        room.load(kept)
    assert [problem.what for problem in store.verify_log().problems] == ["picture_altered"]
    store.close()
