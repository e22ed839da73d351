"""The cross-encoders: random weights, a classifier of one label, logits by transformers and sentence-transformers."""

import numpy as np
import torch
from sentence_transformers import CrossEncoder
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    BertConfig,
    BertForSequenceClassification,
    XLMRobertaConfig,
    XLMRobertaForSequenceClassification,
)

import folder as layout
import vocabularies
from sentences import PAIRS, PAIRS_TRUNCATED_TO, TRUNCATED_PAIRS
from transformer_folders import BERT_TOKENS, HIDDEN, XLM_TOKENS, save_encoder, save_tokenizer, scatter

POSITIONS = 64
INPUTS = ["input_ids", "attention_mask"]
TOLERANCE = 1e-5
# What must move a logit at least, for a wrong segment, mask or order to be seen.
SEEN = 1e-2


def bert_cross(folder):
    """A plain transformers folder, as the ms-marco models are."""
    tokenizer = vocabularies.word_piece()
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=HIDDEN,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=POSITIONS,
        type_vocab_size=2,
        pad_token_id=0,
        num_labels=1,
    )
    model = scatter(BertForSequenceClassification(config), seed=9)
    save_encoder(folder, model, torch.float32, {"position_embedding_type": "absolute"})
    save_tokenizer(folder, tokenizer, BERT_TOKENS, model_input_names=[*INPUTS, "token_type_ids"])
    finish(folder, segments=True)


def xlm_roberta_cross(folder):
    """In half precision and, as sentence-transformers saves a CrossEncoder, with modules.json."""
    tokenizer = vocabularies.unigram()
    config = XLMRobertaConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=HIDDEN,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=POSITIONS + 2,
        type_vocab_size=1,
        pad_token_id=1,
        bos_token_id=0,
        eos_token_id=2,
        layer_norm_eps=1e-5,
        num_labels=1,
    )
    model = scatter(XLMRobertaForSequenceClassification(config), seed=10)
    save_encoder(folder, model, torch.float16, {"position_embedding_type": "absolute"})
    save_tokenizer(folder, tokenizer, XLM_TOKENS, model_input_names=INPUTS)
    save_as_sentence_transformers_does(folder)
    finish(folder)


CHECKPOINTS = {"bert-cross": bert_cross, "xlm-roberta-cross": xlm_roberta_cross}


def save_as_sentence_transformers_does(folder):
    layout.write_modules(folder, ["Transformer"])
    outputs = {"text": {"method": "forward", "method_output_name": "logits"}}
    layout.write_json(
        folder / "sentence_bert_config.json",
        {"transformer_task": "sequence-classification", "modality_config": outputs, "module_output_name": "scores"},
    )
    layout.write_json(
        folder / "config_sentence_transformers.json",
        {
            "__version__": {"pytorch": "2.15.0", "sentence_transformers": "6.2.0", "transformers": "5.24.0"},
            "activation_fn": "torch.nn.modules.activation.Sigmoid",
            "default_prompt_name": None,
            "model_type": "CrossEncoder",
            "prompts": {},
        },
    )


def finish(folder, segments=False):
    """Loads the folder as a user would, in f32, and writes what it gives."""
    reference = Reference(folder)
    if segments:
        reference.require_segments_matter(PAIRS, POSITIONS)
    cases = records(PAIRS, reference.checked(PAIRS, POSITIONS))
    shorter = records(TRUNCATED_PAIRS, reference.checked(TRUNCATED_PAIRS, PAIRS_TRUNCATED_TO))
    expected = {"cases": cases, "truncate": {"max_tokens": PAIRS_TRUNCATED_TO, "cases": shorter}}
    layout.write_json(folder / "expected.json", expected)
    layout.seal(folder, folder.name, dimension=1)


def records(pairs, logits):
    return [
        {"question": question, "passage": passage, "logit": float(f"{logit:.7g}")}
        for (question, passage), logit in zip(pairs, logits, strict=True)
    ]


class Reference:
    """One folder in both libraries."""

    def __init__(self, folder):
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        model = AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32)
        self.model = model.eval()
        self.encoder = CrossEncoder(
            str(folder), device="cpu", local_files_only=True, model_kwargs={"dtype": torch.float32}
        )

    def checked(self, pairs, max_tokens):
        """Logits of the pairs, each alone; batching, padding and the other library must not change them."""
        alone = np.concatenate([self.logits([pair], max_tokens) for pair in pairs])
        require_close("a padded batch", alone, self.logits(pairs, max_tokens))
        self.encoder.max_seq_length = max_tokens
        theirs = self.encoder.predict(list(pairs), activation_fn=torch.nn.Identity(), show_progress_bar=False)
        require_close("sentence-transformers", alone, theirs)
        require_apart("two pairs", alone, alone)
        swapped = [(passage, question) for question, passage in pairs if question != passage]
        require_apart("swapped texts", alone, self.logits(swapped, max_tokens))
        return alone

    def logits(self, pairs, max_tokens, **changed):
        inputs = self.inputs(pairs, max_tokens) | changed
        with torch.inference_mode():
            return self.model(**inputs).logits.squeeze(1).numpy().astype(np.float64)

    def inputs(self, pairs, max_tokens):
        questions, passages = zip(*pairs, strict=True)
        encoded = self.tokenizer(
            list(questions),
            list(passages),
            truncation="longest_first",
            max_length=max_tokens,
            padding=True,
            return_tensors="pt",
        )
        return dict(encoded)

    def require_segments_matter(self, pairs, max_tokens):
        segments = self.inputs(pairs, max_tokens)["token_type_ids"]
        if not all(row.any() for row, (_, passage) in zip(segments, pairs, strict=True) if passage):
            raise ValueError("a passage is in the first segment")
        one_segment = self.logits(pairs, max_tokens, token_type_ids=torch.zeros_like(segments))
        if not (np.abs(one_segment - self.logits(pairs, max_tokens)) > SEEN).mean() > 0.8:
            raise ValueError("segments hardly change the logits")


def require_close(what, expected, actual):
    worst = float(np.abs(expected - actual).max())
    if worst > TOLERANCE:
        raise ValueError(f"{what} changes a logit by {worst}")


def require_apart(what, logits, others):
    """Most of the logits must differ from all others, or a mistake in the order would stay hidden."""
    distances = np.abs(logits[:, None] - others[None, :])
    if others is logits:
        np.fill_diagonal(distances, np.inf)
    if not (distances.min(axis=1) > 1e-3).mean() > 0.8:
        raise ValueError(f"{what} have nearly the same logit")
