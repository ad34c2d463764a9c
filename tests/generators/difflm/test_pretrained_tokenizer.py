"""Texts come back from a pretrained vocabulary, or the user is told which value does not."""

import json

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, normalizers, trainers
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from bench.errors import BenchError
from bench.frames import conform
from bench.records import Column, Schema
from generators.difflm.config import DiffLMConfig
from generators.difflm.pretrained_tokenizer import EncoderTokenizer, PretrainedTokenizer
from generators.difflm.tokens import PAD
from generators.texts.serialise import from_texts, to_texts

PROGRAM = Schema((Column("program", "text"),))
DECODERS = ("gpt2", "llama", "mistral", "qwen2")


def programs(texts: list[str]) -> pd.DataFrame:
    return conform(pd.DataFrame({"program": texts}), PROGRAM)


@pytest.fixture(scope="module")
def sentencepiece() -> PreTrainedTokenizerFast:
    """As Llama 2 and Mistral spell text: a mark for a space, one in front of the text, bytes for the rest."""
    tokenizer = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>", fuse_unk=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    names = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    trainer = trainers.BpeTrainer(vocab_size=400, special_tokens=names)
    tokenizer.train_from_iterator(["def f(x):", "    return x"], trainer)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", unk_token="<unk>")


@pytest.mark.parametrize("family", DECODERS)
def test_a_table_comes_back_and_begin_and_end_are_the_models_own(pretrained, family, frame, schema):
    config = DiffLMConfig(decoder=pretrained[family], column_order="schema")
    tokenizer = PretrainedTokenizer.learn(frame, schema, config)
    tokens, spelled = tokenizer.encode(frame)
    assert spelled.all()
    assert tokens.states is None
    assert tokens.encoder_ids is tokens.ids
    own = AutoTokenizer.from_pretrained(pretrained[family])
    ends = tokens.ids.gather(1, tokens.lengths[:, None] - 1)
    assert (tokens.ids[:, 0] == tokenizer.begin).all()
    assert (ends == own.eos_token_id).all()
    assert tokenizer.begin == (own.eos_token_id if own.bos_token_id is None else own.bos_token_id)
    assert tokenizer.length == tokens.lengths.max() == tokens.ids.shape[1]
    assert tokenizer.texts(tokens.ids.numpy()) == to_texts(frame, schema)
    assert tokenizer.texts(tokens.ids[:, 1:].numpy()) == to_texts(frame, schema)
    restored = PretrainedTokenizer.restore(json.loads(json.dumps(tokenizer.state())), schema, config)
    assert torch.equal(restored.encode(frame)[0].ids, tokens.ids)


@given(st.lists(st.text(max_size=12), min_size=1, max_size=3))
@settings(deadline=None, max_examples=60)
def test_any_text_comes_back_from_bytes(pretrained, texts):
    tokenizer = PretrainedTokenizer.restore({"length": 200}, PROGRAM, DiffLMConfig(decoder=pretrained["gpt2"]))
    tokens, spelled = tokenizer.encode(programs(texts))
    assert spelled.all()
    assert tokenizer.texts(tokens.ids.numpy()) == texts


@given(st.lists(st.text("abc (){}\n\té<s>/", max_size=12), min_size=1, max_size=3))
@settings(deadline=None, max_examples=60)
def test_what_is_said_to_be_spelled_comes_back(sentencepiece, texts):
    tokenizer = PretrainedTokenizer(sentencepiece, PROGRAM, 200, "marks")
    tokens, spelled = tokenizer.encode(programs(texts))
    assert tokenizer.texts(tokens.ids.numpy()) == list(np.asarray(texts, dtype=object)[spelled])


@pytest.mark.parametrize("text", ["<|endoftext|>", "a<|endoftext|>b", " a"])
def test_what_looks_like_a_special_token_is_text(pretrained, text):
    tokenizer = PretrainedTokenizer.learn(programs([text]), PROGRAM, DiffLMConfig(decoder=pretrained["gpt2"]))
    tokens, _ = tokenizer.encode(programs([text]))
    assert (tokens.ids == tokenizer.end).sum() == 2, "one in front, one behind"
    assert tokenizer.texts(tokens.ids.numpy()) == [text]


def test_an_end_within_a_sampled_record_is_not_hidden(pretrained):
    tokenizer = PretrainedTokenizer.learn(programs(["ab"]), PROGRAM, DiffLMConfig(decoder=pretrained["llama"]))
    ids = tokenizer.encode(programs(["ab"]))[0].ids
    assert tokenizer.texts(torch.cat([ids[:, :2], ids], dim=1).numpy()) != ["ab"]


def test_the_target_may_come_first(pretrained, frame, schema):
    config = DiffLMConfig(decoder=pretrained["gpt2"], column_order="target_first")
    tokenizer = PretrainedTokenizer.learn(frame, schema, config)
    texts = tokenizer.texts(tokenizer.encode(frame)[0].ids.numpy())
    assert all(text.startswith('{"y": ') for text in texts)
    records, reasons = from_texts(texts, tokenizer.schema, "tabular")
    assert set(reasons) == {None}
    pd.testing.assert_frame_equal(records[schema.names], frame)


