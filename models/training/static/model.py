"""A static model: a tokenizer and a table with one vector per token. A sentence is the mean of its tokens, made unit length."""
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file
from scipy.sparse import csr_matrix
from tokenizers import Tokenizer

from manifest import write_manifest

MODULES = [
    {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.StaticEmbedding"},
    {"idx": 1, "name": "1", "path": "1_Normalize", "type": "sentence_transformers.models.Normalize"},
]
NORMALIZE = {"module_input_name": "sentence_embedding", "module_output_name": "sentence_embedding"}
CONFIGURATION = {"prompts": {"query": "", "document": ""}, "default_prompt_name": None, "similarity_fn_name": "cosine"}


@dataclass
class StaticModel:
    tokenizer: Tokenizer
    table: np.ndarray  # [tokens, dimension]

    @staticmethod
    def load(folder: Path) -> "StaticModel":
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        table = load_file(folder / "model.safetensors")["embedding.weight"]
        return StaticModel(tokenizer, table.astype(np.float32))

    def encode(self, texts: list[str]) -> np.ndarray:
        """[texts, dimension], unit length; a text without any token gives zeros."""
        means = bags(token_ids(self.tokenizer, texts), len(self.table)) @ self.table
        return means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-12)

    def save(self, folder: Path, name: str) -> None:
        """Writes the sentence-transformers layout and a manifest over it."""
        folder.mkdir(parents=True, exist_ok=True)
        self.tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
        save_file({"embedding.weight": self.table.astype(np.float16)}, folder / "model.safetensors")
        (folder / "model.safetensors").chmod(0o644)
        write_json(folder / "modules.json", MODULES)
        write_json(folder / "1_Normalize" / "config.json", NORMALIZE)
        write_json(folder / "config_sentence_transformers.json", CONFIGURATION)
        write_manifest(folder, name, self.table.shape[1], "Apache-2.0")


def token_ids(tokenizer: Tokenizer, texts: list[str]) -> list[np.ndarray]:
    encodings = tokenizer.encode_batch_fast(texts, add_special_tokens=False)
    return [np.array(encoding.ids, dtype=np.int32) for encoding in encodings]


def bags(ids: list[np.ndarray], tokens: int) -> csr_matrix:
    """[sentences, tokens], each row the tokens' shares of the sentence (they sum to 1)."""
    lengths = np.array([len(sentence) for sentence in ids])
    starts = np.concatenate([[0], np.cumsum(lengths)])
    shares = np.repeat(1.0 / np.maximum(lengths, 1), lengths).astype(np.float32)
    columns = np.concatenate(ids) if len(ids) else np.zeros(0, np.int32)
    return csr_matrix((shares, columns, starts), shape=(len(ids), tokens))


def write_json(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
