"""The Python stacks behind the protocol of `server/protocol.rs`: one model in one process.

    python python_server.py onnxruntime FILE.onnx TOKENIZER_FOLDER THREADS
    python python_server.py sentence-transformers MODEL_FOLDER DEVICE float32|float16 THREADS
"""
import json
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time

import numpy as np

# [texts, dimension], unit length
Encode = Callable[[list[str]], np.ndarray]

# What the model's folder asks for.
MAX_TOKENS = 256


def main() -> None:
    match sys.argv[1:]:
        case ["onnxruntime", graph, tokenizer, threads]:
            encode = onnxruntime_encoder(graph, Path(tokenizer), int(threads))
        case ["sentence-transformers", model, device, precision, threads]:
            encode = sentence_transformers_encoder(model, device, precision, int(threads))
        case _:
            raise SystemExit(__doc__)
    encode(["Where is my parcel?"])
    send("ready")
    for line in sys.stdin:
        send(answer(encode, json.loads(line)))


def onnxruntime_encoder(graph: str, folder: Path, threads: int) -> Encode:
    import onnxruntime
    from tokenizers import Tokenizer

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_padding()
    tokenizer.enable_truncation(MAX_TOKENS)

    def encode(texts: list[str]) -> np.ndarray:
        encoded = tokenizer.encode_batch_fast(texts)
        ids = np.array([text.ids for text in encoded], dtype=np.int64)
        mask = np.array([text.attention_mask for text in encoded], dtype=np.int64)
        inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        return session.run(None, inputs)[0]

    return encode


def sentence_transformers_encoder(model: str, device: str, precision: str, threads: int) -> Encode:
    import torch
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(threads)
    transformer = SentenceTransformer(model, device=device, model_kwargs={"dtype": getattr(torch, precision)})

    def encode(texts: list[str]) -> np.ndarray:
        return transformer.encode(texts, batch_size=len(texts), normalize_embeddings=True, show_progress_bar=False)

    return encode


def answer(encode: Encode, request: dict) -> dict:
    match request:
        case {"measure": "single", "texts": texts}:
            return {"seconds": [timed(encode, [text])[0] for text in texts]}
        case {"measure": "batch", "texts": texts, "size": size}:
            return batches(encode, texts, size)
    raise ValueError(f"unknown request: {request}")


def batches(encode: Encode, texts: list[str], size: int) -> dict:
    used = process_time()
    measured = [timed(encode, texts[start : start + size]) for start in range(0, len(texts), size)]
    used = process_time() - used
    vectors = np.concatenate([vectors for _, vectors in measured]).astype(np.float32).tolist()
    return {"seconds": sum(seconds for seconds, _ in measured), "processor_seconds": used, "vectors": vectors}


def timed(encode: Encode, texts: list[str]) -> tuple[float, np.ndarray]:
    started = perf_counter()
    vectors = encode(texts)
    return perf_counter() - started, vectors


def send(message: object) -> None:
    print(json.dumps(message), flush=True)


if __name__ == "__main__":
    main()
