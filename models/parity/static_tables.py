"""The checkpoints that are a table of token vectors: sentence-transformers' StaticEmbedding and Model2Vec."""

import numpy as np
from model2vec import StaticModel
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import StaticEmbedding
from tokenizers import Tokenizer, processors

import expected
import folder as layout
import vocabularies
from sentences import LONG

DIMENSION = 32
LIMIT = 48


def static_st(folder):
    """The published layout of static-retrieval-mrl-en-v1: the table lies in 0_StaticEmbedding, no Normalize module."""
    tokenizer = vocabularies.word_piece()
    module = StaticEmbedding(tokenizer, embedding_weights=table(tokenizer.get_vocab_size(), seed=11))
    inner = folder / "0_StaticEmbedding"
    inner.mkdir()
    module.save(str(inner))
    entry = {"idx": 0, "name": "0", "path": "0_StaticEmbedding", "type": layout.MODULE + "StaticEmbedding"}
    layout.write_json(folder / "modules.json", [entry])
    layout.write_prompts(folder, {})
    model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)

    def encode(texts, max_tokens):
        backend = model[0].tokenizer
        backend.enable_truncation(max_tokens) if max_tokens else backend.no_truncation()
        return model.encode(texts, convert_to_numpy=True)

    finish(folder, encode)


def model2vec(folder):
    """The config of the published potion models. Half-precision table, but vectors computed from it in f32."""
    tokenizer = without_special_tokens(vocabularies.word_piece())
    vectors = table(tokenizer.get_vocab_size(), seed=12).astype(np.float16)
    config = {"model_type": "model2vec", "architectures": ["StaticModel"], "hidden_dim": DIMENSION, "apply_zipf": True}
    save(folder, StaticModel(vectors, tokenizer, config, normalize=True, max_length=LIMIT))


def model2vec_weights(folder):
    """Vocabulary-quantised: `mapping` (i32) leads a token to one of 64 rows, `weights` (f64) scales it; a Unigram
    tokenizer, whose unknown token is `unk_id`; the config as version 0.10 writes it, without a model_type."""
    tokenizer = without_special_tokens(vocabularies.unigram())
    size = tokenizer.get_vocab_size()
    generator = np.random.default_rng(14)
    mapping = generator.integers(0, 64, size).astype(np.int32)
    weights = generator.uniform(0.2, 2.0, size)
    model = StaticModel(
        table(64, seed=13), tokenizer, normalize=False, weights=weights, token_mapping=mapping, max_length=LIMIT
    )
    save(folder, model)


CHECKPOINTS = {"static-st": static_st, "model2vec": model2vec, "model2vec-weights": model2vec_weights}


def table(rows, seed):
    return (0.3 * np.random.default_rng(seed).standard_normal((rows, DIMENSION))).astype(np.float32)


def without_special_tokens(tokenizer):
    """Model2Vec adds none, so its published tokenizers have no post-processor."""
    copy = Tokenizer.from_str(tokenizer.to_str())
    copy.post_processor = processors.Sequence([])
    return copy


def save(folder, model):
    model.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)
    loaded = StaticModel.from_pretrained(folder)
    loaded.embedding = loaded.embedding.astype(np.float32)
    # Before the tokens are cut, Model2Vec cuts the text to limit × median token length characters, to save time.
    # With a vocabulary this small that would change the tokens; the limit in tokens is the contract.
    loaded.median_token_length = len(LONG)

    def encode(texts, max_tokens):
        return loaded.encode(texts, max_length=max_tokens or LIMIT, use_multiprocessing=False)

    finish(folder, encode)


def finish(folder, encode):
    expected.write(folder, encode, {})
    layout.seal(folder, folder.name, DIMENSION)
