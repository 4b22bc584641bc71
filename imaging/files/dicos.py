"""DICOS DX (NEMA IIC 1), the security trade's DICOM: read and written through pydicom, JPEG-Lossless through GDCM.

A DX object holds one picture, so a scan of two energies or two views is written as several files of one study, named
`<stem>_<view>_<energy>.dcs`; reading any of them finds the others beside it.
"""

from __future__ import annotations

import glob
import io
import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pydicom
from pydicom import config
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import get_frame
from pydicom.filereader import read_file_meta_info
from pydicom.pixels.processing import apply_color_lut
from pydicom.uid import (
    DICOSDigitalXRayImageStorageForPresentation,
    DICOSDigitalXRayImageStorageForProcessing,
    DICOSThreatDetectionReportStorage,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGLossless,
    JPEGLosslessSV1,
    RLELossless,
    generate_uid,
)

from imaging.errors import (
    FileColourError,
    FileError,
    FilePairError,
    FileReportError,
    FileTornError,
    FileUnsupportedError,
)
from imaging.files import limits
from imaging.files.durable import write_whole
from imaging.files.picture import jpeg_frame, written_at
from imaging.scan import Colour, Counts, Generator, Scan, View

config.settings.reading_validation_mode = config.IGNORE
"""Makers' toolkits write identifiers that begin with a zero; that is no reason to lose a scan or to warn on each."""

DX = (DICOSDigitalXRayImageStorageForProcessing, DICOSDigitalXRayImageStorageForPresentation)
UNCOMPRESSED = (ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian)
JPEG = (JPEGLosslessSV1, JPEGLossless)
SUFFIX = ".dcs"
ENERGIES = {"HIGH_ENERGY": "high", "LOW_ENERGY": "low", "SINGLE_ENERGY": "high"}
VALUES = {"high": "HIGH_ENERGY", "low": "LOW_ENERGY"}
KEPT = ("Manufacturer", "ManufacturerModelName", "DeviceSerialNumber", "PresentationIntentType", "OOIType")
MAX_SIBLINGS = 4
CHILD = Path(__file__).with_name("jpeg_child.py")
CHILD_TIMEOUT_S = 30.0


def recognises(path: Path, head: bytes) -> bool:
    del path
    return head[128:132] == b"DICM"


def read(path: Path) -> Scan:
    """Read a DX picture, together with the other energies and views of its scan where it says that there are some.

    Raises:
        FileReportError: it is a threat detection report.
        FilePairError: an energy of the scan is missing.
        FileError: damaged, too large, or no DX.
    """
    try:
        return _read(path)
    except FileError:
        raise
    except Exception as error:
        # pydicom parses an element when it is first used, and raises whatever it likes at a damaged one.
        raise FileTornError(path, "it is damaged or cut off. Send it again from the machine.") from error


def write(scan: Scan, path: Path | str) -> tuple[Path, ...]:
    """Write a scan as DX files of one study, uncompressed, beside `path`, and return their paths.

    Raises:
        FileUnsupportedError: a colour picture; DX holds counts.
        OSError: the disk is full or the folder cannot be written to.
    """
    path = Path(path)
    if any(view.colour is not None for view in scan.views):
        raise FileColourError(scan.source or path, "a colour picture has no counts, which DICOS DX holds; use .tif.")
    study, series = generate_uid(), generate_uid()
    written = []
    for number, view in enumerate(scan.views):
        for energy in ("high", "low"):
            counts = getattr(view, energy)
            if counts is not None:
                target = path.with_name(f"{path.stem}_{number}_{energy}{SUFFIX}")
                dataset = _dataset_of(scan, view, number, energy, (study, series))
                write_whole(target, _encoded(dataset, counts))
                written.append(target)
    return tuple(written)


def instance_ids(paths: Iterable[Path]) -> tuple[str, ...]:
    """The instance ids of DICOS files, by which reports refer to them."""
    return tuple(str(pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID) for path in paths)


def _read(path: Path) -> Scan:
    first = _open(path)
    if _energy(first) is None:
        return _scan_of(path, first, (_single_view(path, first),))
    parts = {path: first} | _siblings(path, first)
    views = tuple(_joined_view(path, energies) for energies in _by_view(parts).values())
    return _scan_of(path, first, views)


def _open(path: Path) -> FileDataset:
    """Parse a file after checking what its header announces; pixels are not decoded yet."""
    data = limits.read_bytes(path)
    meta = read_file_meta_info(path)
    syntax, sop_class = meta.get("TransferSyntaxUID"), meta.get("MediaStorageSOPClassUID")
    if sop_class == DICOSThreatDetectionReportStorage:
        raise FileReportError(path, "it is a threat report and not a picture. Open the picture that it refers to.")
    if sop_class is None or syntax is None:
        raise FileTornError(path, "its header is damaged or cut off. Send it again from the machine.")
    if syntax not in (*UNCOMPRESSED, *JPEG, RLELossless):
        raise FileUnsupportedError(path, f"its compression ({syntax}) is not read. Save it as JPEG-Lossless or plain.")
    dataset = pydicom.dcmread(io.BytesIO(data))
    _check_header(path, dataset)
    return dataset


