"""The tokens of the compact model: every row is spelled and read back, and frequent things cost one token."""

import numpy as np
import pandas as pd
import pytest
import torch

from bench.frames import from_frame
from generators.great.table import Table
from generators.great.text import RowText
from generators.great.tokens import PAD, Opening
from generators.great.vocabulary import BEGIN, END, Vocabulary

GENERATOR = torch.Generator().manual_seed(0)


def learnt(frame: pd.DataFrame, label_tokens: int = 100, piece_tokens: int = 20, **kinds):
    data = from_frame(frame, kinds=kinds)
    text = RowText.learn(data.train, data.schema)
    table = Table.of(data.train, text)
    vocabulary = Vocabulary.learn(text, table, label_tokens=label_tokens, piece_tokens=piece_tokens)
    return data, text, table, vocabulary


def mixed(rows: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "n": rng.integers(-900, 900, rows),
            "x": rng.normal(size=rows) * 10.0 ** rng.integers(-20, 20, rows),
            "a, is": rng.choice(["None", "", 'q", x', "はい"], rows),
            "id": [f"user {i:04d}" for i in range(rows)],
        }
    )
    return frame.mask(rng.random(frame.shape) < 0.2)


@pytest.mark.parametrize(("label_tokens", "piece_tokens"), [(100, 20), (3, 20), (0, 0)])
def test_every_row_comes_back_in_any_order(label_tokens, piece_tokens):
    data, text, table, vocabulary = learnt(mixed(), label_tokens, piece_tokens, n="integer", x="real", id="categorical")
    spelled = vocabulary.spelled(table)
    rows = torch.randperm(len(table), generator=GENERATOR)
    order = torch.rand(len(rows), len(text.names), generator=GENERATOR).argsort(dim=1)
    ids = spelled.batch(rows, order)
    assert ids[:, 0].eq(BEGIN).all()
    assert ids.eq(END).sum(dim=1).eq(1).all()
    assert (ids != PAD).sum(dim=1).tolist() == spelled.lengths[rows.numpy()].tolist()
    texts = vocabulary.texts(ids[:, 1:].masked_fill(ids[:, 1:] == END, PAD))
    for written, row, places in zip(texts, rows.tolist(), order.tolist(), strict=True):
        assert written == text.encode(data.train.iloc[row].tolist(), places)
    back = text.frame([text.decode(written) for written in texts])
    assert back.equals(data.train.iloc[rows.numpy()].reset_index(drop=True))


def test_a_column_and_a_frequent_label_are_a_token_each_and_a_number_one_a_sign():
    _, _, table, vocabulary = learnt(pd.DataFrame({"capital gain": [7298, 0], "job": ["Adm-clerical"] * 2}))
    # beginning, two names, four digits, one label, end
    assert vocabulary.spelled(table).lengths.tolist() == [9, 6]
    assert vocabulary.opening(Opening([(0, "10")], [1])) == [
        vocabulary.tokens.index(token) for token in (", capital gain is ", "1", "0", ", job is ")
    ]
    assert vocabulary.opening(Opening([(0, "10"), (1, "Adm-clerical")], []))[-1] == END


def test_rare_labels_are_spelled_in_pieces_and_the_vocabulary_stays_small():
    labels = [f"user {i:05d}" for i in range(3000)]
    frame = pd.DataFrame({"id": labels, "c": ["often"] * 3000})
    *_, vocabulary = learnt(frame, 10, 20, id="categorical")
    assert vocabulary.size < 100
    assert vocabulary.tokens.count("often") == 1
    ids = vocabulary.value(0, labels[-1])
    assert "".join(vocabulary.tokens[token] for token in ids) == labels[-1]
    assert 1 < len(ids) <= 7


def test_a_restored_vocabulary_spells_the_same():
    data, text, table, vocabulary = learnt(mixed(), 3, 20, n="integer", x="real", id="categorical")
    restored = Vocabulary.restore(vocabulary.state(), RowText.restore(text.state(), data.schema))
    order = torch.arange(4)[None].expand(5, -1)
    assert (
        restored.spelled(table)
        .batch(torch.arange(5), order)
        .equal(vocabulary.spelled(table).batch(torch.arange(5), order))
    )
