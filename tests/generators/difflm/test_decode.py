"""Cached, refilled decoding says what a plain forward pass says, and draws from the model's own distribution."""

from collections import Counter
from collections.abc import Callable
from itertools import product
from types import SimpleNamespace

import pandas as pd
import pytest
import torch
from scipy.stats import chisquare
from transformers import AutoModelForCausalLM, GPT2Config, MambaConfig, MistralConfig, Qwen2Config

from bench.errors import BenchError
from bench.frames import conform
from bench.records import Column, Schema
from generators.difflm.build import build
from generators.difflm.config import DiffLMConfig
from generators.difflm.decode import decode
from generators.difflm.grammar import text_grammar
from generators.difflm.injection import SoftPrompt, make_injection
from generators.difflm.json_grammar import record_grammar
from generators.difflm.json_walk import JsonGrammar
from generators.difflm.table_tokenizer import BEGIN, TableTokenizer
from generators.difflm.text_tokenizer import END, TextTokenizer
from generators.difflm.tokens import PAD
from generators.difflm.vae import VariationalAutoencoder
from generators.language.draw import Sampling
from generators.texts.serialise import to_texts
from generators.training.device import Device

TEXT = text_grammar(first=END, size=6, end=END)  # a few tokens, so that records end early and late
SMALL = {"encoder_width": 8, "encoder_heads": 2, "decoder_width": 16, "decoder_layers": 1, "decoder_heads": 2}
CPU = Device("cpu", False, "eager")


def latents(rows: int, seed: int = 5) -> torch.Tensor:
    return 3 * torch.randn(rows, 4, generator=torch.Generator().manual_seed(seed))


def run(model, rows, constraint, length, temperature=1.0, slots=16, seed=0, **options):
    generator = torch.Generator().manual_seed(seed)
    settings = {"begin": BEGIN, "length": length, "sampling": Sampling(temperature), "slots": slots}
    return decode(model, rows, constraint, generator=generator, **settings, **options)