def _check_header(path: Path, dataset: Dataset) -> None:
    if dataset.get("SOPClassUID") not in DX:
        raise FileUnsupportedError(path, "it is DICOM, but no DICOS DX picture. Only DX can be shown.")
    limits.check_pixels(path, int(dataset.Rows), int(dataset.Columns))
    frames = int(dataset.get("NumberOfFrames") or 1)
    samples, sign = int(dataset.get("SamplesPerPixel", 1)), int(dataset.PixelRepresentation)
    bits = int(dataset.BitsAllocated)
    if (samples, sign, frames) != (1, 0, 1) or bits not in (8, 16):
        raise FileUnsupportedError(path, "it is not one picture of 8 or 16 bits without sign. Save one picture a file.")
    if "PixelData" not in dataset:
        raise FileTornError(path, "it has no pixels: it is cut off. Send it again from the machine.")
    if dataset.file_meta.TransferSyntaxUID in JPEG:
        _check_jpeg(path, dataset)


def _check_jpeg(path: Path, dataset: Dataset) -> None:
    """Refuse a JPEG whose own header says another size or depth: the decoder would believe it, not the dataset."""
    data: bytes = dataset.PixelData
    start = data.find(b"\xff\xd8\xff")
    frame = jpeg_frame(data, start + 2) if start >= 0 else None
    if frame is None:
        raise FileTornError(path, "its picture is damaged or cut off. Send it again from the machine.")
    bits, rows, cols, components = frame
    if (rows, cols, components) != (dataset.Rows, dataset.Columns, 1) or bits > dataset.BitsAllocated:
        raise FileTornError(path, "its picture is not of the size that its header says. Send it again.")


def _pixels(path: Path, dataset: FileDataset) -> Counts:
    """The counts of a picture; 8-bit ones as they are, in 16 bits."""
    array = _decoded_apart(path, dataset) if dataset.file_meta.TransferSyntaxUID in JPEG else dataset.pixel_array
    if array.shape != (dataset.Rows, dataset.Columns):
        raise FileTornError(path, "its picture is damaged or cut off. Send it again from the machine.")
    counts = np.ascontiguousarray(array, np.uint16)
    if dataset.get("PhotometricInterpretation") == "MONOCHROME1":
        counts = (2 ** int(dataset.BitsStored) - 1 - counts).astype(np.uint16)
    return counts


