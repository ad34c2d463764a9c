"""What tests of several rooms share: a chat server of their own, on this machine only."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


class ChatServer:
    """Answers chat completions by a function of the request and its number; keeps what it was asked.

    The function returns the text of the answer, or (status, headers, bytes) for anything else.
    """

    def __init__(self, respond, models=("judge",)):
        self.respond, self.models = respond, list(models)
        self.bodies, self.headers = [], []
        self.lock = threading.Lock()
        self.under_way = self.most_under_way = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *arguments):
                pass

            def do_GET(self):
                listed = {"object": "list", "data": [{"id": name, "object": "model"} for name in outer.models]}
                self.reply(200, {}, json.dumps(listed).encode())

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with outer.lock:
                    number = len(outer.bodies)
                    outer.bodies.append(body)
                    outer.headers.append({name.lower(): value for name, value in self.headers.items()})
                    outer.under_way += 1
                    outer.most_under_way = max(outer.most_under_way, outer.under_way)
                said = outer.respond(body, number)
                with outer.lock:
                    outer.under_way -= 1
                self.reply(*(said if isinstance(said, tuple) else (200, {}, completion(said))))

            def reply(self, status, headers, content):
                try:
                    self.send_response(status)
                    for name, value in ({"Content-Type": "application/json"} | headers).items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", str(len(content)))
                    self.end_headers()
                    self.wfile.write(content)
                except OSError:  # the client gave up waiting
                    self.close_connection = True

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.http.block_on_close = False
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}/v1"


def completion(text, prompt_tokens=100, completion_tokens=10):
    message = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
    usage = {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
    }
    whole = {
        "id": "x",
        "object": "chat.completion",
        "created": 0,
        "model": "judge",
        "choices": [message],
        "usage": usage,
    }
    return json.dumps(whole).encode()


@pytest.fixture
def chat_server(monkeypatch):
    """Starts servers; they are stopped after the test."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    started = []

    def start(respond, **options):
        started.append(ChatServer(respond, **options))
        return started[-1]

    yield start
    for server in started:
        server.http.shutdown()
        server.http.server_close()
