"""Files are verified; downloads arrive whole or not at all. The web here is a server on this machine."""

import functools
import hashlib
import re
import threading
import zipfile
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pandas as pd
import pytest
import xlwt

from bench.datasets.base import DataFile, Loader, Original
from bench.datasets.fetch import data_folder, fetch
from bench.errors import BenchError
from bench.records import Column, Schema

CONTENT = b"a\n1\n2\n"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module")
def web(tmp_path_factory):
    """URL of a folder of archives: good.zip, other.zip (other bytes), sheet.zip (Excel), cut.zip (truncated)."""
    folder = tmp_path_factory.mktemp("web")
    for name, content in (("good", CONTENT), ("other", b"something else")):
        with zipfile.ZipFile(folder / f"{name}.zip", "w") as archive:
            archive.writestr("inner.data", content)
    sheet = xlwt.Workbook()
    for row, value in enumerate(["a", 1, 2]):
        (sheet.get_sheet(0) if row else sheet.add_sheet("Data")).write(row, 0, value)
    sheet.save(str(folder / "inner.xls"))
    with zipfile.ZipFile(folder / "sheet.zip", "w") as archive:
        archive.write(folder / "inner.xls", "inner.xls")
        archive.writestr("broken.xls", "no sheet")
    (folder / "cut.zip").write_bytes((folder / "good.zip").read_bytes()[:60])
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(QuietHandler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def loader(archive="", member="inner.data", **more):
    return Loader(
        name="toy",
        family="tabular",
        title="Toy",
        schema=Schema((Column("a", "integer"),)),
        url="",
        licence="",
        citation="",
        files=(DataFile("toy/toy data.csv", SHA256, archive, member),),
        read=lambda folder: Original(pd.DataFrame()),
        how_to_get="ask its author",
        **more,
    )


def leftovers(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_missing_file_is_taken_out_of_its_archive(tmp_path, web):
    folder = tmp_path / "data"
    assert fetch(loader(f"{web}/good.zip"), folder) == {"toy/toy data.csv": SHA256}
    assert leftovers(folder) == [folder / "toy" / "toy data.csv"]
    assert (folder / "toy" / "toy data.csv").read_bytes() == CONTENT


def test_a_file_that_is_there_is_not_downloaded(tmp_path):
    (tmp_path / "toy").mkdir()
    (tmp_path / "toy" / "toy data.csv").write_bytes(CONTENT)
    assert fetch(loader("http://127.0.0.1:9/none.zip"), tmp_path) == {"toy/toy data.csv": SHA256}


def test_a_sheet_arrives_as_csv(tmp_path, web):
    assert fetch(loader(f"{web}/sheet.zip", "inner.xls"), tmp_path) == {"toy/toy data.csv": SHA256}
    assert (tmp_path / "toy" / "toy data.csv").read_bytes() == CONTENT


@pytest.mark.parametrize("content", [CONTENT[:-1], b"", CONTENT + b"\n"])
def test_a_wrong_file_is_refused_and_left_alone(tmp_path, content):
    path = tmp_path / "toy" / "toy data.csv"
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(BenchError) as refusal:
        fetch(loader("http://127.0.0.1:9/none.zip"), tmp_path)
    for part in (str(path), SHA256, hashlib.sha256(content).hexdigest()):
        assert part in str(refusal.value)
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    ("archive", "member", "message"),
    [
        ("other.zip", "inner.data", f"expected {SHA256}"),
        ("cut.zip", "inner.data", "cut.zip does not hold what it should"),
        ("sheet.zip", "broken.xls", "is no Excel sheet"),
        ("good.zip", "outer.data", "no item named 'outer.data'"),
        ("absent.zip", "inner.data", "404"),
    ],
)
def test_a_bad_download_leaves_nothing_behind(tmp_path, web, archive, member, message):
    with pytest.raises(BenchError, match=re.escape(message)):
        fetch(loader(f"{web}/{archive}", member), tmp_path)
    assert leftovers(tmp_path) == []


def test_without_a_network_one_line_says_what_to_do(tmp_path):
    with pytest.raises(BenchError, match="--data-dir") as refusal:
        fetch(loader("http://127.0.0.1:9/none.zip"), tmp_path)
    assert "\n" not in str(refusal.value)
    assert leftovers(tmp_path) == []


def test_a_file_without_an_archive_says_where_to_get_it(tmp_path):
    with pytest.raises(BenchError, match="ask its author") as refusal:
        fetch(loader(), tmp_path)
    assert str(tmp_path / "toy" / "toy data.csv") in str(refusal.value)


def test_excerpts_serve_where_the_whole_file_is_not_there(tmp_path):
    (tmp_path / "part.csv").write_bytes(CONTENT)
    with_excerpt = loader(excerpts=(DataFile("part.csv", SHA256),))
    assert fetch(with_excerpt, tmp_path) == {"part.csv": SHA256}
    (tmp_path / "toy").mkdir()
    (tmp_path / "toy" / "toy data.csv").write_bytes(CONTENT)
    assert fetch(with_excerpt, tmp_path) == {"toy/toy data.csv": SHA256}


def test_where_the_data_folder_is(tmp_path, monkeypatch):
    monkeypatch.setenv("BENCH_DATA_DIR", str(tmp_path))
    assert data_folder() == tmp_path
    assert data_folder("elsewhere") == Path("elsewhere")
    monkeypatch.delenv("BENCH_DATA_DIR")
    assert data_folder().name == "difflm-bench"
