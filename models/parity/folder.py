"""The files around the weights: the published sentence-transformers layout and the manifest that seals it."""

import hashlib
import json
from pathlib import Path

SIZE_LIMIT = 300_000
MODULE = "sentence_transformers.models."
POOLING_KEYS = {
    "cls": "pooling_mode_cls_token",
    "max": "pooling_mode_max_tokens",
    "mean": "pooling_mode_mean_tokens",
    "mean_sqrt_len": "pooling_mode_mean_sqrt_len_tokens",
    "weightedmean": "pooling_mode_weightedmean_tokens",
    "lasttoken": "pooling_mode_lasttoken",
}


def write_json(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def write_modules(folder, names):
    """modules.json as the hub's models have it: the encoder in the root, the others in `N_Name`."""
    modules = []
    for index, name in enumerate(names):
        path = "" if index == 0 else f"{index}_{name}"
        modules.append({"idx": index, "name": str(index), "path": path, "type": MODULE + name})
    write_json(folder / "modules.json", modules)


def write_pooling(folder, hidden, mode):
    config = {"word_embedding_dimension": hidden}
    config |= {key: name == mode for name, key in POOLING_KEYS.items()}
    config["include_prompt"] = True
    write_json(folder / "1_Pooling" / "config.json", config)


def write_prompts(folder, prompts):
    write_json(
        folder / "config_sentence_transformers.json",
        {
            "__version__": {"sentence_transformers": "3.0.1", "transformers": "4.51.0", "pytorch": "2.3.0"},
            "prompts": prompts,
            "default_prompt_name": None,
            "similarity_fn_name": "cosine",
        },
    )


def write_limit(folder, tokens):
    write_json(folder / "sentence_bert_config.json", {"max_seq_length": tokens, "do_lower_case": False})


def seal(folder, name, dimension):
    """Writes manifest.json over every file but itself and expected.json, and refuses a file that is too large."""
    files = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        path.chmod(0o644)
        relative = path.relative_to(folder).as_posix()
        data = path.read_bytes()
        if len(data) >= SIZE_LIMIT:
            raise ValueError(f"{name}/{relative} has {len(data)} bytes, the limit is {SIZE_LIMIT}")
        if relative not in ("manifest.json", "expected.json"):
            files.append({"path": relative, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()})
    files.sort(key=lambda file: file["path"])
    lines = "".join(f"{file['path']}\0{file['sha256']}\n" for file in files)
    manifest = {
        "name": name,
        "dimension": dimension,
        "licence": "Apache-2.0",
        "files": files,
        "fingerprint": hashlib.sha256(lines.encode()).hexdigest(),
    }
    write_json(Path(folder) / "manifest.json", manifest)
