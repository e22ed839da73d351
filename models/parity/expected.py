"""expected.json: the unit vectors that transformers, sentence-transformers and model2vec give, computed in f32."""

import json

import numpy as np

from sentences import CASES, TRUNCATED_CASES, TRUNCATED_TO

TOLERANCE = 1e-5


def write(folder, encode, prompts, matryoshka=None):
    """`encode(texts, max_tokens)` takes prompted texts (max_tokens None: the folder's own limit) and gives rows."""
    cases = with_prompts(CASES, prompts)
    vectors = checked(encode, cases, None)
    expected = {"cases": records(cases, vectors)}
    truncated = with_prompts(TRUNCATED_CASES, prompts)
    shorter = checked(encode, truncated, TRUNCATED_TO)
    expected["truncate"] = {"max_tokens": TRUNCATED_TO, "cases": records(truncated, shorter)}
    if matryoshka:
        cut = unit(vectors[:, :matryoshka])
        expected["matryoshka"] = {"dimension": matryoshka, "cases": records(cases, cut)}
    text = json.dumps(expected, ensure_ascii=False, indent=1)
    (folder / "expected.json").write_text(compact_vectors(text) + "\n", encoding="utf-8")


def with_prompts(cases, prompts):
    """(text, role, prompted text); a role the checkpoint has no prompt for is left out."""
    known = {"none": "", **prompts}
    return [(text, role, known[role] + text) for text, role in cases if role in known]


def checked(encode, cases, max_tokens):
    """Rows for all cases, encoded together with padding; each must agree with the sentence encoded alone."""
    texts = [prompted for _, _, prompted in cases]
    together = unit(encode(texts, max_tokens))
    alone = unit(np.stack([encode([text], max_tokens)[0] for text in texts]))
    worst = float(np.abs(together - alone).max())
    if worst > TOLERANCE:
        raise ValueError(f"padding changes a vector by {worst}")
    require_different(cases, alone)
    return alone


def require_different(cases, vectors):
    """Two different prompted texts with nearly the same vector would hide an error."""
    similarity = vectors @ vectors.T
    for i in range(len(cases)):
        for j in range(i):
            if similarity[i, j] > 0.9999 and cases[i][2][:20] != cases[j][2][:20]:
                raise ValueError(f"the same vector for {cases[i][2]!r} and {cases[j][2]!r}")


def unit(rows):
    rows = np.asarray(rows, dtype=np.float64)
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    if not (norms > 1e-6).all():
        raise ValueError("a sentence has no direction")
    return rows / norms


def records(cases, vectors):
    return [
        {"text": text, "role": role, "vector": [float(f"{x:.7g}") for x in vector]}
        for (text, role, _), vector in zip(cases, vectors, strict=True)
    ]


def compact_vectors(text):
    """One line for each vector instead of one for each number."""
    lines, inside = [], False
    for line in text.split("\n"):
        if inside:
            lines[-1] += line.strip() + (" " if line.endswith(",") else "")
            inside = not line.strip().startswith("]")
        else:
            lines.append(line)
            inside = line.endswith('"vector": [')
    return "\n".join(lines)
