"""What is spelled is read back, also after a save, whatever the order in which columns are spelled."""

import json

import numpy as np
import pandas as pd
import pytest

from bench.frames import conform
from bench.records import Column, Dataset, Schema, Source
from generators.difflm.codec import Codec
from generators.difflm.config import DiffLMConfig
from generators.training.device import Device

CPU = Device("cpu", False, "eager")
PARAMETERS = '{"type":"object","properties":{"a":{"type":"string"}},"required":[]}'


def dataset(schema: Schema, columns: dict[str, list]) -> Dataset:
    frame = conform(pd.DataFrame(columns), schema)
    return Dataset("small", "tool", schema, frame, frame.head(0), frame.head(0), "none", 0, Source("file"), "")


@pytest.mark.parametrize("target", [None, "kind"])
def test_records_of_text_come_back(target):
    schema = Schema(
        (Column("text", "text"), Column("kind", "categorical"), Column("p", "json")),
        target,
        target and "classification",
    )
    data = dataset(schema, {"text": ['a "b"', "<end>", "é\n"], "kind": ["x", "y", "x"], "p": [PARAMETERS] * 3})
    learnt = Codec.learn(data, DiffLMConfig(vocabulary=300))
    assert learnt.parameters == ["p"]
    restored = Codec.restore(json.loads(json.dumps(learnt.state())), schema, DiffLMConfig(vocabulary=300))
    for codec in (learnt, restored):
        tokens, spelled = codec.encode(data.train)
        assert spelled.all()
        records, reasons = codec.read(tokens.ids.numpy(), np.ones(3, dtype=bool))
        assert reasons == [None] * 3
        pd.testing.assert_frame_equal(records, data.train)
        walk = codec.constraint(CPU, ()).walk()
        walk.admit(3)
        _, _, mask = walk.allowed()
        # every record begins in one way, and its first token is allowed
        assert mask[np.arange(3), tokens.ids[:, 1]].all()
        assert mask.sum() < mask.numel() / 4


def test_without_a_grammar_records_are_checked():
    schema = Schema((Column("name", "text"), Column("p", "json")))
    data = dataset(schema, {"name": ["a", "b"], "p": [PARAMETERS] * 2})
    codec = Codec.learn(data, DiffLMConfig(vocabulary=300, constraint="check"))
    assert codec.json_grammar is None
    texts = [f'{{"name": "a", "p": {PARAMETERS}}}', '{"name": " ", "p": {}}', '{"name": "a", "p": {}}', "{"]
    rows = [codec.tokenizer.tokenizer.encode(text).ids for text in texts]
    ids = np.full((4, max(map(len, rows))), -1)
    for row, own in zip(ids, rows, strict=True):
        row[: len(own)] = own
    records, reasons = codec.read(ids, np.ones(4, dtype=bool))
    assert records["p"].tolist() == [PARAMETERS]
    assert reasons == [None, "blank 'name'", "parameters are no object with properties", "not JSON"]
