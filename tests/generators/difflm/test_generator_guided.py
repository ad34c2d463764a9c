"""Conditions by guidance: forced values, and latents that are drawn given them."""

import pandas as pd
import pytest

from bench.condition import Between
from bench.errors import BenchError
from bench.records import Column, Dataset, Schema, Source
from generators.difflm import DiffLM

FAST = {
    "encoder_width": 32,
    "encoder_layers": 1,
    "decoder_width": 32,
    "decoder_layers": 1,
    "latent_size": 4,
    "diffusion_width": 32,
    "diffusion_blocks": 1,
    "steps": 200,
    "least_steps": 200,
    "diffusion_steps": 200,
    "matched_draws": 256,
    "sampler_steps": 12,
    "batch_tokens": 500,
    "learning_rate": 3e-3,
    "warmup_steps": 20,
    "where": "guidance",
}


@pytest.fixture(scope="module", params=["random", "target_first"])
def fitted(request, frame):
    return DiffLM(**FAST, column_order=request.param).fit(frame, target="y", seed=1)


@pytest.mark.parametrize(
    "where",
    [{"y": "old"}, {"job": [None, "a"], "age": Between(30, 40)}, {"pay": Between(0.0, 0.0), "y": "young", "job": "b"}],
)
def test_every_record_fulfils_the_condition(fitted, where):
    sample = fitted.sample(60, seed=3, where=where)
    assert len(sample.records) == 60
    for name, wanted in where.items():
        values = sample.records[name]
        if isinstance(wanted, Between):
            assert values.between(wanted.low, wanted.high).all()
        else:
            allowed = wanted if isinstance(wanted, list) else [wanted]
            assert (values.isin(allowed) | (values.isna() & (None in allowed))).all()
    # labels and single numbers are forced; only a bin that lies across the end of a range may miss it
    assert sample.control_accuracy > 0.5 if "age" in where else sample.control_accuracy == 1


def test_a_condition_moves_the_other_columns_as_in_train(fitted, frame):
    """By a good part of the way: so short a training leaves some of it to be learnt."""
    given = {label: fitted.sample(400, seed=1, where={"y": label}).records["age"].mean() for label in ("old", "young")}
    of_train = frame.groupby("y")["age"].mean()
    way = (given["old"] - given["young"]) / (of_train["old"] - of_train["young"])
    assert 0.25 < way < 1.25
    assert of_train["young"] - 5 < given["young"] < frame["age"].mean() < given["old"] < of_train["old"] + 5


def test_an_impossible_condition_is_one_clear_line(fitted):
    with pytest.raises(BenchError, match="value of 'y' 'olld' is not known; did you mean 'old'"):
        fitted.sample(5, where={"y": "olld"})
    with pytest.raises(BenchError, match="no record can have 200<=age: train has no such value"):
        fitted.sample(5, where={"age": Between(low=200)})
    with pytest.raises(BenchError, match="no record can have y=null"):
        fitted.sample(5, where={"y": None})


def test_labels_are_balanced_and_the_condition_holds(fitted):
    records = fitted.sample(41, seed=2, where={"y": "old"}, balance="job").records
    assert records["y"].eq("old").all()
    assert sorted(records["job"].value_counts()) == [13, 14, 14]


def test_only_tables_of_the_compact_decoder_are_guided():
    programs = pd.DataFrame({"program": [f"x = {i}" for i in range(20)]})
    schema = Schema((Column("program", "text"),))
    data = Dataset("small", "code", schema, programs, programs[:0], programs[:0], "harness", 0, Source("file"), "")
    with pytest.raises(BenchError, match="column_order = 'random' needs a table and the compact decoder"):
        DiffLM(**FAST, column_order="random").fit(data)
    fitted = DiffLM(**FAST | {"steps": 2, "least_steps": 2, "diffusion_steps": 2}).fit(data)
    with pytest.raises(BenchError, match=r"^where = 'guidance' needs a table and the compact decoder; [^\n]*$"):
        fitted.sample(2, where={"program": "x = 1"})
