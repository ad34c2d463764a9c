"""Whether models of synthetic and of real rows agree on which features matter.

`importance_spearman`: Spearman's rank correlation of two vectors of permutation importances (Breiman
2001; model reliance of Fisher, Rudin and Dominici 2019), both on real test rows: by how much the loss
(log loss; squared error) grows when a feature is shuffled among the rows. One model is trained on the
synthetic rows, the other on the real train rows, both XGBoost with the parameters tuned on the
synthetic rows. Unlike the gain of a tree's splits this asks what a model does on real rows, does not
favour features with many values, and adds up over rows, which makes its bootstrap a matrix product.
A feature that misleads the model has a negative one.

Features that hardly matter are ranked by noise in both models, so 1 is out of reach. The reference says
what is in reach: where the records to be scored are the real train rows themselves, models of two
random halves of them are compared, which have half of the rows each and so agree a little less than
two whole samples would.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata

from evaluators.base import Score
from evaluators.tabular.linear import LEAST_PROBABILITY
from evaluators.tabular.mle_config import Evaluation
from evaluators.tabular.mle_measures import Trained, measured, train_on, true_classes, undefined
from evaluators.tabular.mle_work import side_by_side
from evaluators.tabular.prediction import bootstrap_weights
from evaluators.tabular.tune import Tuned

METRIC = "importance_spearman"
PROTOCOL, VERSION = "harness", 1
ROWS = 5000  # of the test part at most
SHUFFLES = 3


def importance_agreement(job: Evaluation, tuned: Tuned, of_synthetic: Trained) -> Score:
    """The score; `of_synthetic` is the XGBoost that was tuned on the synthetic rows and fitted to them."""
    features = job.schema.features
    if len(features) < 2:
        return undefined_agreement(job, f"a rank correlation needs two features or more, not {len(features)}")
    real = job.data.train[job.data.train[job.schema.target].notna()]
    compared = "synthetic and real train rows"
    sets = [real]
    if job.synthetic.equals(job.data.train):
        compared = "two halves of the real train rows"
        order = np.random.default_rng(job.seed).permutation(len(real))
        sets = [real.iloc[order[: len(real) // 2]], real.iloc[order[len(real) // 2 :]]]
    trained = side_by_side(
        [partial(train_on, records, job.schema, tuned, job.seed) for records in sets], job.config.workers
    )
    models = trained if len(trained) == 2 else [of_synthetic, *trained]
    for model in models:
        if isinstance(model, str):
            return undefined_agreement(job, f"no model of real train rows: {model}")
    test = drawn(job)
    increases = side_by_side([partial(loss_increases, model, test, job.seed) for model in models], job.config.workers)
    weights = bootstrap_weights(len(test), job.config.bootstrap_draws, job.seed)
    importances = [weights @ increase.T / len(test) for increase in increases]
    details = {
        "compared": compared,
        "test_rows": len(test),
        "loss_increase": {
            name: [float(values[0, place]) for values in importances] for place, name in enumerate(features)
        },
    }
    score = measured(METRIC, spearman(*importances), PROTOCOL, VERSION, len(job.synthetic), details)
    if np.isnan(score.value):
        score.details["reason"] = "no feature matters to one of the models"
    return score


def undefined_agreement(job: Evaluation, reason: str) -> Score:
    return undefined(METRIC, reason, PROTOCOL, VERSION, len(job.synthetic))


def drawn(job: Evaluation) -> pd.DataFrame:
    """Test rows with a target, up to `ROWS` of them."""
    test = job.data.test[job.data.test[job.schema.target].notna()]
    return test.iloc[np.random.default_rng(job.seed).permutation(len(test))[:ROWS]]


def loss_increases(trained: Trained, test: pd.DataFrame, seed: int) -> NDArray[np.float64]:
    """By how much the loss of each row grows when a feature is shuffled, mean over `SHUFFLES`; (features, rows).

    Equal seeds shuffle equally, whatever the model.
    """
    examples = trained.encoding.examples(test)
    truth = true_classes(trained.encoding, test)[0] if trained.encoding.classes else examples.target
    before = losses(trained.fitted.predict(examples.features), truth)
    rng = np.random.default_rng(seed)
    increases = np.zeros((examples.features.shape[1], len(examples)))
    for place in range(len(increases)):
        for _ in range(SHUFFLES):
            features = examples.features.copy()
            features[:, place] = rng.permutation(features[:, place])
            increases[place] += losses(trained.fitted.predict(features), truth) - before
    return increases / SHUFFLES


def losses(answer: NDArray[np.float64], truth: NDArray) -> NDArray[np.float64]:
    """Log losses of probabilities (rows, classes), squared errors of numbers (rows,); shape (rows,).

    A class that the model does not know has the probability 0, whatever the features say.
    """
    if answer.ndim == 1:
        return (answer - truth) ** 2
    known = np.minimum(truth, answer.shape[1] - 1)
    right = np.where(truth < answer.shape[1], answer[np.arange(len(truth)), known], 0.0)
    return -np.log(np.maximum(right, LEAST_PROBABILITY))


def spearman(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rank correlation of each pair of lines, ties sharing their mean rank; (draws, features) -> (draws,).

    NaN where a line has one value only.
    """
    ranks = [rankdata(values, axis=1) for values in (first, second)]
    centred = [values - values.mean(axis=1, keepdims=True) for values in ranks]
    size = np.sqrt((centred[0] ** 2).sum(axis=1) * (centred[1] ** 2).sum(axis=1))
    return np.divide((centred[0] * centred[1]).sum(axis=1), size, out=np.full(len(size), np.nan), where=size > 0)
