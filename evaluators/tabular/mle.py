"""Machine-learning efficiency: models trained on synthetic rows, tested on real ones."""

from __future__ import annotations

import pandas as pd

from bench.progress import SILENT, Progress
from bench.records import Dataset
from evaluators.base import Evaluator, Score
from evaluators.tabular.mle_config import Evaluation, MachineLearningEfficiencyConfig
from evaluators.tabular.mle_harness import harness
from evaluators.tabular.mle_published import difflm, tabsyn
from evaluators.tabular.mle_trials import Trials

RULES = {"harness": harness, "tabsyn": tabsyn, "difflm": difflm}


class MachineLearningEfficiency(Evaluator):
    """Train on synthetic, test on real.

    Classification: `{learner}_auc` (binary, else one against the rest, macro), `{learner}_accuracy`,
    `{learner}_macro_f1`. Regression: `{learner}_rmse`, `{learner}_r2`; with the suffix `_log` where
    the schema asks for the logarithm of the target, clipped to 1..20000. Learners are `xgboost`,
    `catboost` and `linear` (logistic or ridge regression). A table without a target has no such
    scores. Rows without a target are left out.

    Also `importance_spearman` (`mle_importance.py`), and on request what mixtures of real and synthetic
    rows are worth (`mle_mixing.py`) and the rules of two published tables (`mle_published.py`): the
    protocols `tabsyn`, with its quirks, and `difflm`, which is optimistic.

    The standard error is that of drawing the test rows; the fitted model is taken as given. A fit takes
    one thread, and as many run at a time as `workers` says, which changes no score. With a `checkpoint`
    folder an evaluation that was killed goes on from its finished fits.
    """

    Config = MachineLearningEfficiencyConfig
    families = frozenset({"tabular"})

    def evaluate(
        self, data: Dataset, synthetic: pd.DataFrame, *, seed: int = 0, progress: Progress = SILENT
    ) -> list[Score]:
        if data.schema.target is None:
            return []
        job = Evaluation(data, synthetic, self.config, seed, Trials(self.checkpoint), progress)
        return [score for name in dict.fromkeys(self.config.protocols) for score in RULES[name](job)]

    def reference_records(self, data: Dataset) -> pd.DataFrame:
        return data.train
