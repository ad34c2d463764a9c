"""The one client for servers that speak OpenAI's chat completions: vLLM, llama.cpp, Ollama, OpenAI itself.

Answers are appended to a log as they come (one JSON object a line, keyed by a hash of server and request), so that
what was asked once is not asked, or paid for, again. What a server does wrong is tried again after a growing pause
(rate limits, errors 5xx, timeouts, answers that are no chat completion) and counted; what the request does wrong
ends in one line. The key is read from OPENAI_API_KEY and written nowhere.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from bench.errors import BenchError
from bench.progress import SILENT, Progress, Task

if TYPE_CHECKING:
    import openai

T = TypeVar("T")
KEY = "OPENAI_API_KEY"
NO_KEY = "none"  # servers of one's own ask for none, the client for some
LONGEST_PAUSE = 60.0  # seconds, whatever a server asks for
OVERLOADED = {408, 409, 429}


class ServerError(BenchError):
    """A server failed or refused; what it had answered before stands in the log."""


@dataclass(frozen=True)
class Server:
    """Where to ask, and how patiently.

    Args:
        url: base of the API, such as http://localhost:8000/v1.
        model: name of the model; "" for the only one that the server has.
        timeout_seconds: of one request.
        retries: how often a request is sent again.
        pause_seconds: before the first retry, twice as long before each further one; a longer `Retry-After` is kept.
        concurrency: requests under way at the same time.
        prompt_price, completion_price: US dollars per million tokens; both 0 where the cost is not known.
    """

    url: str
    model: str = ""
    timeout_seconds: float = 60.0
    retries: int = 5
    pause_seconds: float = 0.5
    concurrency: int = 8
    prompt_price: float = 0.0
    completion_price: float = 0.0


@dataclass(frozen=True)
class Request:
    """What is asked.

    Args:
        messages: role and content of each.
        seed: of the server's sampling.
        temperature: 0 for the most likely answer.
        max_tokens: length of the answer.
        json_mode: ask the server to answer with a JSON object and nothing else.
        json_schema: ask the server to answer with JSON that this schema describes, and nothing else; not every
            server can.
    """

    messages: tuple[dict[str, str], ...]
    seed: int = 0
    temperature: float = 0.0
    max_tokens: int = 512
    json_mode: bool = False
    json_schema: dict[str, Any] | None = None

    def body(self, model: str) -> dict[str, Any]:
        """Fields of the chat completion."""
        fields = {name: value for name, value in asdict(self).items() if name not in ("json_mode", "json_schema")}
        extra: dict[str, Any] = {"response_format": {"type": "json_object"}} if self.json_mode else {}
        if self.json_schema is not None:
            named = {"name": "answer", "schema": self.json_schema}
            extra = {"response_format": {"type": "json_schema", "json_schema": named}}
        return {"model": model, **fields, "messages": list(self.messages), **extra}


@dataclass(frozen=True)
class Answer:
    """What came back, what it took, and whether it stood in the log already."""

    text: str
    prompt_tokens: int
    completion_tokens: int
    retries: int = 0
    logged: bool = False


@dataclass(frozen=True)
class Usage:
    """What a number of answers took together; `logged` ones were paid for in an earlier, interrupted run."""

    requests: int = 0
    logged: int = 0
    retries: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    dollars: float = 0.0


class Chat:
    """A server and the log of what it said; a context manager, to be used by one thread at a time."""

    def __init__(self, server: Server, log: Path | None = None) -> None:
        """Open the log.

        Raises:
            BenchError: the `openai` package is not installed, the url is none, or the log cannot be read.
        """
        self.client = connect(server)
        self.log = log
        self.known = read_log(log) if log is not None else {}
        self.reached = False
        self.usage = Usage()
        self.lock = threading.Lock()
        self.stopping = threading.Event()
        self.server = server

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.client.close()

    def choose_model(self) -> str:
        """The model asked for, or the only one that the server has.

        Raises:
            BenchError: the server cannot be reached, or has several models or none.
        """
        if not self.server.model:
            names = self.patiently(lambda: [one.id for one in self.client.models.list().data])[0]
            if len(names) != 1:
                raise BenchError(f"'{self.server.url}' has the models {', '.join(names) or '(none)'}; name one of them")
            self.server = replace(self.server, model=names[0])
        return self.server.model

    def ask(self, requests: Sequence[Request], what: str = "asking", progress: Progress = SILENT) -> list[Answer]:
        """An answer to each request, in their order.

        Raises:
            ServerError: a request was refused, or failed as often as it may; the others under way are
                finished and logged, no new one is sent.
        """
        self.choose_model()
        failures: list[BaseException] = []

        def work(request: Request) -> Answer | None:
            if self.stopping.is_set():
                return None
            try:
                return self.answer(request, task)
            except BaseException as error:
                failures.append(error)
                self.stopping.set()
                return None

        with progress.task(what, len(requests), "calls") as task:
            pool = ThreadPoolExecutor(max(1, self.server.concurrency))
            try:
                answers = list(pool.map(work, requests))
            finally:
                self.stopping.set()
                pool.shutdown(cancel_futures=True)
                self.stopping.clear()
        if failures:
            raise failures[0]
        return [one for one in answers if one is not None]

    def answer(self, request: Request, task: Task) -> Answer:
        """From the log or from the server."""
        body = request.body(self.server.model)
        key = hashlib.sha256(json.dumps([self.server.url, body], sort_keys=True).encode()).hexdigest()
        known = self.known.get(key)
        if known is not None:
            found = Answer(**known, logged=True)
        else:
            (text, prompt, completion), retries = self.patiently(
                lambda: read(self.client.chat.completions.create(**body))
            )
            found = Answer(text, prompt, completion, retries)
        with self.lock:
            if known is None:
                self.keep(key, body, found)
            self.usage = self.with_answer(found)
            task.advance(1, dollars=self.usage.dollars, retries=self.usage.retries)
        return found

    def keep(self, key: str, body: dict[str, Any], answer: Answer) -> None:
        kept = {name: value for name, value in asdict(answer).items() if name != "logged"}
        self.known[key] = kept
        if self.log is not None:
            self.log.parent.mkdir(parents=True, exist_ok=True)
            with self.log.open("a", encoding="utf-8") as file:
                # in front: the last line of a killed run may have no end
                file.write("\n" + json.dumps({"key": key, "request": body, "answer": kept}))

    def with_answer(self, answer: Answer) -> Usage:
        price = (
            answer.prompt_tokens * self.server.prompt_price + answer.completion_tokens * self.server.completion_price
        )
        return Usage(
            self.usage.requests + 1,
            self.usage.logged + answer.logged,
            self.usage.retries + answer.retries,
            self.usage.prompt_tokens + answer.prompt_tokens,
            self.usage.completion_tokens + answer.completion_tokens,
            self.usage.dollars + price / 1e6,
        )

    def patiently(self, send: Callable[[], T]) -> tuple[T, int]:
        """What `send` returns, and how often it was tried again."""
        retries = 0
        while True:
            try:
                got = send()
            except Exception as error:
                problem, pause = self.diagnose(error)
                if retries == self.server.retries:
                    raise ServerError(f"'{self.server.url}' failed {retries + 1} times, last with {problem}") from None
                pause = max(pause, self.server.pause_seconds * 2**retries)
                if self.stopping.wait(min(pause, LONGEST_PAUSE)):
                    raise ServerError(f"'{self.server.url}': stopped after {problem}") from None
                retries += 1
            else:
                self.reached = True
                return got, retries

    def diagnose(self, error: Exception) -> tuple[str, float]:
        """What went wrong, and the seconds that the server asks to wait.

        Raises:
            BenchError: trying again would not help.
            Exception: it is no error of a server.
        """
        import openai  # noqa: PLC0415

        match error:
            case openai.APITimeoutError():
                return f"no answer within {self.server.timeout_seconds:g} seconds", 0.0
            case openai.APIConnectionError():
                problem = f"no connection ({first_line(error.__cause__ or error)})"
                if not self.reached:
                    raise ServerError(f"'{self.server.url}' cannot be reached: {problem}; is it running?") from None
                return problem, 0.0
            case openai.APIStatusError():
                problem = f"error {error.status_code}: {self.without_key(first_line(error))}"
                passing = error.status_code >= 500 or error.status_code in OVERLOADED
                if not passing or error.code == "insufficient_quota":
                    raise ServerError(f"'{self.server.url}' refuses the request: {problem}") from None
                return problem, retry_after(error.response.headers.get("retry-after"))
            case openai.APIError() | ValueError() | TypeError() | AttributeError() | IndexError():
                return "an answer that is no chat completion", 0.0
            case _:
                raise error

    def without_key(self, text: str) -> str:
        return text if self.client.api_key == NO_KEY else text.replace(self.client.api_key, "***")


def connect(server: Server) -> openai.OpenAI:
    try:
        import openai  # noqa: PLC0415
    except ImportError:
        raise BenchError("asking a model server needs the openai package; pip install 'difflm-bench[openai]'") from None
    if not server.url.startswith(("http://", "https://")):
        raise BenchError(f"'{server.url}' is no address of a server; one looks like http://localhost:8000/v1")
    # retries are ours: they are counted
    return openai.OpenAI(
        api_key=os.environ.get(KEY, "").strip() or NO_KEY,
        base_url=server.url,
        timeout=server.timeout_seconds,
        max_retries=0,
    )


def read(completion: Any) -> tuple[str, int, int]:
    """Text, prompt tokens and completion tokens of a chat completion; servers may leave out the usage."""
    text, usage = completion.choices[0].message.content, completion.usage
    if not isinstance(text, str | None):
        raise TypeError("the content of the message is no text")
    return text or "", int(getattr(usage, "prompt_tokens", 0) or 0), int(getattr(usage, "completion_tokens", 0) or 0)


def read_log(path: Path) -> dict[str, dict[str, Any]]:
    """Answers by key; lines that a kill cut off are skipped."""
    known = {}
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").split("\n") if path.exists() else []
    except OSError as error:
        raise BenchError(f"the log '{path}' cannot be read: {error}") from None
    for line in lines:
        try:
            entry = json.loads(line)
            known[str(entry["key"])] = asdict(Answer(**entry["answer"]))
        except (ValueError, TypeError, KeyError):
            continue
    for answer in known.values():
        del answer["logged"]
    return known


def retry_after(header: str | None) -> float:
    """Seconds that a server asks to wait; 0 where it does not say so in seconds."""
    try:
        return float(header or 0)
    except ValueError:
        return 0.0


def first_line(error: BaseException) -> str:
    return (str(error).strip().split("\n") or [""])[0][:200] or type(error).__name__
