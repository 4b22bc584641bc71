"""DICOS threat detection reports (NEMA IIC 1, TDR): what a machine or an officer found in a picture, read and written.

A report holds no picture; it refers to the DX files by their instance ids. Boxes are in pixels of the view: base is
(left, top, view) and extents (width, height, 1), the bitmap has one bit a pixel of the box, row by row, lowest first.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    DICOSDigitalXRayImageStorageForProcessing,
    DICOSThreatDetectionReportStorage,
    ExplicitVRLittleEndian,
    generate_uid,
)

from imaging.annotations import Annotation, Category, Shape
from imaging.errors import FileError, FileTornError, FileUnsupportedError
from imaging.files import dicos, limits
from imaging.files.durable import write_whole
from imaging.scan import Box

Term = TypeVar("Term", bound=StrEnum)
Mask = npt.NDArray[np.bool_]
Point = tuple[float, float]

MAX_OBJECTS = 1000
MAX_FILE_BYTES = 64 << 20
CATEGORIES = {Category.PROHIBITED: "PI"}
"""Defined terms of Threat Category that are not our value in capitals."""


class Decision(StrEnum):
    ALARM = "ALARM"
    CLEAR = "CLEAR"
    UNKNOWN = "UNKNOWN"


class Assessor(StrEnum):
    """Who reports."""

    MACHINE = "MACHINE"
    OPERATOR = "OPERATOR"


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """One potential threat object. `category`, `flag` and `ability` are DICOS terms, kept as they stand.

    `mask` covers `box`; `outline` is what was drawn. `mass_g` and `density` (kg/m3) are None where not told, `depth`
    holds the third number of base and extents, which a volume has.
    """

    number: int
    box: Box | None
    category: str = "ANOMALY"
    description: str = ""
    flag: str = "THREAT"
    ability: str = "NO_INTERFERENCE"
    probability: float | None = None
    mass_g: float | None = None
    density: float | None = None
    zeff: float | None = None
    view: int = 0
    depth: int = 1
    mask: Mask | None = None
    outline: tuple[Point, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """A threat detection report. `refers_to` are the instance ids of the pictures, `algorithm` its name and version."""

    decision: Decision
    decided_at: datetime
    objects: tuple[Found, ...] = ()
    assessor: Assessor = Assessor.OPERATOR
    algorithm: tuple[str, ...] = ()
    device: str = "unknown"
    object_kind: str = "PARCEL"
    refers_to: tuple[str, ...] = ()
    processing_ms: float | None = None


def report_annotations(
    annotations: Iterable[Annotation], decision: Decision, decided_at: datetime, refers_to: Sequence[str] = ()
) -> Report:
    """An officer's annotations as a report, one object each; what kind of shape was drawn stands in its description."""
    objects = []
    for number, each in enumerate(annotations, start=1):
        flag = "THREAT" if decision is Decision.ALARM else "UNKNOWN"
        objects.append(
            Found(
                number,
                each.box,
                CATEGORIES.get(each.category, each.category.upper()),
                f"{each.shape}: {each.text}" if each.text else each.shape.value,
                flag,
                view=each.view,
                outline=each.points if each.shape is not Shape.BOX else (),
            )
        )
    return Report(decision, decided_at, tuple(objects), refers_to=tuple(refers_to))


def write(report: Report, path: Path | str) -> None:
    """Write a report as a DICOS TDR file.

    Raises:
        OSError: the disk is full or the folder cannot be written to.
    """
    write_whole(Path(path), encode(report))


def encode(report: Report) -> bytes:
    """The content of a report's DICOS TDR file."""
    return _encoded(_dataset_of(report))


def read(path: Path | str) -> Report:
    """Read a report.

    Raises:
        FileUnsupportedError: it is DICOM, but no TDR.
        FileError: it is damaged or too large.
    """
    path = Path(path)
    data = limits.read_bytes(path)
    if len(data) > MAX_FILE_BYTES:
        raise FileUnsupportedError(path, f"a report of over {MAX_FILE_BYTES >> 20} MiB is not read.")
    try:
        dataset = pydicom.dcmread(io.BytesIO(data))
        if dataset.get("SOPClassUID") != DICOSThreatDetectionReportStorage:
            raise FileUnsupportedError(path, "it is no threat detection report.")
        return _report_of(path, dataset)
    except FileError:
        raise
    except Exception as error:
        # pydicom parses an element when it is first used, and raises whatever it likes at a damaged one.
        raise FileTornError(path, "it is damaged or cut off. Send it again from the machine.") from error


