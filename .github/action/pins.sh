#!/usr/bin/env bash
# Names the cache of packages by what is installed: writes the output `digest`.
# Reads ACTION_PATH, the checkout of the harness.
set -euo pipefail

digest=$(cat "$ACTION_PATH/constraints.txt" "$ACTION_PATH/pyproject.toml" | sha256sum | cut -c 1-16)
echo "digest=$digest" >>"$GITHUB_OUTPUT"
