"""Make an int8 directory of a sentence-transformers model; :class:`indexer.int8.Int8Encoder` runs it.

Needs the extras ``models`` and ``int8``. A model whose vectors are not the mean of its last layer, or that
does not stand 8 bits (on this processor: without VNNI instructions products may saturate), fails the
comparison at the end and is not written.
"""

import shutil
import warnings
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from indexer.errors import EncoderUnavailable
from indexer.int8 import CARD, MODEL, TOKENIZER, Card, Int8Encoder
from indexer.sentence_transformer import SentenceTransformerEncoder

LEAST_COSINE = 0.99
"""Between a text's vectors before and after; the order of neighbours is nearly that of the model."""

_NEEDED = (
    "quantising needs torch, sentence-transformers, onnx and onnxruntime: `pip install 'jmedqa[models,int8]'`"
)


def quantise(
    model: str,
    out: Path,
    texts: Sequence[str],
    *,
    query_prompt: str | None = None,
    passage_prompt: str | None = None,
) -> Card:
    """Write the int8 form of ``model`` (a directory or a name on the hub) to the new directory ``out``.

    Args:
        texts: Passages to compare the two forms on, like those that will be encoded.

    Raises:
        EncoderUnavailable: If the model cannot be loaded or exported, or a cosine is below ``LEAST_COSINE``.
    """
    whole = SentenceTransformerEncoder(
        model, query_prompt=query_prompt, passage_prompt=passage_prompt, device="cpu"
    )
    with TemporaryDirectory(prefix="jmedqa-") as name:
        folder = Path(name) / "int8"
        folder.mkdir()
        max_tokens, pad_id = _export(whole, folder, Path(name) / "whole.onnx")
        card = Card(
            source=whole.identity.model,
            version=_digest(folder),
            dim=whole.dim,
            max_tokens=max_tokens,
            pad_id=pad_id,
            query_prompt=whole.identity.query_prompt,
            passage_prompt=whole.identity.passage_prompt,
            cosine=1.0,
        )
        (folder / CARD).write_text(card.model_dump_json(), encoding="utf-8")
        cosines = (whole.encode_passages(texts) * Int8Encoder(folder).encode_passages(texts)).sum(axis=1)
        card = card.model_copy(update={"cosine": round(float(cosines.min()), 4)})
        if card.cosine < LEAST_COSINE:
            raise EncoderUnavailable(
                f"{model} in 8 bits gives vectors of cosine {card.cosine} to its own, {LEAST_COSINE} is the "
                "least: use the encoder sentence-transformers with it"
            )
        (folder / CARD).write_text(card.model_dump_json(indent=1) + "\n", encoding="utf-8")
        shutil.copytree(folder, out)
    return card


def _export(whole: SentenceTransformerEncoder, folder: Path, exported: Path) -> tuple[int, int]:
    try:
        import onnx  # noqa: F401  # torch's exporter imports it only at its end
        import torch
        from onnxruntime.quantization import QuantType, quantize_dynamic
    except ImportError as error:
        raise EncoderUnavailable(f"{_NEEDED} ({error})") from error
    loaded = whole.model
    transformer = loaded[0].auto_model.eval()
    transformer.set_attn_implementation("eager")

    class LastLayer(torch.nn.Module):  # type: ignore[misc,name-defined,unused-ignore]
        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            return transformer(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state

    wrapped = LastLayer()
    wrapped.inner = transformer
    ids = torch.full((2, 16), 5)
    axes = {name: {0: "texts", 1: "tokens"} for name in ("input_ids", "attention_mask", "hidden")}
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the tracer; the comparison at the end decides
        torch.onnx.export(
            wrapped,
            (ids, torch.ones_like(ids)),
            str(exported),
            dynamo=False,  # the other exporter needs onnxscript
            opset_version=17,
            input_names=["input_ids", "attention_mask"],
            output_names=["hidden"],
            dynamic_axes=axes,
        )
    quantize_dynamic(
        exported,
        folder / MODEL,
        weight_type=QuantType.QInt8,
        op_types_to_quantize=["MatMul", "Gather"],  # Gather: the embeddings, most of the file
        per_channel=True,
    )
    tokenizer = loaded.tokenizer
    tokenizer.backend_tokenizer.save(str(folder / TOKENIZER))
    return int(loaded.max_seq_length), int(tokenizer.pad_token_id)


def _digest(folder: Path) -> str:
    digest = sha256()
    for name in (MODEL, TOKENIZER):
        digest.update((folder / name).read_bytes())
    return digest.hexdigest()
