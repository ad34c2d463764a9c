"""Writing records: batching changes nothing, all end, and what is given is written."""

import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from generators.great.network import Speaker, groups
from generators.great.tokens import PAD
from generators.great.write import Columns, merged, write
from generators.language.compact import compact_llama
from generators.language.draw import Sampling, draw
from generators.training.device import Device

BEGIN, END, SIZE = 0, 1, 12
COLUMNS = range(2, 6)
SAMPLING = Sampling(0.9, top_k=8)
CPU = Device("cpu", False, "eager")


@pytest.fixture(params=["compact", "gpt2"])
def speaker(request) -> Speaker:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        if request.param == "compact":
            network = compact_llama(
                vocabulary=SIZE, width=16, layers=2, heads=2, positions=32, begin=BEGIN, attention="eager"
            )
            torch.nn.init.normal_(network.lm_head.weight, std=0.3)
        else:
            network = GPT2LMHeadModel(
                GPT2Config(vocab_size=SIZE, n_embd=16, n_layer=2, n_head=2, n_positions=32, initializer_range=0.3)
            )
    return Speaker(network, CPU, request.param == "compact").eval()


def written(speaker, openings, slots=4, length=20, seed=0, sampling=SAMPLING, **options):
    settings = {"begin": BEGIN, "end": END, "length": length, "sampling": sampling, "slots": slots}
    return write(speaker, openings, **settings, generator=torch.Generator().manual_seed(seed), **options)


@torch.no_grad()
def one_by_one(speaker, opening, uniform, length) -> list[int]:
    """The same record without a cache, a batch or a slot."""
    ids = [BEGIN]
    for place in range(length):
        logits = speaker.network(input_ids=torch.tensor([ids])).logits[:, -1].float()
        token = int(draw(logits, SAMPLING, uniform[place : place + 1]))
        token = opening[place] if place < len(opening) else token
        if token == END:
            break
        ids.append(token)
    return ids[1:]


def test_records_are_those_that_are_written_one_by_one(speaker):
    openings = [[2, 7, 3], [4], [9, 9, 9, 9, 9], [5, 5], [2], [3, 8]] * 3
    ids, complete = written(speaker, openings)
    uniform = torch.rand(len(openings), 20, generator=torch.Generator().manual_seed(0))
    for row, opening in enumerate(openings):
        alone = one_by_one(speaker, opening, uniform[row], 20)
        assert ids[row][ids[row] != PAD].tolist() == alone
        assert bool(complete[row]) == (len(alone) < 20)
    assert 0 < complete.sum() < len(openings)


def test_a_network_that_never_ends_is_cut(speaker):
    with torch.no_grad():
        speaker.network.lm_head.weight.zero_()
    ids, complete = written(speaker, [[2]] * 5, length=6)
    assert ids.shape == (5, 6)
    assert all((ids[~complete] != PAD).all(dim=1))


def test_with_a_given_order_every_column_comes_once_and_then_the_end(speaker):
    order = torch.tensor([[4, 5, PAD, PAD], [2, PAD, PAD, PAD], [3, 2, 4, PAD]] * 4)
    openings = [[2, 9, 3], [3, 8, 5, 7, 4], [5]] * 4
    ids, complete = written(speaker, openings, length=31, columns=Columns(COLUMNS, order))
    assert complete.sum() > 6
    for row, opening in enumerate(openings):
        names = [token for token in ids[row].tolist() if token in COLUMNS]
        expected = [token for token in opening if token in COLUMNS] + [t for t in order[row].tolist() if t != PAD]
        assert names == (expected if complete[row] else expected[: len(names)])


@pytest.mark.parametrize(
    ("sampling", "share"),
    # five of twelve equal tokens end a value, the others do not: one event of 5/12 and seven of 1/12
    [(Sampling(1.0), 5 / 12), (Sampling(0.5), 25 / 32), (Sampling(1.0, top_k=1), 1.0), (Sampling(0.0), 1.0)],
)
def test_with_a_given_order_temperature_and_top_k_see_one_end_of_a_value(speaker, sampling, share):
    with torch.no_grad():
        speaker.network.lm_head.weight.zero_()
    order = torch.tensor([[3, PAD, PAD, PAD]] * 2000)
    options = {"slots": 2000, "length": 2, "sampling": sampling, "columns": Columns(COLUMNS, order)}
    ids, _ = written(speaker, [[2]] * 2000, **options)
    assert ids[:, 1].eq(3).float().mean().item() == pytest.approx(share, abs=0.04)


def test_the_same_number_draws_the_same_token_of_merged_ends():
    generator = torch.Generator().manual_seed(1)
    logits, uniform = torch.randn(5000, SIZE, generator=generator), torch.rand(5000, generator=generator)
    logits[:, BEGIN] = -torch.inf
    # a value that must go on, and one that must end
    logits[:100, END : COLUMNS.stop] = -torch.inf
    logits[100:200, COLUMNS.stop :] = -torch.inf
    apart = draw(logits, Sampling(), uniform)
    together = draw(merged(logits, COLUMNS, torch.full((5000,), END)), Sampling(), uniform)
    ends = apart < COLUMNS.stop
    assert torch.equal(together[~ends], apart[~ends])
    assert together[ends].eq(END).all()


def test_a_record_that_names_a_column_twice_is_given_up(speaker):
    ids, complete = written(speaker, [[2, 9, 2, 9, 9]] * 3, columns=Columns(COLUMNS))
    assert ids[:, :3].eq(torch.tensor([2, 9, 2])).all()
    assert ids[:, 3:].eq(PAD).all()
    assert not complete.any()


def test_the_loss_is_that_of_the_rows_one_by_one(speaker):
    ids = torch.full((5, 9), PAD)
    for row, length in enumerate([9, 3, 5, 9, 2]):
        ids[row, :length] = torch.randint(0, SIZE, (length,), generator=torch.Generator().manual_seed(row))
    expected = 0.0
    for row in ids:
        own = row[row != PAD][None]
        logits = speaker.network(input_ids=own).logits[0, :-1].float()
        expected += torch.nn.functional.cross_entropy(logits, own[0, 1:], reduction="sum").item()
    assert speaker(ids).item() == pytest.approx(expected, rel=1e-4)
    assert sum(speaker(part).item() for part in groups(ids)) == pytest.approx(expected, rel=1e-4)


def test_groups_bound_the_tokens_and_hold_every_row_once(monkeypatch):
    from generators.great import network

    monkeypatch.setattr(network, "GROUP_TOKENS", 20)
    ids = torch.full((9, 12), PAD)
    for row, length in enumerate([12, 3, 4, 12, 2, 7, 7, 6, 5]):
        ids[row, :length] = row
    parts = list(groups(ids))
    assert all(part.numel() <= 20 for part in parts)
    assert sorted(part[i, 0].item() for part in parts for i in range(len(part))) == list(range(9))
