"""Footnotes: what keeps numbers apart that stand in one column, tied to the lines that they concern.

The figures are measured: docs/paper.md says how.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from leaderboards.paper.model import Line, Section

UNTRAINED = frozenset({"real", "holdout", "marginals", "smote", "copula"})


@dataclass(frozen=True)
class Note:
    """A footnote, on which pages it may stand, and which lines it concerns."""

    pages: tuple[str, ...]
    concerns: Callable[[Line], bool]
    text: str


def printed_on(split: str) -> Callable[[Line], bool]:
    return lambda line: line.kind == "printed" and line.split == split


def measured_under(*protocols: str) -> Callable[[Line], bool]:
    return lambda line: line.kind == "measured" and line.protocol in protocols


def of_method(*words: str) -> Callable[[Line], bool]:
    return lambda line: line.kind == "printed" and any(word in line.method for word in words)


NOTES = (
    Note(
        ("main",),
        printed_on("tabsyn"),
        "DiffLM's paper takes this line from TabSyn's (arXiv 2310.09656): TabSyn's split and TabSyn's rule, which are "
        "not those of DiffLM's own line. The printed Real is therefore no ceiling of the printed DiffLM.",
    ),
    Note(
        ("main",),
        printed_on("difflm"),
        "On a split of its own. There the train rows themselves reach .795 on Default (the test rows alone give that a "
        "standard error of .012), .926 on Shoppers, .931 on Magic and an RMSE of .449 on Beijing, by the rule "
        "'tabsyn', mean of three draws of validation rows. DiffLM's .794 on Default is level with real data, not .024 "
        "above it, as it seems beside the printed .770.",
    ),
    Note(
        ("main",),
        lambda line: line.protocol == "difflm",
        "Best of a hundred: of a hundred draws of validation rows the one is reported that does best on the test "
        "rows, and for each measure the best selection, again on the test rows. It lifts an AUC by .003 to .006.",
    ),
    Note(
        ("main",),
        lambda line: line.protocol == "tabsyn" and line.kind == "measured",
        "36 XGBoosts on 8/9 of the synthetic rows, one of them selected on the other 1/9, with the quirks of the "
        "published code. One draw of validation rows; it moves the AUC of real rows by .003 on Shoppers.",
    ),
    Note(
        ("main",),
        lambda line: line.generator == "real" and line.protocol != "harness",
        "Train rows drawn with replacement: copies of the rows that a model has learnt are among its validation "
        "rows, so that deeper trees are selected (on Adult depth 20 in place of 5). The printed Real is a model of "
        "the train rows themselves.",
    ),
    Note(
        ("main",),
        of_method("gpt-4"),
        "TabSyn's paper has no such line. On which split and by which rule it was computed is not known to us.",
    ),
    Note(
        ("density",),
        printed_on("difflm"),
        "Which version and settings of SDMetrics are behind it is not known to us.",
    ),
    Note(
        ("density",),
        measured_under("sdmetrics-0.11"),
        "Missing labels are dropped, as SDMetrics does. 'harness' counts them as a label.",
    ),
    Note(
        ("correlation",),
        lambda line: line.protocol == "sdmetrics-0.11",
        "SDMetrics 0.11 cuts real and synthetic numbers into ten bins each from their own smallest to their own "
        "largest value, so that one far value moves every bin. 'harness' cuts both where the real column is cut.",
    ),
    Note(
        ("main", "density", "correlation"),
        lambda line: line.kind == "measured" and line.split == "harness",
        "Adult comes with test rows of its own: the splits 'harness' and 'tabsyn' hold the same rows of it. All other "
        "tables are split differently.",
    ),
    Note(
        ("main", "density", "correlation", "privacy"),
        lambda line: line.kind == "measured" and line.profile == "cpu" and line.generator not in UNTRAINED,
        "Profile 'cpu': trained for minutes on a CPU, mostly with smaller networks than published. A difference "
        "from the printed number holds that too.",
    ),
    Note(
        ("privacy",),
        lambda line: line.kind == "measured" and line.generator == "holdout",
        "Validation rows, which only the split's validation part gives: none under split 'tabsyn', and none of Adult "
        "under split 'harness'.",
    ),
    Note(
        ("privacy",),
        lambda line: line.kind == "measured" and line.generator == "real",
        "Copies of train rows, and yet not 100: only as many train rows enter as there are held-out rows, so that a "
        "copy of any of them is found half of the time on Adult and one time in eight elsewhere (split 'harness'). "
        "That makes 75 and 56.",
    ),
    Note(
        ("code",),
        lambda line: line.kind == "printed",
        "Mistral and CodeLlama models of 7 to 12 billion weights, tested on HumanEval. Ours is a compact model with "
        "random weights unless another is named, so that only our own lines compare with each other.",
    ),
    Note(
        ("code",),
        of_method("unclear"),
        "The summaries do not agree on whether this is the base model or one trained on real programs.",
    ),
    Note(
        ("tool",),
        lambda line: line.kind == "printed",
        "The verdicts of one judge model at one time. Such figures move with the judge and its version; they "
        "compare with nothing that another judge says.",
    ),
    Note(
        ("tool",),
        lambda line: line.kind == "measured" and any("win_rate" in column.metric for column in line.entries),
        "A tie counts half, and every pair is shown in both orders. By this count the printed 28.3 wins and 6.8 "
        "ties would be 31.7.",
    ),
)


def footnotes(page: str, sections: Sequence[Section]) -> tuple[list[str], list[Section]]:
    """The texts of the notes that concern a line, and the tables whose lines have the numbers of their notes."""
    lines = [line for section in sections for line in section.lines]
    used = [note for note in NOTES if page in note.pages and any(note.concerns(line) for line in lines)]

    def noted(line: Line) -> Line:
        return replace(line, notes=tuple(number for number, note in enumerate(used, 1) if note.concerns(line)))

    return (
        [note.text for note in used],
        [replace(section, lines=[noted(line) for line in section.lines]) for section in sections],
    )
