"""Same or not at a station: vectors follow the pictures, the nearest come first, and what is removed is forgotten."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from app.cli import cli
from app.customs.parcel import Declaration, GoodsLine, Kind
from app.customs.states import State, Term
from app.nearest import Index, Wanted, best_of
from app.officers.errors import RightMissingError
from app.officers.rights import Role
from app.sameness import Search, differences
from app.settings import Detection, Officers, Sameness, Settings
from app.store.retention import Due, Rule
from app.store.vectors import Among, Unmade
from app.ui.references import find_references
from app.vector_filler import SamenessOffError
from imaging.content import Content
from imaging.files import native
from imaging.scan import Scan, View
from models.card import EmbeddingInput
from models.embedding import load
from models.likeness import Likeness
from scanners.xray import ScanFinished
from tests.flow.conftest import T0, Desk
from tests.models.embeddings import store_embedding

SENDER = "Sample Sender 1"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    store_embedding(tmp_path / "models", EmbeddingInput.XRAY)
    known = Officers(sign_in="demo", demo={"a": Role.SUPERVISOR, "boss": Role.ADMIN})
    detection = Detection(is_on=False, folder=tmp_path / "models")
    return Settings(
        data=tmp_path / "data", detection=detection, officers=known, sameness=Sameness(model="lab-same", days=30)
    )


@pytest.fixture
def desk(settings: Settings, open_desk: Callable[..., Desk]) -> Desk:
    made = open_desk()
    made.station.sameness.use(load("lab-same", settings.detection.folder))
    made.station.sameness.start()
    return made


def make_scan(seed: int, at_s: float = 0, box: int = 9_000) -> Scan:
    """A parcel with a few things at places that the seed draws."""
    rng = np.random.default_rng(seed)
    counts = np.full((60, 90), 60_000, np.uint16)
    counts[6:54, 9:81] = 40_000
    for _ in range(4):
        top, left = rng.integers(8, 40), rng.integers(12, 60)
        counts[top : top + 12, left : left + 16] = box
    started = T0 + timedelta(seconds=at_s)
    return Scan((View(high=counts, low=counts),), started_at=started, finished_at=started)


def pass_by(desk: Desk, seed: int, number: str, at_s: float, kind: Kind = Kind.PARCEL) -> int:
    scan = replace(make_scan(seed, at_s), codes=(number,))
    desk.station._arrivals.take_xray(desk.belt.model_copy(update={"carries": kind}), ScanFinished(scan))
    desk.station.wait_until_idle()
    found = desk.station._store.find_number(number)
    assert found is not None
    return found.id


def wait_for_vectors(desk: Desk, count: int) -> None:
    """The filler works on a thread of its own."""
    card, vectors = desk.station.sameness.card, desk.station._store.vectors
    end = datetime.now(UTC) + timedelta(seconds=20)
    while len(vectors.read_newest(card.sha256, 100, card.dimensions)) < count:
        assert datetime.now(UTC) < end, "the filler made no vectors"
        desk.station.sameness.wake()


def test_the_nearest_earlier_scan_is_that_of_the_same_thing(desk: Desk) -> None:
    first = pass_by(desk, 1, "RR000000001CN", 0)
    others = [pass_by(desk, seed, f"RR00000000{seed}CN", 60 * seed) for seed in (2, 3, 4)]
    again = pass_by(desk, 1, "RR000000009CN", 600)
    wait_for_vectors(desk, 5)
    near = desk.station.nearest(again, officer="a")
    assert near[0].row.id == first
    assert near[0].score == pytest.approx(1, abs=1e-3)
    assert near[0].likeness is Likeness.SAME
    assert {each.row.id for each in near} == {first, *others}
    assert desk.station.nearest(first, officer="a") == [], "nothing came before it"


def test_a_search_is_narrowed_before_pictures_are_compared(desk: Desk) -> None:
    desk.station._store.add_declarations([Declaration("SF1", (GoodsLine("红茶"),), sender=SENDER)])
    kept = pass_by(desk, 2, "SF1", 0)
    pass_by(desk, 1, "SF2", 60)
    box = pass_by(desk, 1, "CSQU3054383", 90, Kind.CONTAINER)
    asked = pass_by(desk, 1, "SF3", 120)
    wait_for_vectors(desk, 4)
    for among in (Among(sender=SENDER), Among(goods="红茶"), Among(number="SF1"), Among(parcel_ids=(kept, asked))):
        found = desk.station.nearest(asked, Search(among), officer="a")
        assert [each.row.id for each in found] == [kept]
    assert box not in {each.row.id for each in desk.station.nearest(asked, officer="a")}
    assert desk.station.nearest(asked, Search(days=0), officer="a") == []


def test_the_compare_view_orders_by_likeness(desk: Desk) -> None:
    desk.station._store.add_declarations([Declaration(n, (GoodsLine("红茶"),), sender=SENDER) for n in ("SF1", "SF9")])
    related = pass_by(desk, 2, "SF1", 0)
    alike = pass_by(desk, 1, "SF2", 60)
    asked = pass_by(desk, 1, "SF9", 120)
    wait_for_vectors(desk, 3)
    found = find_references(desk.station, desk.station.parcel(asked), "a")
    assert [(each.parcel_id, each.why) for each in found] == [(alike, "alike"), (related, "sender")]
    assert found[0].near is not None


def test_vectors_go_with_their_pictures_and_come_back_with_another_model(
    desk: Desk, settings: Settings, open_desk: Callable[..., Desk]
) -> None:
    gone = pass_by(desk, 1, "SF1", 0)
    asked = pass_by(desk, 1, "SF2", 60)
    wait_for_vectors(desk, 2)
    assert [each.row.id for each in desk.station.nearest(asked, officer="a")] == [gone]
    store, capture = desk.station._store, desk.station.parcel(gone).captures[0]
    rule = Rule("r", Term("", ""), frozenset(State), 1, T0.date(), None, "")
    store.keeping.remove(Due(1, gone, capture.path, capture.sha256, rule, T0))
    assert desk.station.nearest(asked, officer="a") == []
    assert not store.vectors.unmade("another model", 500)[1:], "a removed picture gets no vector"

    assert settings.detection.folder is not None
    card = store_embedding(settings.detection.folder, EmbeddingInput.XRAY, name="other", version="2")
    later = open_desk(sameness=Sameness(model="other"))
    later.station.sameness.use(load("other", settings.detection.folder))
    later.station.sameness.start()
    wait_for_vectors(later, 1)
    assert later.station._store.vectors.of_parcels(card.sha256, [asked])


def test_two_parcels_are_compared_before_the_filler_has_come(desk: Desk) -> None:
    desk.station.sameness.stop()
    one, again, other = (pass_by(desk, seed, f"SF{n}", 60 * n) for n, seed in enumerate((1, 1, 2)))
    same = desk.station.compare(one, again)
    different = desk.station.compare(one, other)
    assert same is not None
    assert different is not None
    assert same.likeness is Likeness.SAME
    assert different.score < same.score


def test_without_a_model_nothing_is_compared_and_it_is_said(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(sameness=Sameness(model=""))
    one = pass_by(desk, 1, "SF1", 0)
    with pytest.raises(SamenessOffError):
        desk.station.nearest(one, officer="a")
    assert [each.why for each in find_references(desk.station, desk.station.parcel(one), "a")] == []
    assert not desk.watched.errors


def test_who_may_not_look_into_the_archive_gets_no_neighbours(desk: Desk) -> None:
    one = pass_by(desk, 1, "SF1", 0)
    with pytest.raises(RightMissingError):
        desk.station.nearest(one, officer="boss")


def test_the_index_follows_what_is_added_and_keeps_to_its_bound(desk: Desk) -> None:
    vectors, rng = desk.station._store.vectors, np.random.default_rng(1)
    ids = [pass_by(desk, seed, f"SF{seed}", seed) for seed in range(5)]
    desk.station.sameness.stop()
    made = rng.standard_normal((5, 48)).astype(np.float32)
    made /= np.linalg.norm(made, axis=1, keepdims=True)
    unmade = sorted(vectors.unmade("m", 500), key=lambda each: each.id)
    index = Index(vectors, "m", 48, most=3)

    def find(number: int) -> list[int]:
        return [key for key, _ in index.nearest(made[number], Wanted(Kind.PARCEL), 5)]

    add = [(each, vector) for each, vector in zip(unmade, made, strict=True)]
    vectors.add("m", add[:2])
    assert find(0) == sorted(ids[:2], key=lambda key: key != ids[0])
    vectors.add("m", add[2:])
    assert find(4)[0] == ids[4]
    assert len(index) >= 3
    fresh = Index(vectors, "m", 48, most=3)
    assert {key for key, _ in fresh.nearest(made[0], Wanted(Kind.PARCEL), 9)} == set(ids[2:])


def test_exact_search_over_several_pages_of_rows(monkeypatch: pytest.MonkeyPatch, desk: Desk) -> None:
    """The best of all rows, wherever the blocks are cut."""
    monkeypatch.setattr("app.nearest.ROWS_AT_ONCE", 7)
    ids = [pass_by(desk, seed, f"SF{seed}", seed) for seed in range(6)]
    wait_for_vectors(desk, 6)
    card, vectors = desk.station.sameness.card, desk.station._store.vectors
    block = vectors.read_newest(card.sha256, 100, card.dimensions)
    own = vectors.of_parcels(card.sha256, ids)
    for key in ids:
        assert best_of([block], own[key], Wanted(Kind.PARCEL), 1)[0][0] == key
    unmade: list[Unmade] = vectors.unmade(card.sha256, 500)
    assert unmade == []


def test_what_can_be_weighed_is_told_with_its_sign() -> None:
    before = Content(1000, 0, 500, 0)
    assert differences(before, before) == ()
    assert differences(before, None) == ()
    lighter = differences(before, Content(600, 0, 490, 0))
    assert [each.key for each in lighter] == ["mass_less", "organic_less"]
    assert lighter[0].details == {"change": "0.4", "before": "1.5"}
    assert "metal_more" in [each.key for each in differences(before, Content(1000, 0, 900, 0))]


def test_commands_compare_and_find(desk: Desk, settings: Settings, tmp_path: Path) -> None:
    paths = []
    for number, seed in enumerate((1, 1, 2)):
        paths.append(str(tmp_path / f"{number}.tif"))
        native.write(make_scan(seed), Path(paths[-1]))
    pass_by(desk, 2, "SF2", 0)
    found = pass_by(desk, 1, "SF1", 60)
    wait_for_vectors(desk, 2)
    env = {
        "GUANJIAN_DETECTION__FOLDER": str(settings.detection.folder),
        "GUANJIAN_SAMENESS__MODEL": "lab-same",
        "GUANJIAN_SAMENESS__DAYS": "36500",
    }
    runner = CliRunner()
    said = runner.invoke(cli, ["same", *paths[:2], "--json"], env=env)
    assert json.loads(said.output)["likeness"] == "same", said.output
    assert json.loads(runner.invoke(cli, ["same", paths[0], paths[2], "--json"], env=env).output)["score"] < 0.999
    data = str(settings.data)
    near = runner.invoke(cli, ["nearest", paths[0], "--json", "--officer", "supervisor-1", "--data", data], env=env)
    assert near.exit_code == 0, near.output
    assert json.loads(near.output.splitlines()[0])["id"] == found
