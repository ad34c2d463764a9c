"""The client of chat servers, against servers that the test starts."""

import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from bench.chat import Chat, Request, Server
from bench.errors import BenchError
from bench.progress import Progress, Task


def request(text, **options):
    return Request(({"role": "user", "content": text},), **options)


def server(url, **options):
    return Server(**{"url": url, "model": "judge", "pause_seconds": 0.01, "timeout_seconds": 5} | options)


def echo(body, number):
    return body["messages"][-1]["content"].upper()


def failing(times, status=500, headers=None, content=b'{"error": {"message": "busy"}}'):
    """Fails the first `times` requests, then echoes."""

    def respond(body, number):
        return (status, headers or {}, content) if number < times else echo(body, number)

    return respond


def test_answers_stand_in_the_order_of_the_requests_and_fields_are_sent(chat_server):
    started = chat_server(echo)
    asked = [request(f"a{i}", seed=i, max_tokens=7, json_mode=i == 0) for i in range(20)]
    with Chat(server(started.url, concurrency=4)) as chat:
        answers = chat.ask(asked)
    assert [one.text for one in answers] == [f"A{i}" for i in range(20)]
    first = next(body for body in started.bodies if body["seed"] == 0)
    assert first == {
        "model": "judge",
        "messages": [{"role": "user", "content": "a0"}],
        "seed": 0,
        "temperature": 0.0,
        "max_tokens": 7,
        "response_format": {"type": "json_object"},
    }
    assert sum("response_format" in body for body in started.bodies) == 1


def test_a_schema_of_answers_is_sent_in_place_of_the_json_mode(chat_server):
    started = chat_server(echo)
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}}
    with Chat(server(started.url)) as chat:
        chat.ask([request("a", json_mode=True, json_schema=schema)])
    sent = started.bodies[0]
    assert sent["response_format"] == {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
    assert "json_schema" not in sent


def test_no_more_requests_are_under_way_than_allowed(chat_server):
    def slow(body, number):
        time.sleep(0.03)
        return "x"

    started = chat_server(slow)
    with Chat(server(started.url, concurrency=3)) as chat:
        chat.ask([request(str(i)) for i in range(12)])
    assert 1 < started.most_under_way <= 3


def test_tokens_cost_and_retries_are_counted_and_shown(chat_server):
    class Shown(Progress, Task):
        last = None

        def task(self, description, total, unit="steps"):
            return self

        def advance(self, steps=1, **metrics):
            self.last = metrics

    started, shown = chat_server(failing(2)), Shown()
    with Chat(server(started.url, concurrency=1, prompt_price=2.0, completion_price=10.0)) as chat:
        chat.ask([request("a"), request("b")], progress=shown)
        used = chat.usage
    assert (used.requests, used.retries, used.prompt_tokens, used.completion_tokens) == (2, 2, 200, 20)
    assert used.dollars == pytest.approx((200 * 2 + 20 * 10) / 1e6)
    assert shown.last == {"dollars": used.dollars, "retries": 2}


@pytest.mark.parametrize(
    ("status", "headers", "content"),
    [
        (500, {}, b'{"error": {"message": "broken"}}'),
        (503, {}, b"<html>busy</html>"),
        (429, {}, b'{"error": {"message": "too fast"}}'),
        (429, {"Retry-After": "soon"}, b""),
        (408, {}, b""),
        (200, {}, b"garbage"),
        (200, {}, b'{"choices": [{"mess'),
        (200, {}, b'{"choices": []}'),
        (200, {}, b'{"choices": null}'),
        (200, {}, b'{"choices": [{"message": {"content": 3}}]}'),
        (200, {}, b"[]"),
        (200, {}, b""),
        (200, {"Content-Type": "text/html"}, b"<html>a proxy's page</html>"),
    ],
)
def test_what_a_server_does_wrong_is_tried_again(chat_server, status, headers, content):
    started = chat_server(failing(2, status, headers, content))
    with Chat(server(started.url)) as chat:
        (answer,) = chat.ask([request("a")])
    assert (answer.text, answer.retries) == ("A", 2)


def test_a_server_that_asks_for_a_pause_gets_it(chat_server):
    started = chat_server(failing(1, 429, {"Retry-After": "0.4"}))
    begin = time.monotonic()
    with Chat(server(started.url)) as chat:
        chat.ask([request("a")])
    assert time.monotonic() - begin >= 0.4


def test_a_slow_server_is_left_and_asked_again(chat_server):
    def slow_once(body, number):
        time.sleep(1.0 if number == 0 else 0)
        return "late" if number == 0 else "x"

    started = chat_server(slow_once)
    with Chat(server(started.url, timeout_seconds=0.2)) as chat:
        (answer,) = chat.ask([request("a")])
    assert (answer.text, answer.retries) == ("x", 1)


def test_a_server_that_stays_broken_ends_in_one_line_without_further_requests(chat_server):
    started = chat_server(failing(10**6))
    chat = Chat(server(started.url, retries=2, concurrency=1))
    with pytest.raises(BenchError, match=r"failed 3 times, last with error 500: .*busy") as caught:
        chat.ask([request(str(i)) for i in range(10)])
    assert "\n" not in str(caught.value)
    assert len(started.bodies) == 3


@pytest.mark.parametrize(
    ("status", "code", "says"),
    [(401, "", "401"), (404, "", "404"), (400, "", "400"), (429, "insufficient_quota", "429")],
)
def test_what_the_request_does_wrong_is_not_tried_again_and_the_key_is_not_shown(
    chat_server, monkeypatch, tmp_path, status, code, says
):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    content = json.dumps({"error": {"message": "wrong key sk-secret\nbye", "code": code}}).encode()
    started = chat_server(failing(1, status, {}, content))
    with Chat(server(started.url), tmp_path / "log.jsonl") as chat:
        with pytest.raises(BenchError, match=f"refuses the request: error {says}") as caught:
            chat.ask([request("a")])
        assert "sk-secret" not in str(caught.value)
        chat.ask([request("b")])
    assert started.headers[0]["authorization"] == "Bearer sk-secret"
    assert "sk-secret" not in (tmp_path / "log.jsonl").read_text()
    assert len(started.bodies) == 2


def test_a_server_that_is_not_there_ends_in_one_line_at_once():
    begin = time.monotonic()
    with pytest.raises(BenchError, match=r"'http://127.0.0.1:1/v1' cannot be reached: .*is it running\?") as caught:
        Chat(server("http://127.0.0.1:1/v1", pause_seconds=5)).ask([request("a")])
    assert "\n" not in str(caught.value)
    assert time.monotonic() - begin < 5


@pytest.mark.parametrize("url", ["localhost:8000", "", "ftp://x"])
def test_what_is_no_address_is_named(url):
    with pytest.raises(BenchError, match="no address of a server"):
        Chat(server(url))


def test_the_only_model_is_taken_and_one_of_several_must_be_named(chat_server):
    one, two = chat_server(echo, models=["lonely"]), chat_server(echo, models=["a", "b"])
    with Chat(server(one.url, model="")) as chat:
        chat.ask([request("a")])
    assert one.bodies[0]["model"] == "lonely"
    with pytest.raises(BenchError, match="has the models a, b; name one"):
        Chat(server(two.url, model="")).ask([request("a")])


def test_without_the_package_one_line_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "openai", None)
    with pytest.raises(BenchError, match=r"pip install 'difflm-bench\[openai\]'"):
        Chat(server("http://localhost:8000/v1"))


