"""What the ``gpu`` mark needs: a CUDA device, and torch or vLLM that sees it."""

import shutil
import subprocess
from importlib.util import find_spec

import pytest

from tests.requirements import missing


@pytest.fixture(scope="session")
def cuda() -> str:
    """The first GPU's name, as the driver gives it: vLLM brings its own torch, ours need not see the GPU."""
    if shutil.which("nvidia-smi") is None:
        missing("gpu", "no nvidia-smi here, so no NVIDIA driver")
    listed = subprocess.run(
        ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"],
        capture_output=True,
        text=True,
        check=False,
    )
    names = listed.stdout.splitlines()
    if listed.returncode or not names:
        missing("gpu", f"nvidia-smi lists no device: {(listed.stderr or listed.stdout).strip()}")
    return names[0]


@pytest.fixture(scope="session")
def torch_cuda(cuda: str) -> str:
    """``cuda``, where the project's own environment can compute on it."""
    if find_spec("torch") is None or find_spec("sentence_transformers") is None:
        missing("gpu", "sentence-transformers is not installed: `pip install -r requirements/models.txt`")
    import torch

    if not torch.cuda.is_available():
        missing("gpu", f"{cuda} is here, but torch {torch.__version__} is a CPU build")
    return "cuda"
