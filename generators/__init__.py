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
    from generators.goggle import GOGGLE
    from generators.great import GReaT
    from generators.marginals import Marginals
    from generators.prompt import Prompt
    from generators.real import Real
    from generators.smote import Smote
    from generators.tabddpm import TabDDPM
    from generators.tabsyn import TabSyn
    from generators.tvae import TVAE

__all__ = [
    "CTGAN",
    "GOGGLE",
    "TVAE",
    "Between",
    "CoDi",
    "Copula",
    "DiffLM",
    "GReaT",
    "Generator",
    "Marginals",
    "Prompt",
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
    "GOGGLE": "goggle",
    "GReaT": "great",
    "Marginals": "marginals",
    "Prompt": "prompt",
    "Real": "real",
    "Smote": "smote",
    "TVAE": "tvae",
    "TabDDPM": "tabddpm",
    "TabSyn": "tabsyn",
}


def __getattr__(name: str) -> Any:
    if name not in HOMES:
        raise AttributeError(f"module 'generators' has no attribute '{name}'")
    return getattr(importlib.import_module(f"generators.{HOMES[name]}"), name)
