"""An Excel sheet of the old binary format as csv: what UCI ships Default as."""

from __future__ import annotations

from pathlib import Path

import xlrd

from bench.errors import BenchError


def to_csv(path: Path) -> str:
    """The first sheet, row by row; whole numbers, which a sheet holds as floats, are written without a point.

    Raises:
        BenchError: the file is no such sheet.
    """
    try:
        sheet = xlrd.open_workbook(path).sheet_by_index(0)
    except (xlrd.XLRDError, xlrd.compdoc.CompDocError) as error:
        raise BenchError(f"'{path.name}' is no Excel sheet: {error}") from error
    rows = (sheet.row_values(number) for number in range(sheet.nrows))
    return "".join(",".join(cell_text(cell) for cell in row) + "\n" for row in rows)


def cell_text(cell: object) -> str:
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)