def _report_of(path: Path, dataset: Dataset) -> Report:
    threats = dataset.get("ThreatSequence") or ()
    if len(threats) > MAX_OBJECTS:
        raise FileUnsupportedError(path, f"it names {len(threats)} objects; {MAX_OBJECTS} are read at most.")
    algorithm = dataset.get("ThreatDetectionAlgorithmAndVersion") or ()
    objects = tuple(_found_in(path, threat) for threat in threats)
    seconds = dicos.positive(dataset.get("TotalProcessingTime"))
    return Report(
        _term(Decision, dataset.get("AlarmDecision"), Decision.UNKNOWN),
        _moment(dataset),
        objects,
        _term(Assessor, dataset.get("TDRType"), Assessor.MACHINE),
        (algorithm,) if isinstance(algorithm, str) else tuple(str(part) for part in algorithm),
        str(dataset.get("StationName") or "unknown"),
        str(dataset.get("OOIType") or ""),
        _references(threats),
        seconds,
    )


def _found_in(path: Path, threat: Dataset) -> Found:
    part = _first(threat, "PTORepresentationSequence")
    region, assessment = _first(part, "ThreatROIVoxelSequence"), _first(threat, "ATDAssessmentSequence")
    base, extents = region.get("ThreatROIBase"), region.get("ThreatROIExtents")
    box, view, depth, mask = None, 0, 1, None
    if base is not None and extents is not None:
        (left, top, view), (width, height, depth) = ([round(float(v)) for v in values] for values in (base, extents))
        box = (left, top, left + width, top + height)
        mask = _mask(path, region.get("ThreatROIBitmap"), (depth, height, width))
    polygon = [float(value) for value in part.get("BoundingPolygon") or ()]
    return Found(
        int(threat.get("PotentialThreatObjectID") or 0),
        box,
        str(assessment.get("ThreatCategory") or ""),
        str(assessment.get("ThreatCategoryDescription") or ""),
        str(assessment.get("ATDAssessmentFlag") or "UNKNOWN"),
        str(assessment.get("ATDAbilityAssessment") or ""),
        _number(assessment, "ATDAssessmentProbability"),
        _number(part, "Mass"),
        _number(part, "Density"),
        _number(part, "ZEffective"),
        view,
        depth,
        mask,
        tuple(zip(polygon[::3], polygon[1::3], strict=False)),
    )