@torch.no_grad()
def logits_of(model: VariationalAutoencoder, rows: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
    """(rows, length + 1, vocabulary): what one forward pass says behind BEGIN and each of the ids (rows, length)."""
    steering = model.injection(rows)
    full = torch.nn.functional.pad(ids.clamp(min=0), (1, 0), value=BEGIN)
    embedded = model.decoder.get_input_embeddings()(full)
    cache = steering.cache(model.decoder.config, embedded.dtype)
    logits = model.decoder(inputs_embeds=steering.prepend(embedded), past_key_values=cache).logits
    return logits[:, -full.shape[1] :]


def check_greedy(model: VariationalAutoencoder, slots: int) -> None:
    """Every token is the likeliest one of a forward pass over the whole record; records end early and late."""
    generator = torch.Generator().manual_seed(4)
    for weight in model.decoder.parameters():
        if weight.ndim == 2:
            torch.nn.init.normal_(weight, std=0.4, generator=generator)
    rows = latents(24)
    ids, complete = run(model, rows, TEXT, length=25, temperature=0, slots=slots)
    lengths = (ids != PAD).sum(dim=1)
    assert lengths.min() < 5
    assert lengths.max() > 9
    best = logits_of(model, rows, ids)[:, :-1, END:6].argmax(dim=2) + END
    for row, whole, expected in zip(ids.tolist(), complete, best.tolist(), strict=True):
        end = expected.index(END) + 1 if END in expected else 25
        assert row == expected[:end] + [PAD] * (25 - end)
        assert whole == (END in expected)


@pytest.mark.parametrize("kind", ["soft_prompt", "prefix_soft_prompt", "kv_memory", "input_embed"])
@pytest.mark.parametrize("slots", [5, 24])
def test_greedy_steps_in_refilled_slots_equal_full_forward_passes(model, kind, slots):
    with torch.random.fork_rng():
        torch.manual_seed(1)
        model.injection = make_injection(kind, 4, 4, model.decoder.config)
    check_greedy(model, slots)


SIZES = {"vocab_size": 6, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4}


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
@pytest.mark.parametrize(
    "config",
    [
        GPT2Config(vocab_size=6, n_embd=32, n_layer=2, n_head=4, n_positions=40),
        MistralConfig(**SIZES, num_key_value_heads=2, sliding_window=6),
        Qwen2Config(**SIZES, num_key_value_heads=2),
    ],
    ids=lambda config: config.model_type,
)
def test_any_decoder_with_attention_is_driven(config, attention):
    with torch.random.fork_rng():
        torch.manual_seed(1)
        decoder = AutoModelForCausalLM.from_config(config, attn_implementation=attention).eval()
        injection = make_injection("soft_prompt", 4, 4, config)
    check_greedy(VariationalAutoencoder(torch.nn.Identity(), injection, decoder, None), slots=5)


def test_a_decoder_without_keys_and_values_is_one_clear_line():
    decoder = AutoModelForCausalLM.from_config(MambaConfig(vocab_size=6, hidden_size=8, num_hidden_layers=1))
    model = VariationalAutoencoder(torch.nn.Identity(), SoftPrompt(4, 4, 8), decoder, None)
    with pytest.raises(BenchError, match="a decoder with attention in every layer"):
        run(model, latents(3), TEXT, length=3)


@pytest.mark.parametrize("kind", ["table", "text"])
def test_a_record_depends_neither_on_slots_nor_on_its_neighbours(model, tokenizer, kind):
    rows = latents(40, seed=2)
    constraint, length = (tokenizer.grammar, tokenizer.length - 1) if kind == "table" else (TEXT, 60)
    expected, whole = run(model, rows, constraint, length, slots=40)
    for slots in (1, 7, 100):
        ids, complete = run(model, rows, constraint, length, slots=slots)
        assert torch.equal(ids, expected)
        assert torch.equal(complete, whole)
    beginning, _ = run(model, rows[:9], constraint, length, slots=4)
    assert torch.equal(beginning, expected[:9])


def test_never_more_records_in_flight_than_slots(model, monkeypatch):
    sizes, read = [], model.read
    monkeypatch.setattr(
        model, "read", lambda inputs, *rest, **more: sizes.append(len(inputs)) or read(inputs, *rest, **more)
    )
    run(model, latents(60), TEXT, length=20, slots=8)
    assert max(sizes) == 8


def test_every_draw_is_a_record(model, tokenizer):
    ids, complete = run(model, latents(500, seed=2), tokenizer.grammar, tokenizer.length - 1, slots=200)
    assert complete.all()
    records = tokenizer.decode(ids.numpy())
    assert tokenizer.encode(records)[1].all()


def outcomes(model: VariationalAutoencoder, follow: Callable, length: int) -> dict[tuple, float]:
    """Probability of every record, token by token among those that may follow a prefix."""
    found, unfinished = {}, {(): 1.0}
    while unfinished and len(next(iter(unfinished))) < length:
        prefixes = list(unfinished)
        logits = logits_of(model, latents(1).expand(len(prefixes), 4), torch.tensor(prefixes, dtype=torch.long))[:, -1]
        longer = {}
        for tokens, row in zip(prefixes, logits.double(), strict=True):
            allowed = follow(tokens)
            if not allowed:
                found[tokens] = unfinished[tokens]
                continue
            shares = torch.softmax(row[allowed], dim=0).tolist()
            longer |= {(*tokens, token): unfinished[tokens] * p for token, p in zip(allowed, shares, strict=True)}
        unfinished = longer
    return found | unfinished


def check_distribution(model, constraint, length: int, expected: dict[tuple, float], n: int = 4000) -> None:
    ids, _ = run(model, latents(1).expand(n, 4), constraint, length, slots=1500, seed=3)
    counts = Counter(tuple(row[row != PAD].tolist()) for row in ids)
    assert set(counts) <= set(expected)
    often = [tokens for tokens, share in expected.items() if n * share >= 5]
    assert len(often) > 5
    observed, share = torch.tensor([[counts[tokens], expected[tokens]] for tokens in often], dtype=torch.double).T
    observed, share = (torch.cat([part, total - part.sum(0, True)]) for part, total in ((observed, n), (share, 1)))
    keep = n * share > 1  # what is seldom is one class
    assert chisquare(observed[keep], n * share[keep], sum_check=False).pvalue > 1e-3


def small_model(tokenizer) -> VariationalAutoencoder:
    with torch.random.fork_rng():
        torch.manual_seed(2)
        model = build(DiffLMConfig(**SMALL, latent_size=4), tokenizer, CPU).eval()
        torch.nn.init.normal_(model.decoder.get_output_embeddings().weight, std=0.3)
    return model


def continuations(records: list[tuple]) -> Callable:
    """What leads from a prefix on to one of the records."""

    def follow(tokens: tuple) -> list[int]:
        return sorted({r[len(tokens)] for r in records if r[: len(tokens)] == tokens and len(r) > len(tokens)})

    return follow


def test_in_a_table_the_models_distribution_is_conditioned_token_by_token():
    schema = Schema((Column("c", "categorical"), Column("n", "integer")))
    frame = conform(pd.DataFrame(product(["a", None, "b"], range(20)), columns=["c", "n"]), schema)
    tokenizer = TableTokenizer.learn(frame, schema, bins=2, atom_limit=1, atom_share=0.9)
    records = [tuple(row) for row in tokenizer.encode(frame)[0].ids[:, 1:].tolist()]
    model, length = small_model(tokenizer), tokenizer.length - 1
    check_distribution(model, tokenizer.grammar, length, outcomes(model, continuations(records), length))


def test_in_json_the_models_distribution_is_conditioned_token_by_token():
    schema = Schema((Column("c", "categorical"), Column("n", "integer")))
    frame = conform(pd.DataFrame(product(["a", "ab", None], [8, 9, 10]), columns=["c", "n"]), schema)
    # without merges a text is spelled in one way
    tokenizer = TextTokenizer.learn(frame, schema, vocabulary=258, max_length=99)
    spelled = [tuple(encoding.ids) for encoding in tokenizer.tokenizer.encode_batch(to_texts(frame, schema))]
    model = small_model(tokenizer)
    grammar = JsonGrammar(
        record_grammar(frame, schema), tokenizer.tokenizer, size=tokenizer.size, end=END, device=torch.device("cpu")
    )
    check_distribution(model, grammar, 30, outcomes(model, continuations(spelled), 30))


def test_without_a_constraint_the_distribution_is_the_models_own():
    model = small_model(SimpleNamespace(size=5, length=4, grammar=None, quantiles=list))
    expected = outcomes(model, lambda tokens: [] if tokens[-1:] == (END,) else list(range(5)), 3)
    check_distribution(model, text_grammar(first=0, size=5, end=END), 3, expected)


def test_only_allowed_tokens_are_used(model, tokenizer):
    field = tokenizer.fields[3]  # rows reach it at different steps: the numbers before it differ in length
    allowed = torch.ones(tokenizer.size, dtype=torch.bool)
    allowed[field.first : field.first + field.size] = False
    allowed[field.first + field.labels.index("old")] = True
    ids, _ = run(model, latents(100), tokenizer.grammar, tokenizer.length - 1, allowed=allowed)
    free, _ = run(model, latents(100), tokenizer.grammar, tokenizer.length - 1)
    forced, drawn = (tokenizer.decode(rows.numpy()) for rows in (ids, free))
    assert set(forced["y"]) == {"old"}
    assert set(drawn["y"]) == {"old", "young"}
    pd.testing.assert_frame_equal(forced.drop(columns="y"), drawn.drop(columns="y"))


def test_a_condition_that_leaves_nothing_is_one_clear_line(model, tokenizer):
    field = tokenizer.fields[3]
    allowed = torch.ones(tokenizer.size, dtype=torch.bool)
    allowed[field.first : field.first + field.size] = False
    with pytest.raises(BenchError, match="no record fulfils the condition"):
        run(model, latents(10), tokenizer.grammar, tokenizer.length - 1, allowed=allowed)


def test_latents_that_are_no_numbers_are_one_clear_line(model):
    with pytest.raises(BenchError, match="a latent is not a finite number: training diverged"):
        run(model, torch.full((2, 4), torch.nan), TEXT, length=3)


def test_rows_that_do_not_end_are_told(model, tokenizer):
    ids, complete = run(model, latents(10), tokenizer.grammar, length=2)
    assert not complete.any()
    assert (ids != PAD).all()


def test_nothing_asked_nothing_given(model, tokenizer):
    ids, complete = run(model, latents(0), tokenizer.grammar, length=7)
    assert ids.shape == (0, 7)
    assert complete.shape == (0,)
