"""Writes the trained encoder as a folder that any loader of BERT sentence encoders takes, and computes its vectors."""
import json
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer

from encoder.network import EPSILON, Encoder, Packed, Shape
from manifest import write_manifest

LICENCE = "Apache-2.0"
MODULES = [
    {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
    {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
    {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
]
PROMPTS = {"prompts": {"query": "", "document": ""}, "default_prompt_name": None, "similarity_fn_name": "cosine"}
BATCH = 256


class Vectors:
    """An encoder and its tokenizer: texts to unit vectors."""

    def __init__(self, encoder: Encoder, tokenizer: Tokenizer, device: torch.device) -> None:
        self.encoder, self.tokenizer, self.device = encoder, tokenizer, device
        self.tokenizer.enable_truncation(encoder.shape.positions)

    @staticmethod
    def load(folder: Path) -> "Vectors":
        facts = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        names = ("vocab_size", "num_hidden_layers", "hidden_size", "num_attention_heads", "intermediate_size", "max_position_embeddings")
        encoder = Encoder(Shape(*(facts[name] for name in names)))
        encoder.load_state_dict({key: value.float() for key, value in load_file(folder / "model.safetensors").items()})
        return Vectors(encoder, Tokenizer.from_file(str(folder / "tokenizer.json")), torch.device("cpu"))

    @torch.no_grad()
    def encode(self, texts: list[str]) -> np.ndarray:
        """[texts, width], unit length, in the order of the texts."""
        self.encoder.eval()
        ids = [encoding.ids for encoding in self.tokenizer.encode_batch_fast(texts)]
        order = sorted(range(len(ids)), key=lambda row: len(ids[row]))
        vectors = np.zeros((len(texts), self.encoder.shape.width), np.float32)
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            flat = torch.tensor([token for row in rows for token in ids[row]], device=self.device)
            lengths = torch.tensor([len(ids[row]) for row in rows], device=self.device)
            means = self.encoder.sentences(Packed(flat, lengths))
            vectors[rows] = torch.nn.functional.normalize(means).cpu().numpy()
        return vectors


def publish(encoder: Encoder, tokenizer: Tokenizer, folder: Path, name: str) -> None:
    """sentence-transformers' layout in half precision, with its manifest; the model card is written by hand."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = {key: value.detach().cpu().half().contiguous() for key, value in encoder.state_dict().items()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "model.safetensors").chmod(0o644)
    tokenizer.no_truncation()
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    shape = encoder.shape
    write_json(folder / "config.json", configuration(shape, tokenizer))
    write_json(folder / "tokenizer_config.json", tokenizer_configuration(shape))
    write_json(folder / "modules.json", MODULES)
    write_json(folder / "1_Pooling" / "config.json", {"word_embedding_dimension": shape.width, "pooling_mode_mean_tokens": True})
    write_json(folder / "2_Normalize" / "config.json", {})
    write_json(folder / "sentence_bert_config.json", {"max_seq_length": shape.positions, "do_lower_case": False})
    write_json(folder / "config_sentence_transformers.json", PROMPTS)
    write_manifest(folder, name, shape.width, LICENCE)


def configuration(shape: Shape, tokenizer: Tokenizer) -> dict:
    return {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "vocab_size": shape.tokens,
        "num_hidden_layers": shape.layers,
        "hidden_size": shape.width,
        "num_attention_heads": shape.heads,
        "intermediate_size": shape.inner,
        "max_position_embeddings": shape.positions,
        "type_vocab_size": 2,
        "hidden_act": "gelu",
        "hidden_dropout_prob": 0.1,
        "attention_probs_dropout_prob": 0.0,
        "initializer_range": 0.02,
        "layer_norm_eps": EPSILON,
        "pad_token_id": tokenizer.token_to_id("[PAD]"),
        "position_embedding_type": "absolute",
        "torch_dtype": "float16",
    }


def tokenizer_configuration(shape: Shape) -> dict:
    names = ("unk", "pad", "cls", "sep", "mask")
    special = {f"{name}_token": f"[{name.upper()}]" for name in names}
    return special | {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": shape.positions}


def write_json(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
