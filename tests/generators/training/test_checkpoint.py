"""What is kept comes back, and what cannot be used does no harm."""

import pickle

import pytest
import torch

from generators.training import checkpoint as module
from generators.training.checkpoint import Checkpoint, fingerprint, random_state, set_random_state

STATE = {"step": 3, "weights": {"a": torch.arange(4.0)}, "loss": [0.5, float("inf")], "order": None, "name": "x"}


@pytest.fixture
def kept(tmp_path):
    checkpoint = Checkpoint(tmp_path / "fit", "print")
    checkpoint.save("autoencoder", lambda: STATE, now=True)
    return checkpoint


def test_a_state_comes_back_to_another_process_of_the_same_fit(kept):
    found = Checkpoint(kept.folder, "print").load("autoencoder")
    assert torch.equal(found["weights"].pop("a"), STATE["weights"]["a"])
    assert found == STATE | {"weights": {}}
    assert kept.load("diffusion") is None
    assert Checkpoint(kept.folder, "other").load("autoencoder") is None


def test_a_state_is_made_only_when_it_is_due(tmp_path, monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: clock[0])
    checkpoint = Checkpoint(tmp_path / "fit", "print", seconds=60.0)
    made = []

    def make():
        made.append(clock[0])
        return STATE

    for second in (159.0, 160.0, 161.0, 219.0, 220.0):
        clock[0] = second
        checkpoint.save("autoencoder" if second < 200 else "diffusion", make)
    assert made == [160.0, 220.0]
    checkpoint.save("autoencoder", make, now=True)
    clock[0] = 279.0
    checkpoint.save("autoencoder", make)
    assert made == [160.0, 220.0, 220.0]


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[: len(content) // 2],
        lambda content: content[:-30],
        lambda content: b"\0" * len(content),
        lambda content: b"PK\3\4" + content[100:],
        lambda content: pickle.dumps({"state": {}}, protocol=2),
        lambda content: pickle.dumps([1, 2], protocol=2),
        lambda content: content.replace(b"PK", b"XX"),
    ],
)
def test_a_damaged_or_foreign_file_is_as_good_as_none(kept, damage):
    path = kept.folder / "autoencoder.pt"
    path.write_bytes(damage(path.read_bytes()))
    assert kept.load("autoencoder") is None
    kept.save("autoencoder", lambda: STATE, now=True)
    assert kept.load("autoencoder")["step"] == 3


def test_a_file_cannot_run_code(kept):
    class Code:
        def __reduce__(self):
            return (pytest.fail, ("code of a checkpoint was run",))

    torch.save({"fingerprint": "print", "state": Code()}, kept.folder / "autoencoder.pt")
    assert kept.load("autoencoder") is None


def test_a_save_that_fails_leaves_the_older_state_and_nothing_else(kept):
    def fail():
        raise OSError("no space")

    with pytest.raises(OSError, match="no space"):
        kept.save("autoencoder", fail, now=True)
    with pytest.raises(TypeError):
        kept.save("autoencoder", lambda: {"cannot be pickled": (value for value in ())}, now=True)
    assert [path.name for path in kept.folder.iterdir()] == ["autoencoder.pt"]
    assert kept.load("autoencoder")["step"] == 3


def test_a_fingerprint_tells_values_shapes_and_types_apart():
    ids = torch.arange(6)
    parts = [
        (ids, "config"),
        (ids.view(2, 3), "config"),
        (ids.int(), "config"),
        (ids + 1, "config"),
        (ids, "other"),
        (ids, "con", "fig"),
    ]
    assert len({fingerprint(*part) for part in parts}) == len(parts)
    assert fingerprint(ids.view(2, 3).T, 1) == fingerprint(ids.view(2, 3).T.clone(), 1)
    assert fingerprint(torch.empty(0), None) == fingerprint(torch.empty(0), None)


def test_random_numbers_go_on():
    with torch.random.fork_rng():
        state = random_state()
        expected = torch.rand(3)
        torch.rand(5)
        set_random_state(state)
        assert torch.equal(torch.rand(3), expected)