def test_longer_records_than_train_had_cannot_be_spelled(pretrained):
    config = DiffLMConfig(decoder=pretrained["gpt2"])
    tokenizer = PretrainedTokenizer.learn(programs(["ab", "abc"]), PROGRAM, config)
    assert tokenizer.encode(programs(["abc", "x" * 50]))[1].tolist() == [True, False]


def test_no_records_are_no_tokens(pretrained):
    config = DiffLMConfig(encoder=pretrained["bert"], decoder=pretrained["gpt2"])
    tokenizer = PretrainedTokenizer.learn(programs(["ab", "abc"]), PROGRAM, config)
    none = programs([])
    tokens, spelled = tokenizer.encode(none)
    assert len(EncoderTokenizer(PROGRAM, config).read(tokens, none)) == len(spelled) == 0
    assert tokenizer.texts(tokens.ids.numpy()) == []


def test_a_value_that_is_lost_is_named(tmp_path, pretrained):
    tokenizer = AutoTokenizer.from_pretrained(pretrained["gpt2"])
    tokenizer.backend_tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.save_pretrained(tmp_path)
    config = DiffLMConfig(decoder=str(tmp_path))
    schema = Schema((Column("n", "integer"), Column("job", "categorical")))
    train = conform(pd.DataFrame({"n": [1, 2], "job": ["low", "HIGH"]}), schema)
    with pytest.raises(BenchError, match=r"cannot spell the value \"HIGH\" of column 'job' \(train record 1\)"):
        PretrainedTokenizer.learn(train, schema, config)
    with pytest.raises(BenchError, match="cannot spell record 1, which comes back as 'x = y'"):
        PretrainedTokenizer.learn(programs(["x", "x = Y"]), PROGRAM, config)
    assert PretrainedTokenizer.restore({"length": 90}, schema, config).encode(train)[1].tolist() == [True, False]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"max_length": 40},
            r"1 of 2 train records are longer than max_length = 40 tokens; the longest has \d+ tokens",
        ),
        ({}, r"1 of 2 train records are longer than the context of decoder '.*' \(160 positions, 4 in front\)"),
    ],
)
def test_records_over_the_limit_are_counted(pretrained, options, message):
    with pytest.raises(BenchError, match=message):
        PretrainedTokenizer.learn(
            programs(["ab", "q7!zK" * 40]), PROGRAM, DiffLMConfig(decoder=pretrained["mistral"], **options)
        )


def test_a_context_that_is_just_long_enough(pretrained):
    text = "q7!zK" * 31 + "x"  # 156 characters that no pair of train joins
    config = DiffLMConfig(decoder=pretrained["mistral"], soft_tokens=0)
    longest = PretrainedTokenizer.learn(programs([text]), PROGRAM, config).length
    exact = DiffLMConfig(decoder=pretrained["mistral"], soft_tokens=160 - longest)
    assert PretrainedTokenizer.learn(programs([text]), PROGRAM, exact).length == longest
    with pytest.raises(BenchError, match="longer than the context"):
        PretrainedTokenizer.learn(
            programs([text]), PROGRAM, DiffLMConfig(decoder=pretrained["mistral"], soft_tokens=161 - longest)
        )


@pytest.mark.parametrize("family", ["bert", "t5", "gpt2", "llama"])
def test_an_encoder_reads_the_record_with_its_own_tokenizer(pretrained, family, frame, schema):
    config = DiffLMConfig(encoder=pretrained[family], decoder=pretrained["qwen2"])
    tokenizer = PretrainedTokenizer.learn(frame, schema, config)
    tokens, _ = tokenizer.encode(frame)
    read = EncoderTokenizer(schema, config).read(tokens, frame)
    own = AutoTokenizer.from_pretrained(pretrained[family])
    ids = read.encoder_ids[7][read.encoder_ids[7] != PAD].tolist()
    expected = own(to_texts(frame, schema)[7]).input_ids
    assert ids == expected + ([own.eos_token_id] if family == "gpt2" else [])
    assert torch.equal(read.ids, tokens.ids)


@pytest.mark.parametrize("family", ["bert", "gpt2"])
def test_an_encoder_reads_as_far_as_its_context(pretrained, family):
    long = programs(["q7!zK" * 100, "ab"])
    tokenizer = EncoderTokenizer(PROGRAM, DiffLMConfig(encoder=pretrained[family]))
    config = DiffLMConfig(decoder=pretrained["gpt2"])
    tokens, _ = PretrainedTokenizer.restore({"length": 600}, PROGRAM, config).encode(long)
    read = tokenizer.read(tokens, long).encoder_ids
    assert read.shape == (2, 160)
    assert read[0, -1] == read[1][read[1] != PAD][-1], "the end stays the end"