def test_what_was_answered_is_not_asked_again(chat_server, tmp_path):
    log = tmp_path / "folder" / "log.jsonl"
    broken = threading.Event()

    def respond(body, number):
        return (400, {}, b"{}") if broken.is_set() and number >= 3 else echo(body, number)

    started = chat_server(respond)
    asked = [request(f"a{i}") for i in range(6)]
    broken.set()
    with Chat(server(started.url, concurrency=1), log) as chat, pytest.raises(BenchError):
        chat.ask(asked)
    with log.open("a") as file:
        file.write('\n{"key": "cut o')
    broken.clear()
    before = len(started.bodies)
    with Chat(server(started.url, concurrency=1), log) as chat:
        answers = chat.ask(asked)
        assert [one.text for one in answers] == [f"A{i}" for i in range(6)]
        assert [one.logged for one in answers] == [True] * 3 + [False] * 3
        assert (chat.usage.requests, chat.usage.logged, chat.usage.prompt_tokens) == (6, 3, 600)
        assert len(started.bodies) == before + 3
        chat.ask(asked)
        chat.ask([request("a0", seed=1)])
    with Chat(server(started.url, model="other"), log) as chat:
        chat.ask(asked[:1])
    assert len(started.bodies) == before + 5
    entries = [json.loads(line) for line in log.read_text().split("\n") if line.endswith("}")]
    assert [one["request"]["messages"][0]["content"] for one in entries[:3]] == ["a0", "a1", "a2"]
    assert all(one["answer"]["text"] == one["request"]["messages"][0]["content"].upper() for one in entries)


def test_a_killed_run_loses_no_answer(chat_server, tmp_path):
    reached = threading.Event()

    def hang_at_the_third(body, number):
        if number == 2:
            reached.set()
            time.sleep(3)
        return echo(body, number)

    started = chat_server(hang_at_the_third)
    log = tmp_path / "log.jsonl"
    code = f"""
from pathlib import Path
from bench.chat import Chat, Request, Server
asked = [Request(({{"role": "user", "content": f"a{{i}}"}},)) for i in range(5)]
Chat(Server({started.url!r}, "judge", concurrency=1), Path({str(log)!r})).ask(asked)
"""
    child = subprocess.Popen([sys.executable, "-c", code])
    assert reached.wait(60)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    with Chat(server(started.url), log) as chat:
        answers = chat.ask([request(f"a{i}") for i in range(5)])
    assert [(one.text, one.logged) for one in answers] == [(f"A{i}", i < 2) for i in range(5)]
    asked = [body["messages"][0]["content"] for body in started.bodies]
    assert sorted(asked) == ["a0", "a1", "a2", "a2", "a3", "a4"]
