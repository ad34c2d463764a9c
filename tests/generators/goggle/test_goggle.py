"""GOGGLE's parts against loops and closed forms, its graph against known structure, and its contract."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from torch.distributions import Categorical, Normal, kl_divergence

from bench.conformance.run import check_table, conformance
from bench.conformance.tables import odd_tables
from bench.errors import BenchError
from bench.frames import conform, from_frame
from generators import GOGGLE
from generators.goggle.graph import LearntGraph, normalised
from generators.goggle.heads import ChoiceHeads, NumberHead
from generators.goggle.model import Decoder, Encoder, kl

TINY = {"steps": 4, "batch": 16, "decoder_width": 8, "encoder_width": 8}


def table(rows=3000, seed=0):
    """x and y hang on c; apart has nothing to do with anything."""
    rng = np.random.default_rng(seed)
    c = rng.choice(["a", "b", "c"], rows, p=[0.6, 0.3, 0.1])
    x = rng.normal(size=rows) + 10 * (c == "b")
    return pd.DataFrame({"x": x, "c": c, "y": np.where(c == "c", "yes", "no"), "apart": rng.normal(size=rows)})


def test_messages_along_the_graph_are_those_of_a_loop_over_nodes_and_edges():
    torch.manual_seed(0)
    decoder = Decoder(nodes=3, latent_size=2, width=5, rounds=2)
    for bias in decoder.bias:
        torch.nn.init.normal_(bias)
    latent = torch.randn(3, 4, 2)
    weights = torch.tensor([[0.0, 0.5, 0.0], [0.3, 0.0, 0.9], [0.0, 0.0, 0.0]])
    state = [torch.tanh(latent[i] @ decoder.embed[i] + decoder.embed_bias[i]) for i in range(3)]
    leaving, arriving = (weights > 0).sum(dim=1), (weights > 0).sum(dim=0)
    for own, sent, bias in zip(decoder.own, decoder.sent, decoder.bias, strict=True):
        after = []
        for i in range(3):
            total = state[i] @ own[i] + bias[i]
            for j in range(3):
                if weights[j, i] > 0:
                    total = total + weights[j, i] / (leaving[j] * arriving[i]).sqrt() * (state[j] @ sent[j])
            after.append(torch.tanh(total))
        state = after
    assert torch.allclose(decoder(latent, weights), torch.stack(state), atol=1e-6)


def test_a_node_without_edges_hears_nothing():
    decoder = Decoder(nodes=3, latent_size=1, width=4, rounds=2)
    weights = torch.tensor([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    latent = torch.randn(3, 5, 1)
    changed = latent.clone()
    changed[0] += 1
    differ = (decoder(latent, weights) != decoder(changed, weights)).flatten(1).any(dim=1)
    assert differ.tolist() == [True, True, False]


def test_the_graph_starts_at_one_half_cuts_small_edges_and_keeps_known_ones():
    known = torch.zeros(3, 3)
    known[0, 1] = 1
    graph = LearntGraph(known, threshold=0.1)
    half = torch.full((3, 3), 0.5).fill_diagonal_(0)
    half[0, 1] = 1
    assert torch.equal(graph(sparse=False), half)
    assert graph.distance(graph(sparse=False)).item() == pytest.approx(5 * 0.5 / 9)
    with torch.no_grad():
        graph.raw.fill_(-5.0)
    assert (graph(sparse=False) > 0).sum() == 6
    assert graph(sparse=True).nonzero().tolist() == [[0, 1]]
    assert normalised(graph(sparse=True))[0, 1] == 1


def test_the_encoder_is_linear_in_one_hot_vectors():
    torch.manual_seed(0)
    encoder = Encoder(numbers=2, sizes=(3, 4), width=6, nodes=4, latent_size=2)
    numbers, codes = torch.randn(5, 2), torch.tensor([[0, 3], [2, 0], [1, 1], [2, 3], [0, 0]])
    one_hot = torch.cat([torch.eye(3)[codes[:, 0]], torch.eye(4)[codes[:, 1]]], dim=1)
    hidden = (numbers @ encoder.numbers + one_hot @ encoder.values + encoder.bias).relu()
    both = (hidden @ encoder.posterior.weight.T + encoder.posterior.bias).view(5, 2, 4, 2)
    mean, log_variance = encoder(numbers, codes)
    assert torch.allclose(mean, both[:, 0].transpose(0, 1), atol=1e-6)
    assert torch.allclose(log_variance, both[:, 1].transpose(0, 1), atol=1e-6)


def test_heads_are_gaussian_and_categorical_likelihoods():
    torch.manual_seed(0)
    states = torch.randn(4, 6, 5)
    head = NumberHead(2, 5)
    numbers = torch.randn(6, 2)
    means, deviation = head(states)
    exact = -Normal(means, deviation).log_prob(numbers.T).sum() - 12 * 0.5 * np.log(2 * np.pi)
    assert head.nats(states, numbers).item() == pytest.approx(exact.item(), rel=1e-5)
    heads = ChoiceHeads(places=[2, 0], nodes=[3, 1], sizes=[3, 4], width=5)
    codes = torch.stack([torch.arange(6) % 4, torch.full((6,), 99), torch.arange(6) % 3], dim=1)
    exact = 0.0
    for row, (place, node, size) in enumerate([(2, 3, 3), (0, 1, 4)]):
        logits = (states[node] @ heads.weight[row] + heads.bias[row])[:, :size]
        exact -= Categorical(logits=logits).log_prob(codes[:, place]).sum().item()
    assert heads.nats(states, codes).item() == pytest.approx(exact, rel=1e-5)


def test_draws_follow_the_heads():
    torch.manual_seed(0)
    states = torch.randn(2, 1, 3).expand(2, 20_000, 3)
    heads = ChoiceHeads(places=[0, 1], nodes=[0, 1], sizes=[3, 2], width=3)
    drawn = heads.draw(states)
    for place, size in enumerate([3, 2]):
        share = torch.bincount(drawn[:, place], minlength=4) / len(drawn)
        assert share.tolist() == pytest.approx(heads(states)[place, 0].softmax(0).tolist(), abs=0.015)
        assert share[size:].sum() == 0
    head = NumberHead(1, 3)
    means, deviation = head(states)
    numbers = head.draw(states)
    assert numbers.mean().item() == pytest.approx(means[0, 0].item(), abs=0.02)
    assert numbers.std().item() == pytest.approx(deviation.item(), abs=0.02)


def test_the_kl_term_is_that_of_two_gaussians():
    mean, log_variance = torch.randn(4, 5, 2), torch.randn(4, 5, 2)
    exact = kl_divergence(Normal(mean, (0.5 * log_variance).exp()), Normal(0.0, 1.0)).sum()
    assert kl(mean, log_variance).item() == pytest.approx(exact.item(), rel=1e-5)


def test_steps_of_the_networks_and_of_the_graph_take_turns(monkeypatch):
    model, seen = GOGGLE(**TINY), []
    original = torch.optim.Adam.step

    def step(self, *arguments, **options):
        before = [weight.detach().clone() for weight in model.networks.parameters()]
        original(self, *arguments, **options)
        moved = [name for (name, weight), old in zip(model.networks.named_parameters(), before, strict=True)
                 if not torch.equal(weight, old)]  # fmt: skip
        seen.append("graph" if moved == ["graph.raw"] else "networks" if "graph.raw" not in moved else "both")

    monkeypatch.setattr(torch.optim.Adam, "step", step)
    model.fit(table(100), seed=0)
    assert seen == ["networks", "graph", "networks", "graph"]


def test_it_learns_marginals_and_dependence():
    frame = table()
    model = GOGGLE(steps=1000, batch=128, decoder_width=32).fit(frame, target="y", seed=0)
    records = model.sample(3000, seed=0).records
    for label, share in frame["c"].value_counts(normalize=True).items():
        assert (records["c"] == label).mean() == pytest.approx(share, abs=0.08)
    # 3 where x did not hang on c
    assert records.loc[records["c"] == "b", "x"].mean() > 6
    assert records.loc[records["c"] != "b", "x"].mean() < 2
    # .58 where y did not hang on c
    assert ((records["y"] == "yes") == (records["c"] == "c")).mean() > 0.85
    assert records["apart"].std() == pytest.approx(1, abs=0.15)
    assert abs(records["apart"].corr((records["c"] == "b").astype(float))) < 0.1


def test_a_killed_fit_ends_as_if_it_had_never_stopped(fit_killed_once):
    data = from_frame(table(200))
    whole = GOGGLE(**TINY).fit(data, seed=1).sample(20, seed=0).records
    resumed, calls = fit_killed_once(lambda: GOGGLE(**TINY), data, at=4, seed=1)
    assert calls == 4 + 1
    assert resumed.sample(20, seed=0).records.equals(whole)


def test_validation_may_have_labels_that_train_never_had():
    frame = table(400)
    validation = table(100, seed=1).assign(c=["new"] * 10 + ["a"] * 90)
    model = GOGGLE(batch=50, epochs=60, patience=2, learning_rate=0.05, decoder_width=8)
    data = from_frame(frame)
    model.fit(replace(data, validation=conform(validation, data.schema)), seed=0)
    assert set(model.sample(100).records["c"]) <= {"a", "b", "c"}


def test_a_known_edge_is_kept_and_an_unknown_column_is_named(tmp_path):
    model = GOGGLE(**TINY, known=[["c", "x"]]).fit(table(100), seed=0)
    model.save(tmp_path / "model")
    restored = GOGGLE.load(tmp_path / "model")
    places = restored.nodes
    assert restored.networks["graph"](sparse=True)[places.index("c"), places.index("x")] == 1
    assert restored.config == model.config
    with pytest.raises(BenchError, match="column of a known edge 'xx' is not known; did you mean 'x'"):
        GOGGLE(**TINY, known=[["c", "xx"]]).fit(table(100))


HARD = {"one numeric column", "a column without any value", "missing values everywhere", "2 rows", "extreme numbers"}


def test_it_keeps_the_contract_on_tables_that_break_generators():
    for case in odd_tables(0):
        if case.name in HARD:
            findings = list(check_table(lambda: GOGGLE(**TINY), case))
            assert [finding for finding in findings if finding.problem] == []


@pytest.mark.slow
def test_it_keeps_the_contract_on_all_odd_tables():
    findings = list(conformance(lambda: GOGGLE(**TINY), random_tables=3))
    assert [finding for finding in findings if finding.problem] == []