def _decoded_apart(path: Path, dataset: FileDataset) -> npt.NDArray[np.unsignedinteger]:
    """A JPEG picture, decoded in a process that may be aborted by it (see jpeg_child)."""
    rows, cols, bits = int(dataset.Rows), int(dataset.Columns), int(dataset.BitsAllocated)
    numbers = [str(number) for number in (rows, cols, bits)]
    try:
        child = subprocess.run(
            [sys.executable, "-I", str(CHILD), str(dataset.file_meta.TransferSyntaxUID), *numbers],
            input=get_frame(dataset.PixelData, 0, number_of_frames=1),
            capture_output=True,
            timeout=CHILD_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise FileTornError(path, "its picture takes too long to decode. Send it again from the machine.") from error
    if child.returncode != 0 or len(child.stdout) != rows * cols * bits // 8:
        raise FileTornError(path, "its picture is damaged or cut off. Send it again from the machine.")
    return np.frombuffer(child.stdout, "<u2" if bits == 16 else "u1").reshape(rows, cols)


def _single_view(path: Path, dataset: FileDataset) -> View:
    if dataset.get("PhotometricInterpretation") == "PALETTE COLOR":
        return View(colour=_paint(path, dataset))
    return _view(dataset, {"high": _pixels(path, dataset)})


def _paint(path: Path, dataset: FileDataset) -> Colour:
    painted = apply_color_lut(_pixels(path, dataset), dataset)
    return (painted >> (8 * (painted.dtype.itemsize - 1))).astype(np.uint8)


def _energy(dataset: Dataset) -> str | None:
    """ "high" or "low" where a picture says that it is one of several energies, else None."""
    values = dataset.get("ImageType")
    for value in values if isinstance(values, (list, pydicom.multival.MultiValue)) else ():
        if value in ENERGIES:
            return ENERGIES[value]
    return None


def _siblings(path: Path, first: Dataset) -> dict[Path, FileDataset]:
    """The other pictures of the study, by the names that `write` gives."""
    stem = path.stem.rsplit("_", 2)[0]
    found: dict[Path, FileDataset] = {}
    for other in sorted(path.parent.glob(f"{glob.escape(stem)}_*{SUFFIX}"))[:MAX_SIBLINGS]:
        if other != path and other.stem.rsplit("_", 2)[0] == stem:
            dataset = _open(other)
            if dataset.get("StudyInstanceUID") == first.get("StudyInstanceUID"):
                found[other] = dataset
    return found


def _by_view(parts: dict[Path, FileDataset]) -> dict[int, dict[str, tuple[Path, FileDataset]]]:
    views: dict[int, dict[str, tuple[Path, FileDataset]]] = {}
    for path, dataset in parts.items():
        number = int(dataset.get("AcquisitionNumber") or 0)
        views.setdefault(number, {})[_energy(dataset) or "high"] = (path, dataset)
    return dict(sorted(views.items()))


def _joined_view(path: Path, energies: dict[str, tuple[Path, FileDataset]]) -> View:
    wants_two = any("SINGLE_ENERGY" not in dataset.ImageType for _, dataset in energies.values())
    if "high" not in energies or (wants_two and "low" not in energies):
        raise FilePairError(path, "the file with the other energy is missing. Send all files of the scan.")
    arrays = {energy: _pixels(part, dataset) for energy, (part, dataset) in energies.items()}
    if len({array.shape for array in arrays.values()}) != 1:
        raise FileTornError(path, "its picture is damaged or cut off. Send it again from the machine.")
    return _view(energies["high"][1], arrays)


def _view(dataset: Dataset, arrays: dict[str, Counts]) -> View:
    spacing = dataset.get("ImagerPixelSpacing") or (None, None)
    rows_mm, cols_mm = (positive(value) for value in spacing)
    name = str(dataset.get("AcquisitionDeviceProcessingDescription") or "top")
    return View(name, arrays["high"], arrays.get("low"), mm_per_row=rows_mm, mm_per_col=cols_mm)


def _scan_of(path: Path, dataset: Dataset, views: tuple[View, ...]) -> Scan:
    kv, ua = positive(dataset.get("KVP")), positive(dataset.get("XRayTubeCurrentInuA"))
    generator = Generator(kv, ua / 1000 if ua else None) if kv and kv > 1 else None
    speed = positive(dataset.get("TableSpeed"))
    return Scan(
        views=views,
        device=str(dataset.get("StationName") or "unknown"),
        started_at=content_time(dataset) or written_at(path),
        belt_speed_mm_s=speed,
        generator=generator,
        source=path.name,
        extra={key: str(dataset.get(key)) for key in KEPT if dataset.get(key)},
    )


def content_time(dataset: Dataset) -> datetime | None:
    """Content date and time; DICOS gives local time without a zone, so it is taken as UTC."""
    text = f"{dataset.get('ContentDate') or ''}{str(dataset.get('ContentTime') or '').split('.', maxsplit=1)[0]}"
    try:
        return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def positive(value: object) -> float | None:
    """A number from a dataset, None where there is none, or one that cannot be."""
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return number if 0 < number < 1e9 else None


def _dataset_of(scan: Scan, view: View, number: int, energy: str, uids: tuple[str, str]) -> Dataset:
    study, series = uids
    dataset = Dataset()
    dataset.SOPClassUID = DICOSDigitalXRayImageStorageForProcessing
    dataset.SOPInstanceUID = generate_uid()
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = study, series
    dataset.ImageType = ["ORIGINAL", "INTENSITY", VALUES[energy] if view.low is not None else "SINGLE_ENERGY"]
    dataset.Modality, dataset.PresentationIntentType = "XRAY", "FOR PROCESSING"
    moment = scan.started_at.astimezone(UTC)
    for part in ("Content", "Study", "Series", "InstanceCreation"):
        setattr(dataset, f"{part}Date", moment.strftime("%Y%m%d"))
        setattr(dataset, f"{part}Time", moment.strftime("%H%M%S"))
    dataset.StationName = scan.device[:16]
    dataset.AcquisitionNumber, dataset.InstanceNumber = number, 1 + 2 * number + (energy == "low")
    dataset.AcquisitionDeviceProcessingDescription = view.name[:64]
    dataset.DICOSVersion, dataset.ScanType, dataset.AcquisitionStatus = "V03", "OPERATIONAL", "SUCCESSFUL"
    if view.mm_per_row and view.mm_per_col:
        dataset.ImagerPixelSpacing = [f"{view.mm_per_row:.8g}", f"{view.mm_per_col:.8g}"]
    if scan.generator:
        dataset.KVP = f"{scan.generator.kv:.6g}"
        if scan.generator.ma:
            dataset.XRayTubeCurrentInuA = f"{scan.generator.ma * 1000:.6g}"
    if scan.belt_speed_mm_s:
        dataset.TableSpeed = scan.belt_speed_mm_s
    return dataset


def _encoded(dataset: Dataset, counts: Counts) -> bytes:
    dataset.Rows, dataset.Columns = counts.shape
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 16, 15, 0
    dataset.PixelIntensityRelationship, dataset.PixelIntensityRelationshipSign = "LIN", 1
    dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = "0", "1", "US"
    dataset.LossyImageCompression = "00"
    dataset.PixelData = counts.astype("<u2", copy=False).tobytes()
    dataset["PixelData"].VR = "OW"
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = dataset.SOPClassUID, dataset.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta = meta
    buffer = io.BytesIO()
    pydicom.dcmwrite(buffer, dataset, enforce_file_format=True)
    return buffer.getvalue()
