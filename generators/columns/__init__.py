"""Tables <-> what networks and densities are fitted on, shared by the generators of tables.

Whatever the way, nothing is invented and nothing is lost but what a model smooths: a missing category is a
category, where a number is missing is decided like a category, integers come back whole, and numbers come
back with as many decimals as train has. `blocks` and `one_hot` need torch and are imported by their own names.
"""

from generators.columns.encoded import Encoded
from generators.columns.gaps import Layout, layout
from generators.columns.labels import Labels
from generators.columns.mixed import MixedTable
from generators.columns.modes import Modes
from generators.columns.quantile import Quantiles

__all__ = [
    "Encoded",
    "Labels",
    "Layout",
    "MixedTable",
    "Modes",
    "Quantiles",
    "layout",
]
