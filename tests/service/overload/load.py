"""Clients that keep asking, and what they saw."""

import threading
from collections import Counter
from typing import Any

import httpx


class Load:
    """Each client searches and asks in turn, every time on a new connection, until the block ends.

    Attributes:
        outcomes: How often which status came, or which error where none did.
        generations: Which index generations the searches were answered from.
    """

    def __init__(self, address: str, clients: int, body: dict[str, Any]) -> None:
        self.outcomes: Counter[str] = Counter()
        self.generations: Counter[str] = Counter()
        self._stop = threading.Event()
        self._address = address
        self._body = body
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._ask) for _ in range(clients)]

    @property
    def seen(self) -> int:
        """Requests that have ended."""
        with self._lock:
            return sum(self.outcomes.values())

    def _ask(self) -> None:
        while not self._stop.is_set():
            self._one("GET", "/api/v1/search", params={"q": "高カリウム血症の原因"})
            self._one("POST", "/api/v1/answers", json=self._body)

    def _one(self, method: str, path: str, **how: Any) -> None:
        try:
            with httpx.Client(base_url=self._address, timeout=120, trust_env=False) as client:
                response = client.request(method, path, **how)
            outcome = str(response.status_code)
            generation = response.json().get("generation") if method == "GET" else None
        except httpx.HTTPError as error:
            outcome, generation = type(error).__name__, None
        with self._lock:
            self.outcomes[outcome] += 1
            if generation:
                self.generations[generation] += 1

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=180)
