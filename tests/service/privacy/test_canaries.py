"""What is asked is in no log, metric or error: 5,000 marked requests, 0 marks found."""

import json
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

REQUESTS = 5_000
REPOSITORY = Path(__file__).parents[3]


def test_no_mark_leaves_the_request_it_came_in(index_dir: Path, tmp_path: Path) -> None:
    out, log = tmp_path / "out", tmp_path / "log"
    with log.open("wb") as stderr:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "tests.service.privacy.canaries"),
                *(str(index_dir), str(tmp_path / "state"), str(REQUESTS), str(out)),
            ],
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=stderr,
            check=False,
        )
    text = log.read_text(encoding="utf-8")
    assert done.returncode == 0, text[-3000:]
    statuses = json.loads(done.stdout)["statuses"]
    assert sum(count for part in statuses for count in part.values()) == REQUESTS
    assert {"200", "400", "404", "413", "422"} <= set(statuses[0])
    assert text.count('"event": "request"') >= REQUESTS
    assert text.count('"event": "bug"') >= REQUESTS // 100
    told = {"log": text, "errors, headers, metrics": out.read_text(encoding="utf-8")}
    marks = re.compile("QANARY|カナリア|" + quote("カナリア") + "|" + re.escape(json.dumps("カナリア")[1:-1]))
    for where, written in told.items():
        found = marks.findall(written)
        assert not found, (where, len(found), written[max(0, marks.search(written).start() - 300) :][:400])  # type: ignore[union-attr]
    audits = b"".join(file.read_bytes() for file in (tmp_path / "state").rglob("audit*"))
    assert b"QANARY" not in audits
