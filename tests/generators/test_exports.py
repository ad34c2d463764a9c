"""What the two packages export, and that importing them stays cheap."""

import subprocess
import sys

import pytest

import generators


def test_packages_import_neither_torch_nor_boosting_libraries():
    code = (
        "import sys, evaluators, generators;"
        "print([m for m in ('torch', 'transformers', 'xgboost', 'catboost', 'optuna', 'imblearn') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_generators_that_train_no_network_load_no_torch():
    code = "import sys, generators.copula, generators.smote, generators.marginals; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_generators_are_found_by_name():
    assert generators.Smote.__module__ == "generators.smote.generator"
    with pytest.raises(AttributeError, match="Smoot"):
        _ = generators.Smoot
