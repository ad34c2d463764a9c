#!/usr/bin/env bash
# Compares a run with the baseline, if there is one; ends with the exit code of `bench gate`: 1 on a regression, 2 where
# the two cannot be compared. Writes the output `verdict`, annotations, and into the folder REPORT the verdict as text
# and JUnit XML, and the run as a baseline to commit.
# Reads BASELINE, RUN, RESULTS and REPORT.
set -euo pipefail

mkdir -p "$REPORT"
bench gate --update --baseline "$REPORT/baseline.parquet" --run "$RUN" --results "$RESULTS" ||
    echo "::warning title=baseline::this run cannot be a baseline"
if [ ! -f "$BASELINE" ]; then
    echo "verdict=no baseline" >>"$GITHUB_OUTPUT"
    echo "there is no baseline '$BASELINE'; to make one, commit baseline.parquet of the artifact there" |
        tee "$REPORT/gate.txt"
    exit 0
fi

judge() {
    bench gate --baseline "$BASELINE" --run "$RUN" --results "$RESULTS" "$@"
}

status=0
judge --format text --out "$REPORT/gate.txt" >/dev/null 2>"$REPORT/refused.txt" || status=$?
case "$status" in
0) verdict=passed ;;
1) verdict=regressed ;;
*)
    verdict=refused
    tee "$REPORT/gate.txt" <"$REPORT/refused.txt" >&2
    ;;
esac
echo "verdict=$verdict" >>"$GITHUB_OUTPUT"
if [ "$verdict" != refused ]; then
    judge --format github || [ "$?" -eq "$status" ]
    judge --format junit --out "$REPORT/gate.xml" >/dev/null || [ "$?" -eq "$status" ]
fi
rm "$REPORT/refused.txt"
exit "$status"
