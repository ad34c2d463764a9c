"""Generators of synthetic records, imported when first asked for: torch comes only with those that train networks."""

import importlib
from typing import TYPE_CHECKING, Any

from bench.condition import Between
from generators.base import Generator, Sample

if TYPE_CHECKING:
    from generators.codi import CoDi
    from generators.copula import Copula
    from generators.ctgan import CTGAN
    from generators.difflm import DiffLM
    from generators.great import GReaT
    from generators.marginals import Marginals
    from generators.real import Real
    from generators.smote import Smote
    from generators.tabddpm import TabDDPM
    from generators.tabsyn import TabSyn
    from generators.tvae import TVAE

__all__ = [
    "CTGAN",
    "TVAE",
    "Between",
    "CoDi",
    "Copula",
    "DiffLM",
    "GReaT",
    "Generator",
    "Marginals",
    "Real",
    "Sample",
    "Smote",
    "TabDDPM",
    "TabSyn",
]

HOMES = {
    "CTGAN": "ctgan",
    "CoDi": "codi",
    "Copula": "copula",
    "DiffLM": "difflm",
    "GReaT": "great",
    "Marginals": "marginals",
    "Real": "real",
    "Smote": "smote",
    "TabSyn": "tabsyn",
    "TVAE": "tvae",
    "TabDDPM": "tabddpm",
}


def __getattr__(name: str) -> Any:
    if name not in HOMES:
        raise AttributeError(f"module 'generators' has no attribute '{name}'")
    return getattr(importlib.import_module(f"generators.{HOMES[name]}"), name)
