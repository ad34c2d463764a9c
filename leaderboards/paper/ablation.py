"""In which settings the configs of a generator differ from the commonest one."""

from __future__ import annotations

import json
from collections.abc import Sequence

from leaderboards.paper.measured import Measured
from leaderboards.render.text import plain


def differences(lines: Sequence[Measured]) -> dict[str, str]:
    """Config hash -> what is different in it, in words; lines of one generator and one profile.

    The commonest config is that with most measured cells.
    """
    configs = {line.key.config_hash: json.loads(line.config) for line in lines}
    cells = {
        name: sum(len(summary.values) for line in lines if line.key.config_hash == name for summary in line.summaries.values())
        for name in configs
    }
    if not cells:
        return {}
    commonest = min(cells, key=lambda name: (-cells[name], name))
    usual = configs[commonest]
    words = {}
    for name, config in configs.items():
        other = [
            f"{option} = {written(config, option)} (not {written(usual, option)})"
            for option in sorted(config.keys() | usual.keys())
            if config.get(option) != usual.get(option)
        ]
        words[name] = plain(", ".join(other)) if name != commonest else f"commonest of {len(configs)}"
    return words


def written(config: dict[str, object], option: str) -> str:
    return json.dumps(config[option]) if option in config else "not set"
