"""The checkpoints with a transformer: random weights, the published folder layout, vectors by sentence-transformers."""

import json

import torch
from safetensors.torch import load_file, save_file
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Dense, Normalize, Pooling, Transformer
from tokenizers import Tokenizer
from transformers import (
    BertConfig,
    BertModel,
    DistilBertConfig,
    DistilBertModel,
    ModernBertConfig,
    ModernBertModel,
    PreTrainedTokenizerFast,
    Qwen3Config,
    Qwen3Model,
    XLMRobertaConfig,
    XLMRobertaModel,
)

import expected
import folder as layout
import vocabularies

HIDDEN = 32
E5_PROMPTS = {"query": "query: ", "passage": "passage: "}
DOCUMENT_PROMPTS = {"query": "query: ", "document": "passage: "}
BGE_PROMPTS = {"query": "为这个句子生成表示以用于检索相关文章："}
QWEN_PROMPTS = {
    "query": "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:",
    "document": "",
}
BERT_TOKENS = {
    "pad_token": "[PAD]",
    "unk_token": "[UNK]",
    "cls_token": "[CLS]",
    "sep_token": "[SEP]",
    "mask_token": "[MASK]",
}
XLM_TOKENS = {
    "bos_token": "<s>",
    "eos_token": "</s>",
    "sep_token": "</s>",
    "cls_token": "<s>",
    "unk_token": "<unk>",
    "pad_token": "<pad>",
    "mask_token": "<mask>",
}


def bert_mean_f32(folder):
    tokenizer = vocabularies.word_piece()
    save_encoder(folder, bert(tokenizer, seed=1), torch.float32, {"position_embedding_type": "absolute"})
    save_tokenizer(folder, tokenizer, BERT_TOKENS)
    save_modules(folder, "mean", E5_PROMPTS, limit=40)
    finish(folder, E5_PROMPTS)


def bert_cls_f16(folder):
    tokenizer = vocabularies.word_piece()
    save_encoder(folder, bert(tokenizer, seed=2), torch.float16, {"position_embedding_type": "absolute"})
    save_tokenizer(folder, tokenizer, BERT_TOKENS)
    save_modules(folder, "cls", BGE_PROMPTS, limit=40)
    finish(folder, BGE_PROMPTS)


def bert_mean_bf16_dense(folder):
    tokenizer = vocabularies.word_piece()
    save_encoder(folder, bert(tokenizer, seed=3, heads=4), torch.bfloat16, {"position_embedding_type": "absolute"})
    save_tokenizer(folder, tokenizer, BERT_TOKENS)
    save_modules(folder, "mean", {}, limit=40, dense=True)
    save_dense(folder / "2_Dense", HIDDEN, 24, torch.nn.Tanh(), torch.bfloat16, seed=33)
    finish(folder, {}, dimension=24)


def bert_matryoshka(folder):
    """As sentence-transformers 6 saves it: other names in modules.json and 1_Pooling, limit in tokenizer_config."""
    tokenizer = vocabularies.word_piece()
    encoder = folder / "encoder"
    save_encoder(encoder, bert(tokenizer, seed=4), torch.float32, None)
    save_tokenizer(encoder, tokenizer, BERT_TOKENS)
    transformer = Transformer(str(encoder), max_seq_length=40, model_kwargs={"dtype": torch.float32})
    dense = Dense(HIDDEN, 40, bias=False, activation_function=torch.nn.Identity())
    scatter(dense, seed=44)
    modules = [transformer, Pooling(HIDDEN, "mean"), dense, Normalize()]
    model = SentenceTransformer(modules=modules, prompts=DOCUMENT_PROMPTS, device="cpu")
    model.save(str(folder), create_model_card=False)
    for path in encoder.iterdir():
        path.unlink()
    encoder.rmdir()
    finish(folder, DOCUMENT_PROMPTS, dimension=40, matryoshka=16)


def xlm_roberta_cls(folder):
    """Positions start at padding_idx + 1 = 2, so 66 rows hold 64 tokens."""
    tokenizer = vocabularies.unigram()
    config = XLMRobertaConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=HIDDEN,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=66,
        type_vocab_size=1,
        pad_token_id=1,
        bos_token_id=0,
        eos_token_id=2,
        layer_norm_eps=1e-5,
    )
    model = scatter(XLMRobertaModel(config, add_pooling_layer=True), seed=5)
    save_encoder(folder, model, torch.float32, {"position_embedding_type": "absolute"})
    save_tokenizer(folder, tokenizer, XLM_TOKENS)
    save_modules(folder, "cls", {}, limit=56)
    finish(folder, {})


def distilbert_mean(folder):
    """No Normalize module and no prompts file: both are optional."""
    tokenizer = vocabularies.word_piece(lowercase=False)
    config = DistilBertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        dim=HIDDEN,
        hidden_dim=64,
        n_layers=2,
        n_heads=4,
        max_position_embeddings=64,
        pad_token_id=0,
    )
    save_encoder(folder, scatter(DistilBertModel(config), seed=6), torch.float32, {})
    save_tokenizer(folder, tokenizer, BERT_TOKENS, do_lower_case=False)
    save_modules(folder, "mean", None, limit=48, normalize=False)
    finish(folder, {})


