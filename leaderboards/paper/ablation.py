"""In which settings the configs of a generator differ from the commonest one."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

from leaderboards.paper.measured import Measured
from leaderboards.render.text import plain


def differences(lines: Sequence[Measured]) -> dict[str, str]:
    """Config hash -> what is different in it, in words; lines of one generator and one profile.

    The commonest config is that with most measured cells.
    """
    configs = {line.key.config_hash: json.loads(line.config) for line in lines}
    cells = Counter(line.key.config_hash for line in lines for one in line.summaries.values() for _ in one.values)
    commonest = min(configs, key=lambda name: (-cells[name], name))
    usual = configs[commonest]
    words = {}
    for name, config in configs.items():
        other = [
            f"{option} = {written(config, option)} (commonest: {written(usual, option)})"
            for option in sorted(config.keys() | usual.keys())
            if config.get(option) != usual.get(option)
        ]
        words[name] = plain(", ".join(other))
    words[commonest] = f"the commonest of {len(configs)} configs" if len(configs) > 1 else "the only config"
    return words


def written(config: dict[str, object], option: str) -> str:
    return json.dumps(config[option]) if option in config else "not set"
