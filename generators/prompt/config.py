"""Settings of the language model that is shown examples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bench.errors import BenchError


@dataclass(frozen=True)
class PromptConfig:
    """Which model, how much it is shown, and how much it may cost.

    Args:
        url: base of an OpenAI-compatible API, such as http://localhost:8000/v1; the key is read from OPENAI_API_KEY.
        model: name of the model; "" for the only one that the server has.
        pool: train records that are kept to show.
        examples: records of the pool that one request shows, drawn anew for each.
        records_per_request: how many records one request asks for.
        structure: what the server is asked to hold answers to: `json` (any JSON object), `schema` (a JSON Schema of
            the records, where the server knows `json_schema`), `none` for servers that know no response_format.
        listed_labels: labels of a column that a prompt lists, most frequent first.
        temperature: of the model's sampling.
        answer_tokens: longest answer.
        requests_per_record: cap on the requests of a sample, per record asked for; at least 10 are made where
            they are needed.
        max_requests: another cap on the requests of a sample; 0 for none.
        max_dollars: no request is sent that would lead beyond it at the cost of the dearest so far; 0 for no limit.
        prompt_price, completion_price: US dollars per million tokens; both 0 where the cost is not known.
        concurrency: requests under way at the same time.
        timeout_seconds: of one request.
        retries: how often a request is sent again after errors of the server.
        pause_seconds: before the first retry, twice as long before each further one.
    """

    url: str
    model: str = ""
    pool: int = 500
    examples: int = 10
    records_per_request: int = 20
    structure: Literal["json", "schema", "none"] = "json"
    listed_labels: int = 50
    temperature: float = 1.0
    answer_tokens: int = 4096
    requests_per_record: float = 0.25
    max_requests: int = 0
    max_dollars: float = 0.0
    prompt_price: float = 0.0
    completion_price: float = 0.0
    concurrency: int = 8
    timeout_seconds: float = 120.0
    retries: int = 5
    pause_seconds: float = 0.5

    def __post_init__(self) -> None:
        least = {"pool": 1, "examples": 0, "records_per_request": 1, "listed_labels": 0, "answer_tokens": 1}
        for name, low in (least | {"max_requests": 0, "concurrency": 1, "retries": 0}).items():
            if getattr(self, name) < low:
                raise BenchError(f"prompt: {name} is {getattr(self, name)}; it is at least {low}")
        if self.requests_per_record <= 0 or self.max_dollars < 0:
            raise BenchError("prompt: requests_per_record is above 0, max_dollars not below")
        if self.max_dollars and not (self.prompt_price or self.completion_price):
            raise BenchError("prompt: max_dollars needs prompt_price and completion_price")
