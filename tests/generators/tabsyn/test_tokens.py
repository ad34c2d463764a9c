"""One token a column, and back: by hand on a small case, and against one linear layer a column."""

import torch
from torch.nn import functional

from generators.tabsyn.tokens import Detokenizer, Tokenizer

SIZES = (3, 1, 9, 2, 12, 4)


def test_the_tokens_of_a_record_by_hand():
    tokenizer = Tokenizer(2, (2, 3), 2)
    with torch.no_grad():
        tokenizer.direction.copy_(torch.tensor([[1.0, 0.0], [2.0, -1.0]]))
        tokenizer.embedding.copy_(torch.arange(10.0).view(5, 2))
        tokenizer.bias.copy_(torch.tensor([[0.5, 0.5], [0.0, 1.0], [0.0, 0.0], [1.0, 0.0]]))
        tokens = tokenizer(torch.tensor([[3.0, -2.0]]), torch.tensor([[1, 2]]))
    # 3 (1, 0) + (.5, .5); -2 (2, -1) + (0, 1); the second label of the first choice; the third of the second + (1, 0)
    assert tokens.tolist() == [[[3.5, 0.5], [-4.0, 3.0], [2.0, 3.0], [9.0, 9.0]]]


def test_a_perfect_latent_is_read_back_by_hand():
    detokenizer = Detokenizer(1, (2,), 2)
    (head,) = detokenizer.heads
    with torch.no_grad():
        detokenizer.direction.copy_(torch.tensor([[2.0, 1.0]]))
        head.weight.copy_(torch.tensor([[[1.0, -1.0], [0.0, 0.0]]]))
        head.bias.copy_(torch.tensor([[[0.0, 0.5]]]))
        numbers, logits = detokenizer(torch.tensor([[[1.0, 3.0], [2.0, 7.0]], [[0.0, 0.0], [-1.0, 0.0]]]))
    assert numbers.tolist() == [[5.0], [0.0]]
    assert logits[0].tolist() == [[[2.0, -1.5], [-1.0, 1.5]]]
    assert detokenizer.likeliest(logits, 2).tolist() == [[0], [1]]


def test_blocks_of_columns_are_as_one_linear_layer_a_column():
    torch.manual_seed(0)
    detokenizer, tokens = Detokenizer(2, SIZES, 4), torch.randn(7, 8, 4)
    codes = torch.stack([torch.randint(size, (7,)) for size in SIZES], dim=1)
    _, logits = detokenizer(tokens)
    total, likeliest = 0.0, torch.zeros_like(codes)
    for head in detokenizer.heads:
        for row, place in enumerate(head.places.tolist()):
            weight, bias = head.weight[row, :, : SIZES[place]], head.bias[row, 0, : SIZES[place]]
            alone = functional.linear(tokens[:, 2 + place], weight.T, bias)
            total = total + functional.cross_entropy(alone, codes[:, place])
            likeliest[:, place] = alone.argmax(dim=1)
    torch.testing.assert_close(detokenizer.cross_entropy(logits, codes), total)
    assert torch.equal(detokenizer.likeliest(logits, 7), likeliest)


def test_what_is_beyond_the_labels_of_a_column_never_moves():
    torch.manual_seed(0)
    detokenizer = Detokenizer(0, (3, 4), 4)
    (head,) = detokenizer.heads
    _, logits = detokenizer(torch.randn(50, 2, 4))
    detokenizer.cross_entropy(logits, torch.randint(3, (50, 2))).backward()
    assert (head.weight.grad[0, :, 3] == 0).all()
    assert (head.weight.grad[0, :, :3] != 0).all()
    assert (detokenizer.likeliest(logits, 50)[:, 0] < 3).all()
