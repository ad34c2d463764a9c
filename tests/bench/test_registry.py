"""Plug-ins that are broken: one line that names them."""

import importlib
import sys

import pytest

from bench import registry
from bench.choose import chosen
from bench.config import RunSpec, settings
from bench.errors import BenchError
from bench.plan import all_generators


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Registers a generator `broken` whose module has this source."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def write(source, name="Broken"):
        package = tmp_path / "broken_package-1.0.dist-info"
        package.mkdir()
        (package / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-package\nVersion: 1.0\n")
        (package / "entry_points.txt").write_text(f"[difflm_bench.generators]\nbroken = broken_plug_in:{name}\n")
        (tmp_path / "broken_plug_in.py").write_bytes(source)
        importlib.invalidate_caches()
        clear()

    def clear():
        registry.plug_ins.cache_clear()
        registry.module_file.cache_clear()
        sys.modules.pop("broken_plug_in", None)

    yield write
    clear()


def said(action):
    with pytest.raises(BenchError) as error:
        action()
    message = str(error.value)
    assert "\n" not in message
    assert "'broken' (broken_plug_in:" in message
    return message


@pytest.mark.parametrize("source", [b"class Broken:\n    def\n", b"x = '\xff'\n", b"\x00"])
def test_source_that_is_no_python(install, source):
    install(source)
    plug_in = registry.find("generators", "broken")
    assert "cannot be read: " in said(lambda: plug_in.summary)
    assert "cannot be imported: " in said(plug_in.load)
    if b"def" in source:
        assert "broken_plug_in.py, line 2" in said(lambda: plug_in.summary)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (b"1 / 0", "ZeroDivisionError: division by zero"),
        (b"raise RuntimeError('two\\nlines')", "RuntimeError: two lines"),
        (b"import no_such_module", "No module named 'no_such_module'"),
        (b"", "no attribute 'Broken'"),
    ],
)
def test_what_fails_when_it_is_imported(install, source, message):
    install(source)
    plug_in = registry.find("generators", "broken")
    assert plug_in.summary == ""
    assert message in said(plug_in.load)


CLASS = b"from dataclasses import dataclass\n@dataclass\nclass Config: ...\n"


@pytest.mark.parametrize(
    "source",
    [
        b"class Broken: ...",
        b"Broken = 3",
        b"def Broken(): ...",
        b"class Broken:\n    Config, families = dict, frozenset()\n    def sample(self): ...",
        CLASS + b"class Broken:\n    Config, families = Config, frozenset()",
    ],
)
def test_what_is_no_generator(install, source):
    install(source)
    spec = RunSpec(generators=("all",), datasets=("magic",), settings=settings())
    for action in (lambda: chosen("generators", "broken", {}), lambda: all_generators(spec)):
        assert "is no generator" in said(action)


@pytest.mark.parametrize("place", ["bench.errors:BenchError", "evaluators.tabular.density:Density"])
def test_what_is_no_generator_at_its_place(place):
    with pytest.raises(BenchError, match=rf"\({place}\) is no generator: .* CONTRIBUTING.md"):
        chosen("generators", place, {})
