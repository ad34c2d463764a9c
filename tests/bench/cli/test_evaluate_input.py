"""`bench evaluate` on files as other tools write them: scored, repaired and said, or refused in one line."""

from __future__ import annotations

import json
import sys

import numpy as np
import pandas as pd
import pytest

from bench.cli.main import main

ROWS = 120


@pytest.fixture
def real(tmp_path):
    """Every kind of column that a table of one's own may have, truth values and dates among them."""
    rng = np.random.default_rng(0)
    size = rng.normal(size=ROWS)
    frame = pd.DataFrame(
        {
            "rooms": rng.poisson(3, ROWS),
            "size": size.round(4),
            "colour": rng.choice(["red", "green"], ROWS),
            "new": rng.random(ROWS) < 0.5,
            "sold": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 3, ROWS), unit="D"),
            "label": np.where(size > 0, "yes", "no"),
        }
    )
    frame.to_csv(tmp_path / "real.csv", index=False)
    return frame


@pytest.fixture
def score(real, tmp_path, monkeypatch, capsys):
    """Scores a file; exit code, output, what was said beside progress, and the scores by metric."""

    def call(file, *more):
        arguments = ["evaluate", "--dataset", tmp_path / "real.csv", "--target", "label", "--synthetic", file]
        arguments += ["--evaluator", "density,validity", "--out", tmp_path / "scores.json", *more]
        monkeypatch.setattr(sys, "argv", ["bench", *map(str, arguments)])
        code = 0
        try:
            main()
        except SystemExit as stopped:
            code = stopped.code or 0
        out, err = capsys.readouterr()
        said = [line for line in err.splitlines() if not line.endswith(" s")]
        path = tmp_path / "scores.json"
        scores = {one["metric"]: one for one in json.loads(path.read_text())} if path.exists() else {}
        return code, out, said, scores

    return call


def as_csv(frame, path, **options):
    frame.to_csv(path, **{"index": False} | options)
    return path


def as_parquet(frame, path):
    frame.to_parquet(path)
    return path


def test_a_clean_file_is_scored_and_nothing_is_said(real, score, tmp_path):
    code, _, said, scores = score(as_csv(real, tmp_path / "rows.csv"))
    assert (code, said) == (0, [])
    assert scores["column_shape_error_percent"]["value"] < 5
    assert scores["valid_percent"]["value"] == 100


@pytest.mark.parametrize(
    ("change", "repairs"),
    [
        (lambda frame: frame[reversed(frame.columns)], ["columns put into the order of the schema"]),
        (lambda frame: frame.astype({"rooms": float}), ["whole numbers written as floats: rooms"]),
        (lambda frame: frame.astype({"rooms": str, "size": str}), ["numbers written as text: rooms, size"]),
        (lambda frame: frame.astype({"colour": "category", "label": "category"}), []),
        (lambda frame: frame.set_index("rooms"), ["the index taken for a column: rooms"]),
        (lambda frame: frame.set_index(pd.Index(range(7, 7 + ROWS))), []),
    ],
)
def test_lossless_repairs_are_made_and_said(real, score, tmp_path, change, repairs):
    code, _, said, scores = score(as_parquet(change(real), tmp_path / "rows.parquet"))
    assert (code, said) == (0, [f"repaired in rows.parquet: {text}" for text in repairs])
    _, _, _, clean = score(as_csv(real, tmp_path / "rows.csv"))
    assert scores["column_shape_error_percent"]["value"] == clean["column_shape_error_percent"]["value"]


