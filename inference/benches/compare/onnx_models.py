"""Makes what ONNX Runtime is measured with from a BERT folder.

    python onnx_models.py MODEL_FOLDER OUTPUT_FOLDER

writes fp32.onnx, with attention, GELU and layer norm fused by ONNX Runtime's own optimiser, and int8.onnx, quantised
from it dynamically with the defaults (one scale for a whole weight matrix). Both take token ids and mask and give unit
vectors: pooling and scaling are part of the graph. Fails when a fusion did not happen.
"""
import argparse
import json
from collections import Counter
from pathlib import Path

import onnx
import torch
from onnxruntime.quantization import quantize_dynamic
from onnxruntime.transformers import optimizer
from transformers import AutoModel

INPUTS = ("input_ids", "attention_mask", "token_type_ids")


class UnitVectors(torch.nn.Module):
    """The transformer, the mean over real tokens, and scaling to unit length."""

    def __init__(self, transformer: torch.nn.Module) -> None:
        super().__init__()
        self.transformer = transformer

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor, token_type_ids: torch.Tensor) -> torch.Tensor:
        hidden = self.transformer(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids)[0]
        mask = attention_mask.unsqueeze(-1).to(hidden.dtype)
        return torch.nn.functional.normalize((hidden * mask).sum(1) / mask.sum(1), dim=-1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("output", type=Path)
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    plain, fp32, int8 = (arguments.output / f"{name}.onnx" for name in ("plain", "fp32", "int8"))
    export(arguments.model, plain)
    fuse(arguments.model, plain, fp32)
    # The optimiser's operators are not in the standard, so their results' type is not inferred.
    quantize_dynamic(fp32, int8, extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT})
    plain.unlink()
    print(f"{fp32}: {operators(fp32)}\n{int8}: {operators(int8)}")


def export(model: Path, output: Path) -> None:
    # Eager attention is the graph that the optimiser knows.
    transformer = AutoModel.from_pretrained(model, attn_implementation="eager", dtype=torch.float32).eval()
    ids = torch.tensor([[101, 2073, 2003, 102], [101, 7592, 102, 0]])
    example = (ids, (ids > 0).long(), torch.zeros_like(ids))
    sizes = {name: {0: "batch", 1: "tokens"} for name in INPUTS}
    torch.onnx.export(
        UnitVectors(transformer),
        example,
        str(output),
        input_names=list(INPUTS),
        output_names=["vectors"],
        dynamic_axes={**sizes, "vectors": {0: "batch"}},
        opset_version=17,
        dynamo=False,
    )


def fuse(model: Path, plain: Path, output: Path) -> None:
    config = json.loads((model / "config.json").read_text(encoding="utf-8"))
    layers = config["num_hidden_layers"]
    fused = optimizer.optimize_model(
        str(plain), model_type="bert", num_heads=config["num_attention_heads"], hidden_size=config["hidden_size"]
    )
    fused.save_model_to_file(str(output))
    found = operators(output)
    norms = found["SkipLayerNormalization"] + found["LayerNormalization"] + found["EmbedLayerNormalization"]
    gelus = found["BiasGelu"] + found["FastGelu"] + found["Gelu"]
    if (found["Attention"], gelus, norms) != (layers, layers, 2 * layers + 1):
        raise SystemExit(f"not everything was fused: {found}")


def operators(path: Path) -> Counter:
    return Counter(node.op_type for node in onnx.load(path).graph.node)


if __name__ == "__main__":
    main()
