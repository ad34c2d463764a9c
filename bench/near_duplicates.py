"""Near duplicates among texts: MinHash over shingles of tokens, banded, and verified.

The resemblance of two texts is the Jaccard similarity of their sets of shingles, runs of `SHINGLE`
tokens (Broder 1997, "On the resemblance and containment of documents"). The smallest value of a
random hash function over a set is a MinHash: two sets share it with a probability equal to their
similarity. `BANDS` groups of `ROWS` MinHashes choose the pairs to look at (Indyk and Motwani 1998):
a pair of similarity s shares one with probability 1 - (1 - s^ROWS)^BANDS, which is .9986 at the
threshold. These pairs are verified by their sets, so nothing below the threshold is reported; what is
missed is one in 700 of the pairs at the threshold, and far fewer above it.

A token is a word or a single sign; white space counts for nothing. A shingle is kept as a hash of 31
bits. Why three tokens and .7: docs/decisions/012-near-duplicates.md.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from itertools import chain, pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

from bench.records import Schema

SHINGLE = 3
THRESHOLD = 0.7
BANDS = 24
ROWS = 4
SEED = 1997
# A text is compared with at most so many others of its bucket, so that boilerplate does not cost a square.
NEIGHBOURS = 64
# Shingles, and texts, that are worked on at a time: temporary arrays fit the cache of a processor.
CHUNK = 1 << 17
TEXTS = 1 << 10
TOKEN = re.compile(r"\w+|[^\w\s]")

Counts = NDArray[np.intp]
Pairs = tuple[Counts, Counts]


def clusters(texts: Sequence[str], threshold: float = THRESHOLD) -> Counts:
    """The cluster of each text: texts joined by a chain of pairs whose similarity reaches the threshold.

    Args:
        texts: any texts; those without a token are duplicates of each other.
        threshold: lowest Jaccard similarity of near duplicates, in (0, 1].

    Returns:
        Numbers from 0 in the order of the first text of each cluster, shape (texts,).
    """
    sets, first = distinct(shingle_sets(texts))
    label = np.arange(sets.shape[0])
    for keys in bands(signatures(sets)):
        left, right = within_buckets(keys)
        apart = label[left] != label[right]
        left, right = left[apart], right[apart]
        near = similarity(sets, left, sets, right, threshold) >= threshold
        label = joined(label, label[left[near]], label[right[near]])
    _, first_of_cluster, number = np.unique(label[first], return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first_of_cluster))[number]


def record_texts(records: pd.DataFrame, schema: Schema) -> list[str]:
    """What near duplicates among records are measured on: text as it is, JSON reduced to its words.

    The syntax of JSON is the same in every record; its signs would make any two small ones similar.

    Args:
        records: a canonical frame; its numbers are not looked at.
        schema: of the frame.
    """
    columns = []
    for column in schema.columns:
        if not column.numeric:
            texts = records[column.name].fillna("")
            columns.append(texts.str.replace(r"\W+", " ", regex=True) if column.kind == "json" else texts)
    return ["\n".join(values) for values in zip(*columns, strict=True)]


def similarity_to_nearest(
    texts: Sequence[str], others: Sequence[str], threshold: float = THRESHOLD
) -> NDArray[np.float64]:
    """Jaccard similarity of each text to the most similar of `others`, 0 where none reaches the threshold.

    Args:
        texts: any texts.
        others: what they may be near copies of.
        threshold: lowest Jaccard similarity that counts, in (0, 1].

    Returns:
        Shape (texts,).
    """
    ours, first = distinct(shingle_sets(texts))
    theirs, _ = distinct(shingle_sets(others))
    nearest = np.zeros(ours.shape[0])
    for keys, other_keys in zip(bands(signatures(ours)), bands(signatures(theirs)), strict=True):
        left, right = across_buckets(keys, other_keys)
        found = similarity(ours, left, theirs, right, threshold)
        np.maximum.at(nearest, left, np.where(found >= threshold, found, 0.0))
    return nearest[first]


def shingle_sets(texts: Sequence[str]) -> sparse.csr_array:
    """A row a text whose stored columns are the hashes of its shingles, shape (texts, 2**31 - 1)."""
    hashes = TokenHashes()
    columns, sizes = [np.empty(0, dtype=np.int32)], [np.zeros(1, dtype=np.int64)]
    for start in range(0, len(texts), TEXTS):
        tokens = [list(map(hashes.__getitem__, TOKEN.findall(text))) for text in texts[start : start + TEXTS]]
        row, column = shingles(tokens)
        columns.append(column)
        sizes.append(np.bincount(row, minlength=len(tokens)))
    indices, ends = np.concatenate(columns), np.cumsum(np.concatenate(sizes))
    return sparse.csr_array((np.ones(len(indices), dtype=np.int32), indices, ends), shape=(len(texts), 2**31 - 1))


class TokenHashes(dict[str, int]):
    """Token -> 64 bits that are the same in every process, unlike Python's own hash of a text."""

    def __missing__(self, token: str) -> int:
        digest = hashlib.blake2b(token.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        self[token] = value = int.from_bytes(digest, "little")
        return value


def shingles(texts: Sequence[list[int]]) -> tuple[Counts, NDArray[np.int32]]:
    """Text and hash of every distinct shingle, sorted; a text of fewer than `SHINGLE` tokens is one shingle.

    Args:
        texts: the hashes of the tokens of each text.
    """
    padded = [text + [0] * (SHINGLE - len(text)) for text in texts]
    sizes = np.array([len(text) for text in padded])
    tokens = np.fromiter(chain.from_iterable(padded), dtype=np.uint64, count=int(sizes.sum()))
    mixed = np.zeros(len(tokens), dtype=np.uint64)
    for offset in range(SHINGLE):
        # a product mod 2**64 carries upwards only, so the high half is brought down before the next one
        mixed = (mixed ^ (mixed >> np.uint64(32))) * np.uint64(0x9E3779B97F4A7C15) + np.roll(tokens, -offset)
    mixed = (mixed ^ (mixed >> np.uint64(32))) * np.uint64(0xD6E8FEB86659FD93)
    # the last runs of a text would reach into the next one
    inside = np.arange(len(tokens)) < np.repeat(np.cumsum(sizes) - SHINGLE + 1, sizes)
    text = np.repeat(np.arange(len(texts), dtype=np.uint64), sizes)
    keys = np.sort(((text << np.uint64(31)) | (mixed >> np.uint64(33)))[inside])
    keys = keys[np.diff(keys, prepend=~keys[:1]) != 0]
    return (keys >> np.uint64(31)).astype(np.intp), (keys & np.uint64(2**31 - 1)).astype(np.int32)


def distinct(sets: sparse.csr_array) -> tuple[sparse.csr_array, Counts]:
    """The different ones among the sets, in the order of their first appearance, and which of them each set is."""
    numbers: dict[bytes, int] = {}
    first: list[int] = []
    which = np.empty(sets.shape[0], dtype=np.intp)
    for row, (start, stop) in enumerate(pairwise(sets.indptr.tolist())):
        content = hashlib.blake2b(sets.indices[start:stop].tobytes(), digest_size=16).digest()
        if content not in numbers:
            numbers[content] = len(first)
            first.append(row)
        which[row] = numbers[content]
    return sets[np.array(first, dtype=np.intp)], which


def signatures(sets: sparse.csr_array) -> NDArray[np.uint32]:
    """MinHashes, shape (sets, BANDS * ROWS); hash functions by multiply-add-shift (Dietzfelbinger 1996)."""
    random = np.random.default_rng(SEED)
    factors, summands = random.integers(2**64, size=(2, BANDS * ROWS), dtype=np.uint64)
    found = np.empty((sets.shape[0], BANDS * ROWS), dtype=np.uint32)
    for rows in chunks(sets.indptr):
        start, stop = sets.indptr[rows.start], sets.indptr[rows.stop]
        values = sets.indices[start:stop].astype(np.uint64)
        begins = sets.indptr[rows.start : rows.stop] - start
        for number, (factor, summand) in enumerate(zip(factors, summands, strict=True)):
            hashed = ((values * factor + summand) >> np.uint64(32)).astype(np.uint32)
            found[rows.start : rows.stop, number] = np.minimum.reduceat(hashed, begins)
    return found


def chunks(ends: NDArray[np.integer]) -> Iterator[range]:
    """Ranges of rows that hold about `CHUNK` values, given where each row ends (0 first)."""
    start, size = 0, len(ends) - 1
    while start < size:
        stop = max(start + 1, int(np.searchsorted(ends, ends[start] + CHUNK, side="right")) - 1)
        yield range(start, stop)
        start = stop


def bands(minhashes: NDArray[np.uint32]) -> Iterator[NDArray[np.uint64]]:
    """One key a set and band: equal keys are a bucket."""
    for band in range(BANDS):
        key = np.zeros(len(minhashes), dtype=np.uint64)
        for row in range(ROWS):
            key = (key ^ (key >> np.uint64(29))) * np.uint64(0x9E3779B97F4A7C15) + minhashes[:, band * ROWS + row]
        yield key


def within_buckets(keys: NDArray[np.uint64]) -> Pairs:
    """Pairs of sets with the same key, each set with at most `NEIGHBOURS` that follow it."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    after = np.searchsorted(ordered, ordered, side="right") - np.arange(len(keys)) - 1
    return expand(order, np.arange(len(keys)) + 1, np.minimum(after, NEIGHBOURS), order)


def across_buckets(keys: NDArray[np.uint64], other_keys: NDArray[np.uint64]) -> Pairs:
    """Pairs of a set and another set with the same key, each set with at most `NEIGHBOURS`."""
    order = np.argsort(other_keys, kind="stable")
    ordered = other_keys[order]
    begin = np.searchsorted(ordered, keys, side="left")
    count = np.searchsorted(ordered, keys, side="right") - begin
    return expand(np.arange(len(keys)), begin, np.minimum(count, NEIGHBOURS), order)


def expand(sources: Counts, begins: Counts, counts: Counts, targets: Counts) -> Pairs:
    """Each source with the `counts` targets from position `begins` on."""
    left = np.repeat(sources, counts)
    offset = np.arange(len(left)) - np.repeat(np.cumsum(counts) - counts, counts)
    return left, targets[np.repeat(begins, counts) + offset]


def similarity(
    ours: sparse.csr_array, left: Counts, theirs: sparse.csr_array, right: Counts, threshold: float
) -> NDArray[np.float64]:
    """Jaccard similarity of pairs of sets, 0 where the sizes alone keep it below the threshold; shape (pairs,)."""
    size, other_size = np.diff(ours.indptr)[left], np.diff(theirs.indptr)[right]
    found = np.zeros(len(left))
    open_pairs = np.flatnonzero(np.minimum(size, other_size) >= threshold * np.maximum(size, other_size))
    work = np.concatenate([[0], np.cumsum((size + other_size)[open_pairs])])
    for rows in chunks(work):
        pairs = open_pairs[rows.start : rows.stop]
        shared = ours[left[pairs]].multiply(theirs[right[pairs]]).sum(axis=1)
        found[pairs] = shared / (size[pairs] + other_size[pairs] - shared)
    return found


def joined(label: Counts, left: Counts, right: Counts) -> Counts:
    """Labels after the labels `left` and `right` have become one, pair by pair."""
    size = len(label)
    edges = sparse.coo_array((np.ones(len(left), dtype=np.int8), (left, right)), shape=(size, size))
    component: Counts = csgraph.connected_components(edges, directed=False)[1].astype(np.intp)
    return component[label]