def test_the_repairs_are_kept_with_the_stage(real, score, tmp_path):
    file = as_csv(real[["label", *real.columns[:-1]]].astype({"rooms": float}), tmp_path / "rows.csv")
    results = tmp_path / "results"
    for _ in range(2):  # the second time the stage is found finished
        _, _, said, _ = score(file, "--results", results)
        assert said == [
            "repaired in rows.csv: columns put into the order of the schema",
            "repaired in rows.csv: whole numbers written as floats: rooms",
        ]
    stages = [json.loads(path.read_text()) for path in results.glob("stages/*/stage.json")]
    (read,) = [stage for stage in stages if stage["stage"] == "sample"]
    assert len(read["details"]["repairs"]) == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda frame: frame.drop(columns="size"), "column 'size' is missing; the schema has rooms, size, colour"),
        (lambda frame: frame.rename(columns={"size": "Size"}), "column 'size' is missing; rename 'Size'"),
        (lambda frame: frame.assign(price=1), "column 'price' is not part of the schema"),
        (lambda frame: frame.assign(size=np.inf), "column 'size', row 0: 'inf' is not a finite number"),
        (lambda frame: frame.assign(rooms=[*frame["rooms"][:-1], -np.inf]), f"column 'rooms', row {ROWS - 1}: '-inf'"),
        (lambda frame: frame.assign(rooms=frame["rooms"] + 0.5), "column 'rooms', row 0"),
        (lambda frame: frame.assign(size="big"), "column 'size', row 0: 'big' is not a finite number"),
        (lambda frame: frame.head(0), "rows.csv' has no rows"),
        (lambda frame: pd.concat([frame, frame[["size"]]], axis=1), "column 'size' stands more than once"),
    ],
)
def test_what_cannot_be_repaired_is_one_line_and_exit_code_2(real, score, tmp_path, change, message):
    code, out, said, _ = score(as_csv(change(real), tmp_path / "rows.csv"))
    assert (code, out) == (2, "")
    (line,) = said
    assert line.startswith("error: ")
    assert message in line
    assert "rows.csv" in line


def test_an_empty_file_an_index_and_a_separator_are_named(real, score, tmp_path):
    (tmp_path / "rows.csv").write_text("")
    assert score(tmp_path / "rows.csv")[2] == [f"error: '{tmp_path}/rows.csv' is empty"]
    assert "write the file without its index" in score(as_csv(real, tmp_path / "rows.csv", index=True))[2][0]
    assert "separated by semicolons" in score(as_csv(real, tmp_path / "rows.csv", sep=";"))[2][0]
    assert "separated by tabs" in score(as_csv(real, tmp_path / "rows.csv", sep="\t"))[2][0]
    decimal = as_csv(real, tmp_path / "rows.csv", sep=";", decimal=",")
    assert "separated by semicolons" in score(decimal)[2][0]


def test_unseen_categories_are_scored_not_refused(real, score, tmp_path):
    file = as_csv(real.assign(colour=["mauve", *real["colour"][1:]]), tmp_path / "rows.csv")
    code, _, said, scores = score(file)
    assert (code, said) == (0, [])
    assert scores["valid_percent"]["value"] == pytest.approx(100 * (ROWS - 1) / ROWS)
    assert scores["valid_percent"]["details"]["failing_records"]["colour"] == 1


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_marks_and_line_ends_of_other_systems_do_not_matter(real, score, tmp_path, encoding, ending):
    file = as_csv(real, tmp_path / "rows.csv", encoding=encoding, lineterminator=ending)
    code, _, said, scores = score(file)
    assert (code, said) == (0, [])
    assert scores["valid_percent"]["value"] == 100


@pytest.mark.parametrize("rows", [1, 3])
def test_fewer_rows_than_folds_and_a_single_class_are_marked_scores(real, score, tmp_path, rows):
    frame = real[real["label"] == "yes"].head(rows)
    quick = ["--set", "evaluators.mle.trials=1"]
    code, out, said, scores = score(
        as_csv(frame, tmp_path / "rows.csv"), "--evaluator", "detection,mle,privacy", *quick
    )
    assert (code, said) == (0, [])
    for metric in ("c2st_xgboost_auc", "xgboost_auc"):
        assert scores[metric]["value"] is None
        assert scores[metric]["details"]["reason"]
        assert metric in out
