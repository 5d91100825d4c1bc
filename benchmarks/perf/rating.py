"""How long `jmedqa rate analyze` takes on a random study of 9 cases x 4 systems x 9 questions x 4 raters.

python -m benchmarks.perf.rating
"""

import csv
import json
import random
import subprocess
import sys
import tempfile
import time
from itertools import product
from pathlib import Path

SYSTEMS = ("a", "a+rag", "b", "b+rag")


def random_study(file: Path, seed: int = 1) -> None:
    """Scores without any effect."""
    draw = random.Random(seed)
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["case", "system", "question", "rater", "score"])
        for case, system, question, rater in product(range(9), SYSTEMS, range(1, 10), range(4)):
            writer.writerow([f"c{case}", system, f"Q{question}", f"r{rater}", draw.choice((0, 1, 2))])


def main() -> None:
    """Measure both forms and print seconds, the start of the command included."""
    with tempfile.TemporaryDirectory() as folder:
        ratings = Path(folder) / "ratings.csv"
        random_study(ratings)
        taken = {}
        for name, options in (("plain", []), ("ordinal_model", ["--ordinal-model"])):
            began = time.perf_counter()
            command = ["rate", "analyze", str(ratings), "--out", str(Path(folder) / name), *options]
            subprocess.run(
                [sys.executable, "-m", "jmedqa", *command],
                check=True,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            taken[name] = round(time.perf_counter() - began, 2)
    print(json.dumps({"scores": 9 * 4 * 9 * 4, "seconds": taken}))


if __name__ == "__main__":
    main()
