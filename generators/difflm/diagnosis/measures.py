"""Measures of latents and of reconstructions, as functions of arrays.

Sources: sliced Wasserstein distance of Rabin et al. 2012 and Bonneel et al. 2015 (Journal of
Mathematical Imaging and Vision 51); classifier two-sample test of Lopez-Paz and Oquab 2017 (arXiv
1610.06545); active units of Burda et al. 2016 (arXiv 1509.00519), section 5.2.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold
from xgboost import XGBClassifier

from generators.difflm.bound import ACTIVE_VARIANCE

PROJECTIONS = 256
FOLDS = 5

Array = NDArray[np.floating]


def sliced_wasserstein(first: Array, second: Array, seed: int) -> float:
    """2-Wasserstein distance of one-dimensional projections, root mean square over random directions.

    Args:
        first, second: (rows, latent) each, equally many rows.
        seed: of the directions.

    Raises:
        ValueError: different numbers of rows.
    """
    directions = np.random.default_rng(seed).normal(size=(first.shape[1], PROJECTIONS))
    directions /= np.linalg.norm(directions, axis=0)
    gaps = np.sort(first @ directions, axis=0) - np.sort(second @ directions, axis=0)
    return float(np.sqrt((gaps**2).mean()))


def two_sample_auc(first: Array, second: Array, seed: int) -> tuple[float, float]:
    """AUC of XGBoost that tells two samples apart, and its standard error over the folds; 0.5 where it cannot.

    Args:
        first, second: (rows, latent) each, at least `FOLDS` rows.
        seed: of the folds.
    """
    features = np.concatenate([first, second])
    label = np.repeat([0, 1], [len(first), len(second)])
    areas = []
    for train, test in StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(features, label):
        classifier = XGBClassifier(n_estimators=100, max_depth=4, learning_rate=0.1, n_jobs=1, random_state=seed)
        classifier.fit(features[train], label[train])
        areas.append(roc_auc_score(label[test], classifier.predict_proba(features[test])[:, 1]))
    return float(np.mean(areas)), float(np.std(areas, ddof=1) / np.sqrt(FOLDS))


def field_matches(original: pd.DataFrame, decoded: pd.DataFrame, complete: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which fields came back unchanged, (records, columns); a missing value equals a missing value.

    Args:
        original: the records.
        decoded: what their latents were decoded to, without the records that were not legal.
        complete: (records,) which records `decoded` holds.
    """
    matches = np.zeros(original.shape, dtype=bool)
    there = original[complete].reset_index(drop=True)
    for place, name in enumerate(original.columns):
        before, after = there[name], decoded[name].reset_index(drop=True)
        same = (before == after).fillna(False).to_numpy(dtype=bool)
        matches[complete, place] = same | (before.isna() & after.isna()).to_numpy(dtype=bool)
    return matches


def token_matches(original: NDArray[np.int64], decoded: NDArray[np.int64], pad: int) -> float:
    """Share of the original tokens (records, length) that stand at the same place of (records, any) decoded ones."""
    width = original.shape[1]
    gap = max(0, width - decoded.shape[1])
    decoded = np.pad(decoded, ((0, 0), (0, gap)), constant_values=pad)[:, :width]
    return float((original == decoded)[original != pad].mean())


def dimension_kl(mean: Array, deviation: Array) -> Array:
    """KL(q(z | x) || N(0, 1)) of every dimension in nats, mean over the records; (records, latent) -> (latent,)."""
    return (0.5 * (mean**2 + deviation**2 - 1) - np.log(deviation)).mean(axis=0)


def active_units(mean: Array) -> int:
    """Dimensions whose posterior mean varies over the records (records, latent) by more than `ACTIVE_VARIANCE`."""
    return int((mean.var(axis=0) > ACTIVE_VARIANCE).sum())


def flatten(reference: Array, *others: Array) -> list[Array]:
    """All latents, `reference` first, on the two principal axes of `reference`; (rows, latent) -> (rows, 2) each."""
    axes = PCA(min(2, reference.shape[1]), svd_solver="full").fit(reference)
    flat = [axes.transform(latents) for latents in (reference, *others)]
    return [np.pad(points, ((0, 0), (0, 2 - points.shape[1]))) for points in flat]
