#!/usr/bin/env bash
# Writes the leaderboard, the verdict and the history into the folder REPORT and into the summary of the job.
# Reads METRIC, RUN and VERDICT (both empty where the run did not begin), RESULTS and REPORT.
set -euo pipefail

mkdir -p "$REPORT"
if [ -z "$RUN" ]; then
    echo "The benchmark did not begin; the log of its step says why." >>"$GITHUB_STEP_SUMMARY"
    exit 0
fi

bench leaderboard --run "$RUN" --results "$RESULTS" --format md --out "$REPORT/leaderboard.md"
bench leaderboard --run "$RUN" --results "$RESULTS" --format html --out "$REPORT/leaderboard.html"
# an evaluator that was not asked for has no metric
bench history "$METRIC" --results "$RESULTS" --format html --out "$REPORT/history.html" || true
bench history "$METRIC" --results "$RESULTS" --out "$REPORT/history.txt" || true

{
    echo "# Benchmark: ${VERDICT:-not judged}"
    for part in gate history; do
        if [ -f "$REPORT/$part.txt" ]; then
            printf '\n~~~~text\n'
            cat "$REPORT/$part.txt"
            printf '\n~~~~\n'
        fi
    done
    cat "$REPORT/leaderboard.md"
} >>"$GITHUB_STEP_SUMMARY"
