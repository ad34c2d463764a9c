"""How often `bench gate` stops an honest run, and how often it catches planted damage.

    python -m benchmarks.gate [--results DIR] [--pool GENERATOR=SEEDS ...] [--dataset NAME ...]
        [--damaged SEEDS] [--halved SEEDS] [--pairs COUNT ...] [--redraws COUNT] [--evaluator NAME ...]

Cells of the profile `demo` that differ by their seed alone are computed once and kept in the results folder, so a
measurement that was stopped goes on. From these pools gates are redrawn: as many seeds for the baseline as for the run,
without overlap, over all generators and datasets together. False alarms are counted with honest runs. Then damage is
planted in one pool's run: a tenth of the values of one column made uniform, for every column; a label dropped; half the
training budget, in all pools of the generator. It is caught where a damaged pool itself regresses: with the seeds of
the baseline, so that damage to records meets the same models, and with other seeds, so that it is looked for through
the noise of another training.

Without arguments a small pool in a temporary folder, to see that all of it works.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.gating.pool import Pool, build
from benchmarks.gating.rates import rate
from leaderboards.gate import LEVEL

EVALUATORS = ["density", "correlation", "likelihood", "mle", "detection", "privacy", "validity"]
QUICK = ["density", "correlation"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--results", type=Path)
    parser.add_argument("--pool", nargs="+", default=["smote=10"], metavar="GENERATOR=SEEDS")
    parser.add_argument("--dataset", nargs="+", default=["adult"])
    parser.add_argument("--damaged", type=int, default=3, help="seeds whose records are damaged, 0 for none")
    parser.add_argument("--halved", type=int, default=0, help="seeds that are also trained with half the budget")
    parser.add_argument("--evaluator", nargs="+")
    parser.add_argument("--pairs", type=int, nargs="+", default=[3])
    parser.add_argument("--redraws", type=int, default=100)
    options = parser.parse_args()
    evaluators = options.evaluator or (EVALUATORS if options.results else QUICK)
    sizes = {name: int(seeds) for name, _, seeds in (text.partition("=") for text in options.pool)}
    most = max(options.pairs)
    if min(sizes.values()) <= 2 * most or any(0 < own < most for own in (options.damaged, options.halved)):
        parser.error(f"gates of {most} seeds a side need more than {2 * most} seeds, and {most} damaged or halved ones")
    start = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        pools = []
        for generator, seeds in sizes.items():
            pools += build(
                generator,
                options.dataset,
                seeds,
                options.damaged,
                options.halved,
                evaluators=evaluators,
                results=options.results or Path(folder),
            )
    print(f"pools ready after {time.process_time() - start:.0f} CPU seconds")
    for pairs in options.pairs:
        report(pools, pairs, options.redraws)


def report(pools: list[Pool], pairs: int, redraws: int) -> None:
    """Print the rates at one number of seeds."""
    count = sum(len(pool.comparisons) for pool in pools)
    print(f"\n{pairs} seeds for the baseline and {pairs} for the run, {count} comparisons, {redraws} redraws\n")
    print(f"{'':<60}{'equal seeds':>16}{'other seeds':>16}")

    def line(what: str, damage: dict[int, tuple[str, str]]) -> list[float]:
        found = [
            rate(pools, damage, pairs=pairs, redraws=redraws, level=LEVEL, equal_seeds=equal) for equal in (True, False)
        ]
        print(f"{what:<60}" + "".join(f"{one.share:>9.1%} ±{one.stderr:>5.1%}" for one in found), flush=True)
        return [one.share for one in found]

    line("honest: false alarms", {})
    for generator in dict.fromkeys(pool.generator for pool in pools):
        own = [place for place, pool in enumerate(pools) if pool.generator == generator]
        if all(("half the budget", "") in pools[place].damaged for place in own):
            line(f"{generator}: half the budget", {place: ("half the budget", "") for place in own})
    for place, pool in enumerate(pools):
        noisy = []
        for kind, where in pool.damaged:
            none = (kind, where) in pool.harmless
            found = line(f"{pool.title}: {kind} {where}{' (none to be seen)' if none else ''}", {place: (kind, where)})
            noisy += [found] if kind == "noise" and not none else []
        if noisy:
            means = "".join(f"{share:>9.1%}{'':>7}" for share in np.mean(noisy, axis=0))
            print(f"{f'{pool.title}: noise, mean over columns where there is some':<60}{means}")


if __name__ == "__main__":
    main()
