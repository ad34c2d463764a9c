"""A verdict as text, JSON, JUnit XML or GitHub annotations."""

from leaderboards.gate.report.document import json_text
from leaderboards.gate.report.github import github
from leaderboards.gate.report.junit import junit
from leaderboards.gate.report.text import text

__all__ = ["github", "json_text", "junit", "text"]
