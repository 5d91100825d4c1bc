"""The index changes under load: new generations and rollbacks, and no request notices."""

from functools import partial
from pathlib import Path

import httpx

from indexer import current_name
from indexer.generations import make_current
from tests.service.conftest import DOCUMENTS, Start, build
from tests.service.overload.conftest import BODY, comes
from tests.service.overload.load import Load

GOUT = "---\nid: gout\ntitle: 痛風\n---\n# 痛風\n\n## 治療\n痛風発作にはコルヒチンを用いる。\n"
SWAPS = 10


def serves(client: httpx.Client, generation: str) -> bool:
    return bool(client.get("/readyz").json()["generation"] == generation)


def answered_from(load: Load, generation: str, since: int) -> bool:
    return load.generations[generation] > since


def test_swaps_and_rollbacks_fail_no_request(start: Start, tmp_path: Path) -> None:
    index = build(tmp_path)
    first = current_name(index)
    build(tmp_path, {**DOCUMENTS, "gout": GOUT})
    second = current_name(index)
    client = start(index={"dir": index, "poll_s": 0.02})
    with Load(str(client.base_url), 4, BODY) as load:
        for number in range(SWAPS):
            wanted = (first, second)[number % 2]  # a rollback, then forward again
            make_current(index, wanted)
            since = load.generations[wanted]
            assert comes(partial(serves, client, wanted))
            assert comes(partial(answered_from, load, wanted, since))
    assert load.outcomes.keys() == {"200"}, load.outcomes
    assert load.generations.keys() == {first, second}
