"""What a hash of code, data and versions covers."""

import importlib
from importlib.metadata import version

import pytest

from bench import provenance, registry
from bench.condition import restrict
from bench.datasets import load
from bench.errors import BenchError
from bench.where import parse_where
from evaluators.tabular.likelihood import Likelihood


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A plug-in package: the plug-in, what it imports in three ways, and what it does not."""
    name = f"package_{tmp_path.name.replace('-', '_')}"
    folder = tmp_path / name
    folder.mkdir()
    (folder / "__init__.py").write_text("from . import unused\n")
    (folder / "plug_in.py").write_text(
        f"import sklearn.svm\nfrom .relative import a\nimport {name}.absolute\nfrom bench.errors import BenchError\n"
        "def work():\n    from . import late\n"
    )
    for module in ("relative", "absolute", "late", "unused"):
        (folder / f"{module}.py").write_text("a = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    clear()
    yield folder
    clear()


def clear():
    for cached in (registry.module_file, provenance.imported, provenance.code_of, provenance.code_hash):
        cached.cache_clear()


@pytest.mark.parametrize("module", ["plug_in", "relative", "absolute", "late"])
def test_a_change_of_anything_that_a_plug_in_imports_changes_its_hash(package, module):
    before = provenance.code_hash(f"{package.name}.plug_in")
    path = package / f"{module}.py"
    path.write_text(path.read_text() + "b = 2\n")
    clear()
    assert provenance.code_hash(f"{package.name}.plug_in") != before


def test_a_change_of_a_neighbour_does_not(package):
    before = provenance.code_hash(f"{package.name}.plug_in")
    (package / "unused.py").write_text("a = 2\n")
    clear()
    assert provenance.code_hash(f"{package.name}.plug_in") == before


def test_a_module_that_is_no_python_is_named(package):
    (package / "late.py").write_text("def\n")
    with pytest.raises(BenchError, match=rf"module '{package.name}.late' cannot be read: .*late.py, line 1"):
        provenance.code_hash(f"{package.name}.plug_in")


def test_the_harness_and_the_libraries_that_are_imported_count(package):
    modules, foreign = provenance.code_of(f"{package.name}.plug_in")
    assert "bench.errors" in modules
    assert "sklearn" in foreign
    versions = provenance.library_versions(f"{package.name}.plug_in")
    assert versions["scikit-learn"] == version("scikit-learn")
    assert {"python", "numpy", "pandas"} <= versions.keys()
    assert "torch" not in versions


def test_the_code_of_a_metric_leaves_the_other_metrics_and_the_runner_out():
    modules, _ = provenance.code_of("evaluators.tabular.density")
    assert {"evaluators.base", "evaluators.tabular.density", "bench.records"} <= modules
    assert not {"evaluators.tabular.mle", "bench.runner", "bench.api"} & modules


@pytest.mark.parametrize("name", ["code_validity", "pass_at_k"])
def test_the_code_of_what_runs_programs_covers_the_process_that_runs_them(name):
    package = "evaluators.code.sandbox.worker"
    folder = registry.module_file(package).parent
    worker = {f"{package}.{path.stem}" for path in folder.glob("*.py") if path.stem != "__init__"}
    assert f"{package}.server" in worker
    assert worker <= provenance.code_of(registry.find("evaluators", name).entry.module)[0]


def test_a_score_under_the_truth_depends_on_the_code_that_knows_the_truth():
    known = provenance.code_of("evaluators.tabular.likelihood")[0]
    truth = provenance.code_of(load("adult").log_likelihood.__module__)[0]
    files = {registry.module_file(module) for module in truth - known}
    assert files
    assert set(Likelihood().files()) == files


def test_the_hash_of_data_sees_a_single_value_and_the_split(table):
    data = load(str(table), target="class")
    assert provenance.data_hash(data) == provenance.data_hash(load(str(table), target="class"))
    assert provenance.data_hash(data) != provenance.data_hash(load(str(table), target="class", split_seed=1))
    before = provenance.data_hash(data)
    data.test.loc[0, "age"] += 1
    assert provenance.data_hash(data) != before


def test_the_hash_of_data_sees_the_condition_also_where_two_leave_the_same_records(table):
    data = load(str(table), target="class")
    low, lower = (restrict(data, parse_where([f"age>={bound}"], data.schema)) for bound in (0, -1))
    assert low.train.equals(lower.train)
    assert len({provenance.data_hash(one) for one in (data, low, lower)}) == 3
    assert provenance.data_hash(low) == provenance.data_hash(restrict(data, parse_where(["age>=0"], data.schema)))


def test_a_project_that_tracks_its_own_generator_names_its_own_commit(monkeypatch):
    monkeypatch.setenv("BENCH_COMMIT", "0123abc")
    assert provenance.git_commit() == "0123abc"
    monkeypatch.setenv("BENCH_COMMIT", "")
    assert provenance.git_commit() != ""
