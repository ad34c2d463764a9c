"""Protocol `harness` of machine-learning efficiency.

Codes, hyper-parameters and the number of trees come from the synthetic rows alone; the chosen model
is refitted on all of them and tested once on the real test rows.
"""

from __future__ import annotations

from dataclasses import asdict
from functools import partial

from bench.records import Schema
from evaluators.base import Score
from evaluators.tabular.encode import fit_encoding
from evaluators.tabular.linear import Linear
from evaluators.tabular.mle_config import Evaluation
from evaluators.tabular.mle_importance import importance_agreement, undefined_agreement
from evaluators.tabular.mle_measures import (
    Measures,
    Trained,
    measure_names,
    measured,
    metric_name,
    undefined,
    why_not_learnt,
)
from evaluators.tabular.mle_mixing import mixture_names, mixtures, undefined_mixture
from evaluators.tabular.mle_work import side_by_side
from evaluators.tabular.models import CatBoost, Learner, Problem, XGBoost
from evaluators.tabular.prediction import bootstrap_weights
from evaluators.tabular.tune import Tuned, split, tune

PROTOCOL, VERSION = "harness", 2
LEARNERS: tuple[Learner, ...] = (XGBoost(), CatBoost(), Linear())  # the first is what mixtures are trained with


def harness(job: Evaluation) -> list[Score]:
    """Tune every learner, refit it, test it; then what else the tuned XGBoost can tell."""
    config, schema = job.config, job.schema
    encoding = fit_encoding(job.synthetic, schema)
    examples, test = encoding.examples(job.synthetic), encoding.examples(job.data.test)
    train, validation = split(examples, len(encoding.classes), config.validation_fraction, job.seed)
    reason = why_not_learnt(schema, examples, "synthetic ")
    if len(test) == 0:
        reason = "there are no test records with a target"
    elif reason is None and (len(validation) == 0 or why_not_learnt(schema, train) is not None):
        reason = f"{len(examples)} synthetic records, too few distinct ones to tune on a part of them"
    if reason is not None:
        return [
            *(undefined(name, reason, PROTOCOL, VERSION, len(job.synthetic)) for name in metrics(schema)),
            *(undefined_mixture(job, name, reason) for name in mixture_names(job.config)),
            undefined_agreement(job, reason),
        ]
    problem = Problem(encoding.categorical, len(encoding.classes), 1, job.seed)
    weights = bootstrap_weights(len(test), config.bootstrap_draws, job.seed)

    def refit(learner: Learner, tuned: Tuned) -> tuple[Trained, Measures]:
        trained = Trained(encoding, learner.fit(problem, tuned.parameters, tuned.trees, examples, None), len(examples))
        return trained, trained.measure(job.data.test, weights)

    with job.progress.task("mle", len(LEARNERS) * (config.trials + 1), "fits") as task:
        best = tune(
            LEARNERS,
            problem,
            train,
            validation,
            trials=config.trials,
            maximum_trees=config.maximum_trees,
            known=job.known,
            workers=config.workers,
            task=task,
        )
        jobs = [partial(refit, learner, tuned) for learner, tuned in zip(LEARNERS, best, strict=True)]
        found = side_by_side(jobs, config.workers, done=lambda result: task.advance())
    scores = []
    for learner, tuned, (_, measures) in zip(LEARNERS, best, found, strict=True):
        details = asdict(tuned) | {"train_rows": len(examples), "test_rows": len(test)}
        for measure, values in measures.items():
            name = metric_name(learner.name, measure, schema.log_target)
            scores.append(measured(name, values, PROTOCOL, VERSION, len(job.synthetic), details))
    return [*scores, *mixtures(job, best[0], weights), importance_agreement(job, best[0], found[0][0])]


def metrics(schema: Schema) -> list[str]:
    """The names of the scores of a table."""
    return [
        metric_name(learner.name, measure, schema.log_target)
        for learner in LEARNERS
        for measure in measure_names(schema)
    ]