def modernbert_cls(folder):
    """Layers 0 and 3 attend to everything, 1 and 2 to four tokens on either side."""
    tokenizer = vocabularies.word_piece()
    token = tokenizer.token_to_id
    config = ModernBertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=HIDDEN,
        num_hidden_layers=4,
        num_attention_heads=2,
        intermediate_size=48,
        max_position_embeddings=128,
        local_attention=8,
        global_attn_every_n_layers=3,
        pad_token_id=token("[PAD]"),
        cls_token_id=token("[CLS]"),
        sep_token_id=token("[SEP]"),
        bos_token_id=token("[CLS]"),
        eos_token_id=token("[SEP]"),
        attention_dropout=0.0,
    )
    published = {
        "global_rope_theta": 160000.0,
        "local_rope_theta": 10000.0,
        "layer_norm_eps": 1e-5,
        "position_embedding_type": "absolute",
    }
    drop = ("rope_parameters", "layer_types", "tie_word_embeddings")
    save_encoder(folder, scatter(ModernBertModel(config), seed=7), torch.float32, published, drop)
    save_tokenizer(folder, tokenizer, BERT_TOKENS)
    save_modules(folder, "cls", E5_PROMPTS, limit=96)
    finish(folder, E5_PROMPTS)


def qwen3_last(folder):
    """Four query heads share two key heads; heads × head_dim (64) is not the hidden size (32)."""
    tokenizer = vocabularies.byte_pairs()
    end = tokenizer.token_to_id("<|endoftext|>")
    config = Qwen3Config(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=HIDDEN,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=16,
        max_position_embeddings=160,
        tie_word_embeddings=True,
        bos_token_id=end,
        eos_token_id=end,
        use_cache=False,
    )
    published = {"rope_theta": 1000000, "rope_scaling": None, "sliding_window": None, "max_window_layers": 2}
    drop = ("rope_parameters", "layer_types")
    save_encoder(folder, scatter(Qwen3Model(config), seed=8), torch.float32, published, drop)
    tokens = {"pad_token": "<|endoftext|>", "eos_token": "<|im_end|>"}
    save_tokenizer(folder, tokenizer, tokens, padding_side="left")
    save_modules(folder, "lasttoken", QWEN_PROMPTS, limit=120)
    finish(folder, QWEN_PROMPTS)


CHECKPOINTS = {
    "bert-mean-f32": bert_mean_f32,
    "bert-cls-f16": bert_cls_f16,
    "bert-mean-bf16-dense": bert_mean_bf16_dense,
    "bert-matryoshka": bert_matryoshka,
    "xlm-roberta-cls": xlm_roberta_cls,
    "distilbert-mean": distilbert_mean,
    "modernbert-cls": modernbert_cls,
    "qwen3-last": qwen3_last,
}


def bert(tokenizer, seed, heads=2):
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=HIDDEN,
        num_hidden_layers=2,
        num_attention_heads=heads,
        intermediate_size=64,
        max_position_embeddings=64,
        type_vocab_size=2,
        pad_token_id=0,
    )
    return scatter(BertModel(config, add_pooling_layer=True), seed)


def scatter(model, seed):
    """Large random weights: a wrong mask, position or head then moves the vector far beyond any tolerance."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            noise = torch.randn(parameter.shape, generator=generator)
            if "norm" in name.lower() and name.endswith("weight"):
                parameter.copy_(1.0 + 0.2 * noise)
            elif name.endswith("bias"):
                parameter.copy_(0.1 * noise)
            else:
                parameter.copy_(0.3 * noise)
    return model.eval()


def save_encoder(folder, model, dtype, published, drop=()):
    """Weights of the given type; `published` turns the config into the form of models on the hub."""
    model.to(dtype).save_pretrained(folder)
    if published is None:
        return
    path = folder / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    for key in ("dtype", *drop):
        config.pop(key, None)
    config |= {"torch_dtype": str(dtype).removeprefix("torch."), "transformers_version": "4.51.0"} | published
    layout.write_json(path, dict(sorted(config.items())))


def save_tokenizer(folder, tokenizer, special_tokens, **settings):
    """tokenizer.json with no truncation or padding of its own, and the tokenizer_config.json that Python needs."""
    wrapped = PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=512, **special_tokens, **settings)
    wrapped.save_pretrained(folder)


def save_modules(folder, pooling, prompts, limit, dense=False, normalize=True):
    names = ["Transformer", "Pooling"] + ["Dense"] * dense + ["Normalize"] * normalize
    layout.write_modules(folder, names)
    layout.write_pooling(folder, HIDDEN, pooling)
    layout.write_limit(folder, limit)
    if prompts is not None:
        layout.write_prompts(folder, prompts)


def save_dense(folder, inputs, outputs, activation, dtype, seed):
    dense = scatter(Dense(inputs, outputs, activation_function=activation), seed)
    folder.mkdir()
    dense.save(str(folder))
    path = folder / "model.safetensors"
    save_file({name: tensor.to(dtype) for name, tensor in load_file(path).items()}, path)


def finish(folder, prompts, dimension=HIDDEN, matryoshka=None):
    """Loads the folder as a user would, in f32, and writes what it gives."""
    model = SentenceTransformer(str(folder), device="cpu", local_files_only=True, model_kwargs={"dtype": torch.float32})
    require_same_tokens(folder, model)
    limit = model.max_seq_length

    def encode(texts, max_tokens):
        model.max_seq_length = max_tokens or limit
        return model.encode(texts, prompt="", batch_size=64, convert_to_numpy=True)

    roles = {"passage" if name == "document" else name: prompt for name, prompt in prompts.items()}
    expected.write(folder, encode, roles, matryoshka)
    layout.seal(folder, folder.name, dimension)


def require_same_tokens(folder, model):
    """tokenizer.json alone, cut at the limit, must give the token ids that Python used."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(model.max_seq_length)
    tokenizer.no_padding()
    for text, _ in expected.CASES:
        used = model.preprocess([text])["input_ids"][0].tolist()
        if used != tokenizer.encode(text).ids:
            raise ValueError(f"{folder.name}: tokenizer.json gives other tokens for {text!r}")
