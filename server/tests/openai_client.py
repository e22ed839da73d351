"""The official OpenAI client against a running service.

Usage: YINGDA_URL=http://127.0.0.1:8080 python openai_client.py

The service must answer "怎么退款" from an entry "refund", and know nothing on the channel "phone". Ends with a non-zero code at the
first thing that is not as the client expects it.
"""

import math
import os

import openai

ANSWER = "在订单详情页点击“申请退款”。"


def main() -> None:
    url = os.environ["YINGDA_URL"].rstrip("/") + "/v1"
    client = openai.OpenAI(base_url=url, api_key="none", max_retries=0, timeout=30)
    model = check_models(client)
    check_embeddings(client, model)
    check_dimensions(client, model)
    check_chat(client)
    check_stream(client)
    check_errors(client, model)
    print(f"openai {openai.__version__}: all as expected")


def check_models(client: openai.OpenAI) -> str:
    names = [model.id for model in client.models.list()]
    assert len(names) == 2 and names[0] == "yingda", names
    for name in names:
        model = client.models.retrieve(name)
        assert (model.id, model.object, model.owned_by) == (name, "model", "yingda"), model
    return names[1]


def check_embeddings(client: openai.OpenAI, model: str) -> None:
    texts = ["怎么退款", "how do I get my money back"]
    # Without a format the client asks for base64 and decodes it.
    default = client.embeddings.create(model=model, input=texts)
    floats = client.embeddings.create(model=model, input=texts, encoding_format="float")
    assert default.model == model and default.object == "list", default
    assert [item.index for item in default.data] == [0, 1], default
    assert default.usage.prompt_tokens == default.usage.total_tokens > 0, default.usage
    for packed, written in zip(default.data, floats.data, strict=True):
        assert len(packed.embedding) == len(written.embedding) > 0
        assert all(math.isclose(a, b, rel_tol=1e-6) for a, b in zip(packed.embedding, written.embedding))
        assert math.isclose(math.hypot(*packed.embedding), 1, abs_tol=1e-5)
    alone = client.embeddings.create(model=model, input=texts[0], extra_body={"input_type": "query"}, user="u-1")
    assert len(alone.data) == 1, alone


def check_dimensions(client: openai.OpenAI, model: str) -> None:
    short = client.embeddings.create(model=model, input="怎么退款", dimensions=8).data[0].embedding
    assert len(short) == 8 and math.isclose(math.hypot(*short), 1, abs_tol=1e-5), short


def check_chat(client: openai.OpenAI) -> None:
    completion = ask(client, "怎么退款", temperature=0.2)
    assert completion.object == "chat.completion" and completion.model == "yingda", completion
    (choice,) = completion.choices
    assert (choice.message.role, choice.message.content, choice.finish_reason) == ("assistant", ANSWER, "stop"), choice
    assert completion.usage.total_tokens == completion.usage.prompt_tokens + completion.usage.completion_tokens > 0
    decision = completion.model_extra["yingda"]
    assert (decision["decision"], decision["entry_id"]) == ("answer", "refund"), decision
    handed_over = ask(client, "怎么退款", extra_body={"channel": "phone"})
    assert handed_over.model_extra["yingda"]["decision"] == "handoff", handed_over
    assert handed_over.choices[0].message.content, handed_over


def check_stream(client: openai.OpenAI) -> None:
    chunks = list(ask(client, "怎么退款", stream=True, stream_options={"include_usage": True}))
    pieces = [chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]
    assert "".join(pieces) == ANSWER, chunks
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop", chunks
    assert chunks[-1].usage.total_tokens > 0, chunks[-1]
    assert len({chunk.id for chunk in chunks}) == 1, chunks


def check_errors(client: openai.OpenAI, model: str) -> None:
    embeddings = client.embeddings
    expect(openai.NotFoundError, "model_not_found", lambda: embeddings.create(model="no-such-model", input="a"))
    expect(openai.NotFoundError, "model_not_found", lambda: client.models.retrieve("some/model"))
    expect(openai.NotFoundError, "model_not_found", lambda: ask(client, "怎么退款", model="gpt-4"))
    expect(openai.UnprocessableEntityError, "invalid_field", lambda: embeddings.create(model=model, input=[1, 2, 3]))
    expect(openai.UnprocessableEntityError, "invalid_field", lambda: embeddings.create(model=model, input=""))
    expect(openai.UnprocessableEntityError, "invalid_field", lambda: ask(client, "怎么退款", n=2))
    expect(openai.UnprocessableEntityError, "no_words", lambda: ask(client, "😀"))
    expect(openai.UnprocessableEntityError, "empty_question", lambda: ask(client, " ", stream=True))


def ask(client: openai.OpenAI, text: str, model: str = "yingda", **options):
    messages = [{"role": "system", "content": "You serve a shop."}, {"role": "user", "content": text}]
    return client.chat.completions.create(model=model, messages=messages, **options)


def expect(kind: type[openai.APIStatusError], code: str, call) -> None:
    try:
        call()
    except kind as error:
        assert error.code == code and error.type == "invalid_request_error", (error, error.code, error.type)
        assert error.response.headers["x-request-id"] == error.request_id, error.request_id
    else:
        raise AssertionError(f"expected {kind.__name__} {code}")


if __name__ == "__main__":
    main()
