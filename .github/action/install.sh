#!/usr/bin/env bash
# Installs the harness from its checkout, at the versions it was tested with, and what is to be benchmarked.
# Reads ACTION_PATH and PACKAGE, one requirement a line.
set -euo pipefail

requirements=("$ACTION_PATH")
while IFS= read -r requirement; do
    if [ -n "$requirement" ]; then
        requirements+=("$requirement")
    fi
done <<<"$PACKAGE"
python -m pip install --constraint "$ACTION_PATH/constraints.txt" "${requirements[@]}"
bench list
