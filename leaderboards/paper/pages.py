"""The pages: what each one asks, and which metrics on which datasets it puts side by side."""

from __future__ import annotations

from dataclasses import dataclass

from bench.errors import unknown_name
from leaderboards.paper.model import Column

TABLES = ("adult", "default", "magic", "shoppers", "beijing")
REGRESSIONS = frozenset({"beijing"})


@dataclass(frozen=True)
class Page:
    """One page.

    Args:
        name: as the command line and the store's `published` have it.
        title, question: what it is about.
        evaluators: that compute its metrics.
        sections: heading of each table, and its columns.
        reference: what the cells of `holdout` are on this page: see `evaluators.base.Evaluator.reference_records`.
        methods: generators that are shown, measured or not, although nothing is printed of them.
        only: the page shows nothing but `methods`.
    """

    name: str
    title: str
    question: str
    evaluators: tuple[str, ...]
    sections: tuple[tuple[str, tuple[Column, ...]], ...]
    reference: str
    methods: tuple[str, ...] = ()
    only: bool = False

    def shows(self, generator: str) -> bool:
        return not self.only or generator in self.methods

    @property
    def columns(self) -> list[Column]:
        return [column for _, columns in self.sections for column in columns]

    @property
    def datasets(self) -> list[str]:
        return list(dict.fromkeys(column.dataset for column in self.columns))

    @property
    def metrics(self) -> list[str]:
        return list(dict.fromkeys(column.metric for column in self.columns))


def on_tables(metric: str) -> tuple[Column, ...]:
    return tuple(Column(dataset, metric) for dataset in TABLES)


EFFICIENCY = tuple(Column(name, "xgboost_rmse_log" if name in REGRESSIONS else "xgboost_auc") for name in TABLES)
TRAIN_ROWS, HELD_OUT = "the train records themselves", "held-out real records"
# shown only where something is measured in them
OPTIONAL = frozenset(
    {
        Column("flytech", "pass_at_1_base_percent"),
        Column("flytech_instructions", "pass_at_1_percent"),
        Column("flytech_instructions", "pass_at_1_base_percent"),
    }
)
COMPARED = ("smote", "ctgan", "tvae", "goggle", "great", "codi", "tabddpm", "tabsyn", "difflm")

PAGES = {
    page.name: page
    for page in (
        Page(
            "main",
            "Machine-learning efficiency",
            "An XGBoost is trained on synthetic rows and tested on real ones: AUC of a classification, "
            "RMSE of the logarithm of the target on Beijing.",
            ("mle",),
            (("Machine-learning efficiency", EFFICIENCY),),
            TRAIN_ROWS,
        ),
        Page(
            "density",
            "Column shapes",
            "How far the distribution of a column is from the real one: 100 times the mean of KS statistics "
            "and total variation distances.",
            ("density",),
            (("Column shape error %", on_tables("column_shape_error_percent")),),
            HELD_OUT,
        ),
        Page(
            "correlation",
            "Pair trends",
            "How far the joint distribution of two columns is from the real one: 100 times the mean over pairs.",
            ("correlation",),
            (("Pair trend error %", on_tables("pair_trend_error_percent")),),
            HELD_OUT,
        ),
        Page(
            "privacy",
            "Distance to closest record",
            "The share of synthetic rows whose closest real row is a train row and not one of as many held-out rows: "
            "50 where nothing leaks. The line 'holdout' is the share of real rows that no generator has seen.",
            ("privacy",),
            (("DCR share %", on_tables("dcr_share_percent")),),
            HELD_OUT,
            COMPARED,
        ),
        Page(
            "code",
            "Code: pass@1",
            "A language model is trained on synthetic programs and writes solutions of programming problems.",
            ("pass_at_k",),
            (
                (
                    "pass@1 %",
                    (
                        Column("flytech", "pass_at_1_percent"),
                        Column("flytech", "pass_at_1_base_percent"),
                        Column("flytech_instructions", "pass_at_1_percent"),
                        Column("flytech_instructions", "pass_at_1_base_percent"),
                    ),
                ),
            ),
            TRAIN_ROWS,
            ("real", "difflm"),
        ),
        Page(
            "tool",
            "Tool definitions",
            "A judge model compares synthetic tool definitions with real ones; a language model that is trained on "
            "synthetic ones chooses and calls held-out real ones.",
            ("tool_use", "judge"),
            (
                (
                    "Preference of a judge",
                    (
                        Column("toolbench", "judge_win_percent"),
                        Column("toolbench", "judge_equal_percent"),
                        Column("toolbench", "judge_loss_percent"),
                        Column("toolbench", "judge_win_rate_percent"),
                    ),
                ),
                (
                    "Use of the tools",
                    (
                        Column("toolbench", "selection_accuracy_percent"),
                        Column("toolbench", "held_out_selection_accuracy_percent"),
                        Column("toolbench", "call_accuracy_percent"),
                    ),
                ),
            ),
            TRAIN_ROWS,
            ("real", "difflm"),
        ),
        Page(
            "ablation",
            "DiffLM, part by part",
            "DiffLM in every config that the store holds, the settings named in which it differs from the commonest.",
            ("mle", "density", "correlation", "detection"),
            (
                ("Machine-learning efficiency", EFFICIENCY),
                ("Column shape error %", on_tables("column_shape_error_percent")),
                ("Pair trend error %", on_tables("pair_trend_error_percent")),
                ("Detection: 0.5 where a classifier cannot tell", on_tables("c2st_xgboost_auc")),
            ),
            HELD_OUT,
            ("difflm",),
            only=True,
        ),
    )
}


def chosen(name: str | None) -> list[Page]:
    """The page of a name; all where there is none.

    Raises:
        BenchError: there is no such page.
    """
    if name is None:
        return list(PAGES.values())
    if name not in PAGES:
        raise unknown_name("page", name, PAGES)
    return [PAGES[name]]
