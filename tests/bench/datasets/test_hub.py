"""Flytech from the Hugging Face hub, which a local server stands in for."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from bench import datasets
from bench.datasets import flytech
from bench.datasets.fetch import fetch
from bench.errors import BenchError

PROGRAMS = [f"def f{i}():\n    return {i} + g{i}(h{i})" for i in range(30)]
CONTENT = "".join(
    json.dumps({"instruction": f"do {i}", "input": "", "output": f"```python\n{program}\n```"}) + "\n"
    for i, program in enumerate(PROGRAMS)
).encode()
PLACE = "/datasets/flytech/python-codes-25k/resolve/main/python-codes-25k.jsonl"


class Hub(BaseHTTPRequestHandler):
    """Answers as the hub does for a plain file."""

    def do_GET(self):
        found = self.path == PLACE
        self.send_response(200 if found else 404)
        self.send_header("Content-Length", str(len(CONTENT) if found else 0))
        self.end_headers()
        if found:
            self.wfile.write(CONTENT)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def hub(monkeypatch):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    thread = Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    yield
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.usefixtures("hub")
def test_the_file_is_taken_from_the_hub_once(tmp_path, monkeypatch):
    data = datasets.load("flytech", variant="original", data_dir=tmp_path)
    records = [*data.train["program"], *data.validation["program"], *data.test["program"]]
    assert sorted(records) == sorted(PROGRAMS)
    assert data.source.title == "flytech/python-codes-25k"
    assert [path.name for path in tmp_path.iterdir()] == ["flytech"]
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    again = datasets.load("flytech", variant="original", data_dir=tmp_path)
    assert again.digest == data.digest


@pytest.mark.usefixtures("hub")
def test_a_file_that_the_hub_has_not_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(f"{__name__}.PLACE", "/elsewhere")
    with pytest.raises(BenchError, match="cannot be downloaded: 404"):
        fetch(flytech.LOADER, tmp_path)


def test_no_network_is_one_line_and_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(BenchError, match="where there is no network, put the file at") as error:
        datasets.load("flytech", variant="original", data_dir=tmp_path)
    assert "\n" not in str(error.value)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
