"""Near duplicates against brute-force Jaccard on sets of tuples, and against planted copies."""

import re
import subprocess
import sys
import time
from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.near_duplicates import clusters, record_texts, similarity_to_nearest
from bench.records import Column, Schema

PROGRAM = '''
def total_of_even(numbers, limit):
    """Add up the even numbers that stay below a limit."""
    result = 0
    for number in numbers:
        if number % 2 == 0 and number < limit:
            result += number
    print("the total is", result)
    return result
'''


def shingles(text):
    tokens = re.findall(r"\w+|[^\w\s]", text)
    tokens += [""] * (3 - len(tokens))
    return set(zip(tokens, tokens[1:], tokens[2:], strict=False))


def jaccard(a, b):
    a, b = shingles(a), shingles(b)
    return len(a & b) / len(a | b)


def brute_force(texts, threshold):
    label = list(range(len(texts)))
    for i, j in combinations(range(len(texts)), 2):
        if jaccard(texts[i], texts[j]) >= threshold:
            label = [label[i] if value == label[j] else value for value in label]
    return partition(label)


def partition(label):
    return {frozenset(np.flatnonzero(np.array(label) == value).tolist()) for value in label}


def random_texts(seed, families=20, members=6):
    """Families of texts, in each of which some words have been replaced."""
    rng = np.random.default_rng(seed)
    texts = []
    for _ in range(families):
        base = rng.integers(60, size=rng.integers(20, 60))
        for _ in range(members):
            text = base.copy()
            text[rng.random(len(text)) < rng.choice([0.0, 0.03, 0.1, 0.3])] = rng.integers(60)
            texts.append(" ".join(f"w{word}" for word in text))
    return texts


@pytest.mark.parametrize("seed", range(5))
def test_clusters_are_those_of_brute_force_but_for_what_banding_may_miss(seed):
    texts = random_texts(seed)
    found, true = partition(clusters(texts)), brute_force(texts, 0.7)
    # never a pair below the threshold, so every cluster lies within a true one
    assert all(any(one <= other for other in true) for one in found)
    assert len(found) - len(true) <= 1
    assert len(true) < len(texts) - 10


@pytest.mark.parametrize("threshold", [0.7, 0.9])
def test_similarity_to_nearest_is_that_of_brute_force(threshold):
    texts, others = random_texts(7)[::2], random_texts(7)[1::2]
    found = similarity_to_nearest(texts, others, threshold)
    best = np.array([max(jaccard(text, other) for other in others) for text in texts])
    true = np.where(best >= threshold, best, 0.0)
    assert np.count_nonzero(np.abs(found - true) > 1e-12) <= 1
    assert 10 < np.count_nonzero(true) < len(texts) - 20
    assert (found <= true + 1e-12).all()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(alphabet="ab \n(é", max_size=12), max_size=12), st.sampled_from([0.7, 0.85, 1.0]))
def test_small_odd_texts(texts, threshold):
    numbers = clusters(texts, threshold)
    assert numbers.shape == (len(texts),)
    true = brute_force(texts, threshold)
    assert all(any(one <= other for other in true) for one in partition(numbers))
    for i, j in combinations(range(len(texts)), 2):
        if shingles(texts[i]) == shingles(texts[j]):
            assert numbers[i] == numbers[j]
    # numbered in the order of appearance
    assert list(dict.fromkeys(numbers.tolist())) == list(range(len(set(numbers.tolist()))))


@pytest.mark.parametrize(
    "copy",
    [
        PROGRAM.replace("limit", "bound"),
        PROGRAM.replace("% 2", "% 7"),
        PROGRAM + "\n# written by somebody else\n",
        PROGRAM.replace("    ", "\t"),
        PROGRAM.replace("result = 0\n", "result = 0\n    seen = 0\n"),
    ],
    ids=["renamed variable", "changed number", "appended comment", "other indentation", "added line"],
)
def test_a_planted_copy_is_found(copy):
    others = [f"def f{i}(x):\n    return [x[{i}], x * {i}, 'text {i}']" for i in range(50)]
    numbers = clusters([PROGRAM, *others, copy])
    assert numbers[0] == numbers[-1] == 0
    assert (numbers[1:-1] != 0).all()
    assert similarity_to_nearest([copy, "something else altogether"], [*others, PROGRAM])[0] >= 0.7
    assert similarity_to_nearest(["something else altogether"], [PROGRAM])[0] == 0


def test_another_program_of_the_same_words_is_no_copy():
    other = "def total(numbers):\n    return sum(number for number in numbers if number > 0)\n"
    assert clusters([PROGRAM, other]).tolist() == [0, 1]


def test_the_same_in_every_process():
    code = (
        "from bench.near_duplicates import signatures, shingle_sets; "
        "print(signatures(shingle_sets(['a b c d e', 'x', ''])).sum())"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("1", "2")
    }
    assert len(printed) == 1


def test_nothing_to_compare():
    assert clusters([]).tolist() == []
    assert similarity_to_nearest([], ["a"]).tolist() == []
    assert similarity_to_nearest(["a b c d"], []).tolist() == [0.0]


def test_boilerplate_costs_no_square_of_time():
    # 60 words in common and one of their own: every text shares a bucket with nearly every other
    common = " ".join(f"word{i}" for i in range(60))
    texts = [f"{common} own{i} own{i + 1} own{i + 2}" for i in range(8_000)]
    start = time.process_time()
    assert clusters(texts).max() == 0
    assert time.process_time() - start < 8


def test_records_without_the_syntax_of_json():
    schema = Schema((Column("api_name", "text"), Column("parameters", "json")))
    records = pd.DataFrame(
        {"api_name": ["Get", None], "parameters": ['{"type":"object","ids":[1,2]}', "{}"]}, dtype="str"
    )
    assert record_texts(records, schema) == ["Get\n type object ids 1 2 ", "\n "]


def test_small_tools_with_different_words_stay_apart():
    names = list(product(["city", "stock", "song", "team"], ["list", "find"]))
    schema = Schema((Column("api_name", "text"), Column("parameters", "json")))
    parameters = '{{"type":"object","properties":{{"{0}":{{"type":"string","description":"{1} {0}"}}}},"required":[]}}'
    frame = pd.DataFrame([(f"{b} {a}", parameters.format(a, b)) for a, b in names], columns=schema.names, dtype="str")
    assert len(set(clusters(record_texts(frame, schema)).tolist())) == len(names)
