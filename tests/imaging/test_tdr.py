"""Threat detection reports: ours come back as written, another toolkit's is read, damaged ones are refused."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.uid import generate_uid

from imaging import files
from imaging.annotations import Annotation, Category, Shape
from imaging.errors import FileError, FileReportError, FileTornError, FileUnsupportedError
from imaging.files import dicos, tdr
from imaging.files.tdr import Assessor, Decision, Found, Report
from imaging.scan import Scan
from tests.imaging.inputs import bag_view

NOW = datetime(2026, 11, 21, 8, 30, 5, 250_000, tzinfo=UTC)
MASK = np.random.default_rng(3).random((7, 13)) > 0.5


def a_report() -> Report:
    found = Found(
        9001, (40, 50, 53, 57), "CONTRABAND", "白色粉末", "THREAT", probability=0.875, mass_g=500.0, density=1150.0,
        zeff=8.75, view=1, mask=MASK,
    )  # fmt: skip
    return Report(
        Decision.ALARM, NOW, (found, Found(2, (0, 0, 1, 1), flag="NO_THREAT")), Assessor.MACHINE, ("parcel", "1.2"),
        "belt 1", "BAGGAGE", (generate_uid(), generate_uid()), 48.5,
    )  # fmt: skip


def test_a_report_comes_back_as_it_was_written(tmp_path: Path) -> None:
    report, path = a_report(), tmp_path / "r.dcs"
    tdr.write(report, path)
    back = tdr.read(path)
    for name in ("decision", "decided_at", "assessor", "algorithm", "device", "object_kind", "refers_to"):
        assert getattr(back, name) == getattr(report, name), name
    assert back.processing_ms == report.processing_ms
    one, other = back.objects
    for name in (
        "number",
        "box",
        "category",
        "description",
        "flag",
        "ability",
        "probability",
        "mass_g",
        "zeff",
        "view",
    ):
        assert getattr(one, name) == getattr(report.objects[0], name), name
    assert one.mask is not None
    assert np.array_equal(one.mask, MASK)
    assert other.mask is not None
    assert other.mask.all()
    assert other.probability is None


def test_the_file_has_the_structure_of_the_vendors_one(shared: Path, tmp_path: Path) -> None:
    model = pydicom.dcmread(shared / "data/dicos/SimpleBaggageTDR.dcs")
    tdr.write(a_report(), tmp_path / "r.dcs")
    ours = pydicom.dcmread(tmp_path / "r.dcs")
    assert ours.SOPClassUID == model.SOPClassUID
    assert (ours.NumberOfTotalObjects, ours.NumberOfAlarmObjects) == (2, 1)
    pairs = [(ours, model), (ours.ThreatSequence[0], model.ThreatSequence[0])]
    for name in ("PTORepresentationSequence", "ATDAssessmentSequence"):
        pairs.append((ours.ThreatSequence[0][name].value[0], model.ThreatSequence[0][name].value[0]))
    pairs.append((pairs[2][0].ThreatROIVoxelSequence[0], pairs[2][1].ThreatROIVoxelSequence[0]))
    for mine, theirs in pairs:
        needed = {element.tag for element in theirs if element.tag.group == 0x4010 and element.keyword}
        optional = {"TotalProcessingTime", "AlgorithmRoutingCodeSequence", "ImageScaleRepresentation"}
        missing = {theirs[tag].keyword for tag in needed - {element.tag for element in mine}} - optional
        assert not missing


def test_the_vendors_report_is_read(shared: Path) -> None:
    report = tdr.read(shared / "data/dicos/SimpleBaggageTDR.dcs")
    assert report.decision is Decision.CLEAR
    assert report.assessor is Assessor.MACHINE
    assert report.algorithm[:2] == ("Alchemy", "0.999")
    assert report.decided_at == datetime(1944, 6, 6, 6, 30, tzinfo=UTC)
    (found,) = report.objects
    assert (found.number, found.box, found.depth) == (9001, (12, 23, 62, 73), 100)
    assert (found.category, found.description, found.mass_g, found.density) == ("PI", "Flammable Liquid", 50.0, 7000.0)
    assert found.mask is not None
    assert found.mask.shape == (50, 50)
    assert report.refers_to == ("1235.23456.568678.34546",)


def test_annotations_are_carried(tmp_path: Path) -> None:
    pictures = dicos.write(Scan((bag_view(),)), tmp_path / "scan")
    uids = [str(pydicom.dcmread(path).SOPInstanceUID) for path in pictures]
    annotations = [
        Annotation(Shape.BOX, ((10, 20), (40, 60)), Category.PROHIBITED, "刀"),
        Annotation(Shape.ARROW, ((5.5, 5.5), (20.25, 30)), Category.ANOMALY, view=1),
        Annotation(Shape.FREEHAND, ((1, 1), (9, 3), (4, 8)), Category.CONTRABAND),
        Annotation(Shape.TEXT, ((7, 7),), Category.OTHER, "看这里"),
    ]
    tdr.write(tdr.report_annotations(annotations, Decision.ALARM, NOW, uids), tmp_path / "r.dcs")
    back = tdr.read(tmp_path / "r.dcs")
    assert back.assessor is Assessor.OPERATOR
    assert back.refers_to == tuple(uids)
    assert [found.box for found in back.objects] == [each.box for each in annotations]
    assert [found.category for found in back.objects] == ["PI", "ANOMALY", "CONTRABAND", "OTHER"]
    assert [found.view for found in back.objects] == [0, 1, 0, 0]
    assert back.objects[0].description == "box: 刀"
    assert back.objects[1].outline == annotations[1].points
    assert back.objects[2].outline == annotations[2].points


def test_a_report_is_still_no_picture(tmp_path: Path) -> None:
    tdr.write(a_report(), tmp_path / "r.dcs")
    with pytest.raises(FileReportError):
        files.read(tmp_path / "r.dcs")


def test_damaged_and_foreign_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "r.dcs"
    tdr.write(a_report(), path)
    whole = path.read_bytes()
    for size in range(0, len(whole), 37):
        path.write_bytes(whole[:size])
        try:
            tdr.read(path)
        except FileError:
            continue
    path.write_bytes(whole[:400])
    with pytest.raises(FileError):
        tdr.read(path)
    (picture, *_) = dicos.write(Scan((bag_view(),)), tmp_path / "scan")
    with pytest.raises(FileUnsupportedError):
        tdr.read(picture)


@pytest.mark.parametrize("extents", [[1e9, 1e9, 1.0], [-5.0, 3.0, 1.0], [float("nan"), 1.0, 1.0], [13.0, 8.0, 9.0]])
def test_a_region_that_lies_of_its_size_is_refused(tmp_path: Path, extents: list[float]) -> None:
    path = tmp_path / "r.dcs"
    tdr.write(a_report(), path)
    dataset = pydicom.dcmread(path)
    dataset.ThreatSequence[0].PTORepresentationSequence[0].ThreatROIVoxelSequence[0].ThreatROIExtents = extents
    dataset.save_as(path)
    with pytest.raises(FileTornError):
        tdr.read(path)