def _mask(path: Path, packed: bytes | None, shape: tuple[int, int, int]) -> Mask | None:
    """The bitmap of an object in one plane; of a volume the shadow along its depth."""
    if packed is None:
        return None
    count = shape[0] * shape[1] * shape[2]
    if min(shape) < 1 or -(-count // 8) > len(packed):
        raise FileTornError(path, "a region in it is not of the size that it says. Send it again from the machine.")
    bits = np.unpackbits(np.frombuffer(packed, np.uint8), count=count, bitorder="little")
    return np.asarray(bits.reshape(shape).any(axis=0))


def _references(threats: Sequence[Dataset]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for threat in threats:
        for part in threat.get("PTORepresentationSequence") or ():
            for reference in part.get("ReferencedInstanceSequence") or ():
                found[str(reference.get("ReferencedSOPInstanceUID") or "")] = None
    return tuple(uid for uid in found if uid)


def _dataset_of(report: Report) -> Dataset:
    moment = report.decided_at.astimezone(UTC)
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = DICOSThreatDetectionReportStorage, generate_uid()
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = generate_uid(), generate_uid()
    dataset.FrameOfReferenceUID = generate_uid()
    for part in ("Content", "Study", "Series", "InstanceCreation"):
        setattr(dataset, f"{part}Date", moment.strftime("%Y%m%d"))
        setattr(dataset, f"{part}Time", moment.strftime("%H%M%S"))
    dataset.SpecificCharacterSet, dataset.Modality = "ISO_IR 192", "TDR"
    dataset.StationName, dataset.DICOSVersion = report.device[:16], "V03"
    dataset.TDRType, dataset.OOIType = report.assessor.value, report.object_kind
    dataset.ScanType, dataset.AcquisitionStatus, dataset.AbortFlag = "OPERATIONAL", "SUCCESSFUL", "SUCCESS"
    dataset.AlarmDecision = report.decision.value
    dataset.AlarmDecisionTime = moment.strftime("%Y%m%d%H%M%S.%f+0000")
    if report.algorithm:
        dataset.ThreatDetectionAlgorithmAndVersion = [part[:64] for part in report.algorithm]
    if report.processing_ms is not None:
        dataset.TotalProcessingTime = report.processing_ms
    dataset.NumberOfTotalObjects = len(report.objects)
    dataset.NumberOfAlarmObjects = sum(each.flag in {"THREAT", "HIGH_THREAT"} for each in report.objects)
    dataset.AdditionalScreeningPerformed = "NO"
    dataset.ThreatSequence = [_threat(each, report.refers_to) for each in report.objects]
    return dataset


def _threat(found: Found, refers_to: Sequence[str]) -> Dataset:
    threat, part, assessment = Dataset(), Dataset(), Dataset()
    threat.PotentialThreatObjectID = found.number
    part.ReferencedInstanceSequence = [_reference(uid) for uid in refers_to]
    if found.box is not None:
        part.ThreatROIVoxelSequence = [_region(found, found.box)]
    if len(found.outline) > 1:
        part.BoundingPolygon = [float(v) for x, y in found.outline for v in (x, y, found.view)]
    for keyword, value in (("Mass", found.mass_g), ("Density", found.density), ("ZEffective", found.zeff)):
        if value is not None:
            setattr(part, keyword, value)
    assessment.ThreatCategory, assessment.ThreatCategoryDescription = found.category, found.description
    assessment.ATDAbilityAssessment, assessment.ATDAssessmentFlag = found.ability, found.flag
    if found.probability is not None:
        assessment.ATDAssessmentProbability = found.probability
    threat.PTORepresentationSequence, threat.ATDAssessmentSequence = [part], [assessment]
    return threat


def _region(found: Found, box: Box) -> Dataset:
    left, top, right, bottom = box
    region = Dataset()
    region.ThreatROIBase = [float(left), float(top), float(found.view)]
    region.ThreatROIExtents = [float(right - left), float(bottom - top), 1.0]
    mask = np.ones((bottom - top, right - left), np.bool_) if found.mask is None else found.mask
    packed = np.packbits(mask, bitorder="little").tobytes()
    region.ThreatROIBitmap = packed + b"\0" * (len(packed) % 2)
    return region


def _reference(uid: str) -> Dataset:
    reference = Dataset()
    reference.ReferencedSOPClassUID = DICOSDigitalXRayImageStorageForProcessing
    reference.ReferencedSOPInstanceUID = uid
    return reference


def _encoded(dataset: Dataset) -> bytes:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = dataset.SOPClassUID, dataset.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta = meta
    buffer = io.BytesIO()
    pydicom.dcmwrite(buffer, dataset, enforce_file_format=True)
    return buffer.getvalue()


def _first(dataset: Dataset, keyword: str) -> Dataset:
    items = list(dataset.get(keyword) or ())
    return items[0] if items else Dataset()


def _number(dataset: Dataset, keyword: str) -> float | None:
    value = dataset.get(keyword)
    return None if value is None else float(value)


def _term(terms: type[Term], value: object, otherwise: Term) -> Term:
    return next((term for term in terms if term.value == value), otherwise)


def _moment(dataset: Dataset) -> datetime:
    """When the decision was made, or else the file; a time without a zone is taken as UTC."""
    text = str(dataset.get("AlarmDecisionTime") or "")
    if text[-5:-4] not in {"+", "-"}:
        text += "+0000"
    if "." not in text:
        text = f"{text[:-5]}.0{text[-5:]}"
    with contextlib.suppress(ValueError):
        return datetime.strptime(text, "%Y%m%d%H%M%S.%f%z")
    return dicos.content_time(dataset) or datetime.fromtimestamp(0, UTC)
