"""The verdict as JUnit XML, which CI systems show as tests: one case a comparison and one a broken part."""

from __future__ import annotations

from xml.etree import ElementTree as Tree

from leaderboards.gate.report.words import broken, difference
from leaderboards.gate.verdict import Verdict
from leaderboards.render.text import plain


def junit(verdict: Verdict) -> str:
    """A test suite; regressions are failures, broken parts are errors, what failed in both is skipped."""
    suite = Tree.Element("testsuite", name="bench gate")
    for one in verdict.comparisons:
        case = add_case(suite, one.dataset, one.generator, one.what)
        if one.change == "worse":
            add_outcome(case, "failure", difference(one, verdict.level))
    for tag, found in (("error", verdict.broken), ("skipped", verdict.failed_in_both)):
        for part in found:
            add_outcome(add_case(suite, part.dataset, part.generator, part.what), tag, broken(part))
    suite.set("tests", str(len(suite)))
    suite.set("failures", str(len(verdict.regressions)))
    suite.set("errors", str(len(verdict.broken)))
    suite.set("skipped", str(len(verdict.failed_in_both)))
    Tree.indent(suite)
    return Tree.tostring(suite, encoding="unicode", xml_declaration=False) + "\n"


def add_case(suite: Tree.Element, dataset: str, generator: str, what: str) -> Tree.Element:
    return Tree.SubElement(suite, "testcase", classname=plain(f"{dataset}.{generator}"), name=plain(what))


def add_outcome(case: Tree.Element, tag: str, message: str) -> None:
    # XML knows no control characters, not even escaped
    Tree.SubElement(case, tag, message=plain(message)).text = plain(message)
