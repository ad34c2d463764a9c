"""A sheet written by another library comes out as the csv that it was made from."""

import os
from pathlib import Path

import pytest
import xlwt

from bench.datasets import fetch
from bench.datasets.default import FILE
from bench.datasets.sheet import to_csv
from bench.errors import BenchError


def write_sheet(text: str, path: Path) -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Data")
    for row, line in enumerate(text.splitlines()):
        for place, cell in enumerate(line.split(",")):
            sheet.write(row, place, float(cell) if cell.lstrip("-").replace(".", "", 1).isdigit() else cell)
    book.save(str(path))


def test_whole_numbers_fractions_and_texts_come_back(tmp_path):
    text = ",X1,X2\nID,name of it,next\n1,-20000,0.25\n2,0,b c\n"
    write_sheet(text, tmp_path / "a.xls")
    assert to_csv(tmp_path / "a.xls") == text


def test_another_file_is_refused(tmp_path):
    (tmp_path / "a.xls").write_text("no sheet")
    with pytest.raises(BenchError, match=r"'a.xls' is no Excel sheet"):
        to_csv(tmp_path / "a.xls")


@pytest.mark.realdata
def test_the_sheet_of_default_gives_the_known_checksum(tmp_path):
    if "BENCH_DATA_DIR" not in os.environ:
        pytest.skip("BENCH_DATA_DIR is not set")
    original = fetch.data_folder() / FILE.path
    write_sheet(original.read_text(encoding="utf-8"), tmp_path / "default.xls")
    (tmp_path / "default.csv").write_text(to_csv(tmp_path / "default.xls"), encoding="utf-8", newline="")
    assert fetch.check(tmp_path / "default.csv", FILE.sha256) == FILE.sha256
