"""The leaderboard as a site in one file."""

from leaderboards.site.html import render

__all__ = ["render"]
