"""A model behind a local server that draws from train, which it never sees but in the prompt's examples."""

import json

import numpy as np
import pytest

from generators.prompt.question import in_json
from generators.texts.serialise import plain, to_texts


def simulator(records, schema, per_answer=20, spoil=None):
    """Answers with records drawn by the request's seed; `spoil` may change the list of them."""
    column = schema.names[0] if plain(schema) else None
    texts = [json.loads(in_json(text, column)) for text in to_texts(records, schema)]

    def respond(body, number):
        rng = np.random.default_rng(body["seed"])
        drawn = [texts[row] for row in rng.integers(len(texts), size=per_answer)]
        return json.dumps({"records": spoil(drawn, number) if spoil else drawn})

    return respond


@pytest.fixture
def simulate():
    return simulator
