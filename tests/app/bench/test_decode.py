from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import zxingcpp

from app.bench.decode import BenchFolderError, is_same, run


def write(folder: Path, name: str, text: str, truth: dict[str, object]) -> dict[str, object]:
    made = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode)
    picture = cv2.copyMakeBorder(np.array(made.to_image(scale=4)), 20, 20, 20, 20, cv2.BORDER_CONSTANT, value=255)
    cv2.imwrite(str(folder / name), picture)
    return {"file": name, "symbology": "QR", "kind": "labelled", "count": 1, "text": [text]} | truth


def test_right_and_wrong_reads_are_counted_for_each_decoder(tmp_path: Path) -> None:
    lines = [
        write(tmp_path, "right.png", "EA123456785CN", {}),
        write(tmp_path, "other.png", "EA123456785CN", {"text": ["RR473124829GB"]}),
        write(tmp_path, "negative.png", "X", {"symbology": None, "kind": "negative", "text": []}),
        write(tmp_path, "torn.png", "1", {"symbology": None, "kind": "count", "text": []}),
    ]
    (tmp_path / "truth.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    rows = {row.name: row for row in run(tmp_path)}
    assert (rows["decode.all"].value, rows["decode.all"].ok) == (50.0, False)
    assert (rows["decode.qr"].value, rows["decode.qr"].peer_value, rows["decode.qr"].ok) == (50.0, 50.0, True)
    assert (rows["decode.wrong"].value, rows["decode.wrong"].peer_value) == (2, 2)
    assert (rows["decode.wrong_instead"].value, rows["decode.wrong_instead"].peer_value) == (2, 2)
    assert 0 < rows["decode.median"].value <= rows["decode.p95"].value


@pytest.mark.parametrize("content", [None, "{", '{"file": "a.png"}', "[1]"])
def test_folder_without_truth_is_refused(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "truth.jsonl").write_text(content, encoding="utf-8")
    with pytest.raises(BenchFolderError, match=r"truth\.jsonl"):
        run(tmp_path)


@pytest.mark.parametrize(
    ("truth", "text", "expected"),
    [
        ("012345678905", "0012345678905", True),
        ("01234565", "0012345000065", True),
        ("(01)90012345678908(3103)001750", "01900123456789083103001750", True),
        ("978155860497190000", "9781558604971", True),
        ("6901234567892", "6901234567893", False),
        ("ABC", "abc", False),
    ],
)
def test_texts_that_say_the_same(truth: str, text: str, expected: bool) -> None:
    assert is_same(truth, text) is expected
