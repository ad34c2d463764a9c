#!/usr/bin/env bash
# Runs the benchmark; ends with the exit code of `bench run` and writes the output `run`, its id.
# Reads GENERATOR, DATASET, TARGET, PROFILE, SEEDS, SETTINGS (one a line), EVALUATOR and RESULTS.
set -euo pipefail

newest() {
    find "$RESULTS/runs" -mindepth 1 -maxdepth 1 -type d -printf '%f\n' 2>/dev/null | sort | tail -n 1 || true
}

arguments=(--generator "$GENERATOR" --dataset "$DATASET" --profile "$PROFILE" --set "seeds=$SEEDS")
arguments+=(--results "$RESULTS" --jobs "$(nproc)")
if [ -n "$TARGET" ]; then
    arguments+=(--target "$TARGET")
fi
if [ -n "$EVALUATOR" ]; then
    arguments+=(--evaluator "$EVALUATOR")
fi
while IFS= read -r setting; do
    if [ -n "$setting" ]; then
        arguments+=(--set "$setting")
    fi
done <<<"$SETTINGS"

# Ids of runs begin with the time, so that the newest one is this one, unless it was refused before it began.
before=$(newest)
status=0
bench run "${arguments[@]}" || status=$?
run=$(newest)
if [ "$run" != "$before" ]; then
    echo "run=$run" >>"$GITHUB_OUTPUT"
fi
exit "$status"
