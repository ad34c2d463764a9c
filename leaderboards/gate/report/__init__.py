"""A verdict as text, JSON, JUnit XML or GitHub annotations."""

from leaderboards.gate.report.annotations import annotations
from leaderboards.gate.report.document import json_text
from leaderboards.gate.report.junit import junit
from leaderboards.gate.report.text import text

__all__ = ["annotations", "json_text", "junit", "text"]
