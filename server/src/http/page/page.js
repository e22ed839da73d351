// The demo page: asks POST /v1/ask and shows the reply beside the reasons for it.
// Text from the server reaches the page through textContent only.

const WORDS = {
  zh: {
    skip: "跳到输入框", tools: "页面", docs: "API", clear: "清空", chat: "对话", examples: "示例问题", question: "您的问题",
    placeholder: "输入一个问题", send: "发送", hint: "回车发送，Shift + 回车换行",
    welcomeTitle: "像顾客那样问一句", welcomeText: "有把握才回答，拿不准先反问，答不了就转人工。回复只来自店铺自己的知识库，每一句都说明原因。",
    why: "为什么这样回复", back: "回到对话", loading: "正在查找答案", waiting: "正在等待这一问的结果。",
    idle: "发出问题后，这里会显示决策、置信度、候选问题和耗时。把握有多大，决定怎么回复：",
    answer: "直接回答", clarify: "先反问", handoff: "转人工", failed: "出错了",
    answerText: "置信度达到回答线，直接给出知识库里的答案。", clarifyText: "有几个相近的问题，先请顾客选一个。", handoffText: "把握不够就不猜，交给人工处理。",
    clarifyAsk: "您是想问下面哪一个？", options: "可选的问题", noteTitle: "已转人工客服", noteText: "接下来由人工客服为您处理，前面说过的内容不用重复。",
    reason: "原因：", confidence: "置信度", scope: "属于本店业务的可能性", notAnswered: "不直接回答", whyLink: "为什么", details: "详情", candidates: "候选问题", noCandidates: "知识库里没有相近的问题。",
    matched: "匹配到：", guards: { polarity: "意思相反", number: "数字不同", name: "型号不同" }, normalized: "规范化后", latency: "耗时", roundTrip: "浏览器往返", trace: "追踪号", copy: "复制", copied: "已复制",
    model: "模型", snapshot: "知识快照", entry: "知识条目", raw: "原始响应", retry: "重试", errorTitle: "没有得到回答", status: "状态码", code: "错误码", message: "说明",
    network: "连不上服务，请检查网络或服务是否在运行。", timeout: "服务在 20 秒内没有响应。", unreadable: "服务的响应无法识别。",
    reasons: { requested: "顾客要求人工服务", low_confidence: "没有足够把握", repeated_failure: "多次没有答上", sensitive: "涉及敏感问题", urgent: "情况紧急", unavailable: "自动应答暂不可用", chit_chat: "只是寒暄", too_little: "信息太少" },
    stages: { normalize: "规范化", embed: "向量", retrieve: "检索", rerank: "重排", lexical: "字词检索", dense: "向量检索", decide: "决策", total: "合计" },
  },
  en: {
    skip: "Skip to the question", tools: "Page", docs: "API", clear: "Clear", chat: "Conversation", examples: "Example questions", question: "Your question",
    placeholder: "Type a question", send: "Send", hint: "Enter sends, Shift + Enter starts a new line",
    welcomeTitle: "Ask as a customer would", welcomeText: "It answers from the shop's own knowledge base when it is sure, asks back when it is not, and hands over to a person when it can't tell. Every reply comes with its reasons.",
    why: "Why this reply", back: "Back", loading: "Looking for the answer", waiting: "Waiting for the result of this question.",
    idle: "Once you ask, this panel shows the decision, the confidence, the candidates and the time taken. How sure it is decides the reply:",
    answer: "Answered", clarify: "Asked back", handoff: "Handed over", failed: "Failed",
    answerText: "The confidence reaches the answer line, so the entry's answer is given.", clarifyText: "Several questions come close, so the customer is asked to choose.", handoffText: "Too unsure to guess, so a person takes over.",
    clarifyAsk: "Which of these do you mean?", options: "Questions to choose from", noteTitle: "A person is taking over", noteText: "They continue from here, so you won't have to repeat what you have asked.",
    reason: "Reason: ", confidence: "Confidence", scope: "Chance that the shop covers it", notAnswered: "Not answered", whyLink: "Why", details: "Details", candidates: "Candidates", noCandidates: "Nothing in the knowledge base comes close.",
    matched: "Matched: ", guards: { polarity: "says the opposite", number: "another number", name: "another model" }, normalized: "Normalised", latency: "Time", roundTrip: "round trip", trace: "Trace", copy: "Copy", copied: "Copied",
    model: "Model", snapshot: "Snapshot", entry: "Entry", raw: "Response as JSON", retry: "Try again", errorTitle: "No answer came back", status: "Status", code: "Code", message: "Message",
    network: "The server can't be reached. Check the network, and that the server is running.", timeout: "The server did not reply within 20 seconds.", unreadable: "The server's reply could not be read.",
    reasons: { requested: "the customer asked for a person", low_confidence: "not confident enough", repeated_failure: "several questions went unanswered", sensitive: "a sensitive matter", urgent: "an urgent matter", unavailable: "automatic answers are unavailable", chit_chat: "small talk", too_little: "it says too little" },
    stages: { normalize: "normalise", embed: "embed", retrieve: "retrieve", rerank: "rerank", lexical: "lexical", dense: "dense", decide: "decide", total: "total" },
  },
};
const TIMEOUT_MS = 20000;
const DECISIONS = ["answer", "clarify", "handoff"];

const byId = (id) => document.getElementById(id);
const log = byId("log"), question = byId("question"), send = byId("send"), examples = byId("examples"), why = byId("why"), whyBody = byId("why-body");

const state = { language: firstLanguage(), turns: [], selected: null, pending: null };
const words = () => WORDS[state.language];

/* Building blocks */

function el(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children.flat().filter(Boolean));
  return node;
}

function button(className, onClick, ...children) {
  const node = el("button", className, ...children);
  node.type = "button";
  node.addEventListener("click", onClick);
  return node;
}

function placed(className, property, value, ...children) {
  const node = el("span", className, ...children);
  node.style[property] = value;
  return node;
}

const icon = (name) => byId(`icon-${name}`).content.cloneNode(true);
const share = (value) => Math.min(1, Math.max(0, Number(value) || 0));
// Rounded down, so that 79.97 % never reads as a threshold of 80 % that it has not reached.
const percent = (value) => `${Number((Math.floor(share(value) * 1000 + 1e-9) / 10).toFixed(1))}%`;
const milliseconds = (value) => `${Number(value) >= 100 ? Math.round(value) : Number(Number(value).toPrecision(2))} ms`;
const tone = (turn) => (turn.error ? "error" : DECISIONS.includes(turn.reply?.decision) ? turn.reply.decision : "plain");
const verdict = (turn) => (turn.error ? words().failed : words()[turn.reply.decision] ?? turn.reply.decision);
const reasonText = (reason) => words().reasons[reason] ?? reason;
const isPhone = () => matchMedia("(max-width: 900px)").matches;

/* Asking */

async function ask(text) {
  if (state.pending || !text.trim()) return;
  const turn = { text: text.trim(), reply: null, error: null, roundTrip: 0, node: el("article", "turn") };
  state.turns.push(turn);
  log.append(turn.node);
  document.body.classList.add("started");
  await finish(turn);
}

async function finish(turn) {
  turn.error = null;
  state.pending = state.selected = turn;
  showTurn(turn);
  const started = performance.now();
  try {
    turn.reply = await request(turn.text);
  } catch (error) {
    turn.error = error.code ? error : { code: "page_error", message: String(error) };
  }
  turn.roundTrip = performance.now() - started;
  // A conversation cleared meanwhile has nowhere to show the reply.
  if (!state.turns.includes(turn)) return;
  state.pending = null;
  showTurn(turn);
}

async function request(text) {
  let response;
  try {
    response = await fetch("/v1/ask", {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify({ text, explain: true }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch (error) {
    const code = error.name === "TimeoutError" ? "timeout" : "network";
    throw { code, local: code };
  }
  const body = await response.json().catch(() => null);
  if (!response.ok) throw { status: response.status, code: body?.code ?? `http_${response.status}`, message: body?.message, local: body?.message ? null : "unreadable", details: body?.details };
  if (typeof body?.decision !== "string") throw { status: response.status, code: "unreadable", local: "unreadable" };
  return body;
}

const errorMessage = (error) => (error.local ? words()[error.local] : error.message);

/* The conversation */

function drawTurn(turn) {
  turn.node.replaceChildren(el("p", "bubble customer", turn.text), drawReply(turn));
}

function drawReply(turn) {
  const reply = el("div", "reply");
  if (turn === state.pending) {
    const typing = el("div", "bubble bot typing", el("i"), el("i"), el("i"));
    typing.setAttribute("role", "img");
    typing.setAttribute("aria-label", words().loading);
    reply.append(typing);
  } else {
    reply.append(...(turn.error ? [drawError(turn)] : drawDecision(turn)), drawMeta(turn));
  }
  return reply;
}

function drawDecision(turn) {
  const { decision, answer, options } = turn.reply;
  const parts = [];
  if (answer) parts.push(el("p", "bubble bot", answer));
  if (decision === "clarify") parts.push(el("p", "bubble bot", words().clarifyAsk), drawOptions(options ?? []));
  if (decision === "handoff") parts.push(drawHandOff(turn.reply));
  return parts;
}

function drawOptions(options) {
  const group = el("div", "options", options.map((option) =>
    button("option", () => ask(option.question), option.question, el("span", "option-confidence", percent(option.confidence)))));
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", words().options);
  return group;
}

function drawHandOff(reply) {
  return el("div", "note", icon("person"), el("p", "note-title", words().noteTitle), el("p", "note-text", words().noteText),
    reply.reason ? el("p", "note-reason", words().reason + reasonText(reply.reason)) : null);
}

function drawError(turn) {
  const { error } = turn;
  const again = button("retry", () => state.pending || finish(turn), words().retry);
  return el("div", "note failed", icon("alert"), el("p", "note-title", words().errorTitle), el("p", "note-text", errorMessage(error)),
    el("code", "", [error.status, error.code].filter(Boolean).join(" ")), again);
}

function drawMeta(turn) {
  const facts = [verdict(turn)];
  if (turn.reply && !turn.error) facts.push(percent(turn.reply.confidence), milliseconds(turn.reply.took_ms));
  const meta = button(`meta tone-${tone(turn)}`, () => openWhy(turn),
    el("span", "dot"), facts.join(" · "), el("span", "open", turn.error ? words().details : words().whyLink));
  meta.setAttribute("aria-controls", "why");
  return meta;
}

function showTurn(turn) {
  drawTurn(turn);
  refresh();
  if (isPhone()) turn.node.scrollIntoView({ block: "end" });
  else log.scrollTop = log.scrollHeight;
}

function openWhy(turn) {
  state.selected = turn;
  refresh();
  why.scrollTop = 0;
  if (!isPhone()) return;
  why.scrollIntoView({ block: "start" });
  why.focus({ preventScroll: true });
}

/* The reasons */

function drawWhy() {
  const turn = state.selected;
  if (!turn) return drawIdle();
  const asked = el("p", "asked", turn.text);
  if (turn === state.pending) return [asked, el("p", "idle", words().waiting)];
  if (turn.error) return drawErrorWhy(turn, asked);
  const explain = turn.reply.explain ?? {};
  return [
    el("div", `tone-${tone(turn)}`, asked, drawVerdict(turn)),
    drawCertainty(turn, explain),
    drawCandidates(turn, explain),
    drawFacts(turn, explain),
    drawRaw(turn.reply),
  ];
}

function drawIdle() {
  return [el("p", "idle", words().idle), el("div", "steps", DECISIONS.map((name) =>
    el("p", `step tone-${name}`, el("strong", "", words()[name]), el("span", "", words()[`${name}Text`]))))];
}

function drawErrorWhy(turn, asked) {
  const { error } = turn;
  const facts = el("dl", "facts");
  fact(facts, words().status, error.status);
  fact(facts, words().code, error.code, "code");
  fact(facts, words().message, errorMessage(error));
  const parts = [el("div", "tone-error", asked, el("div", "verdict", el("p", "verdict-name", words().failed), el("p", "verdict-text", words().errorTitle))), facts];
  if (error.details) parts.push(drawRaw(error.details));
  return parts;
}

function drawVerdict(turn) {
  const { decision, reason } = turn.reply;
  const text = decision === "handoff" && reason ? words().reason + reasonText(reason) : words()[`${decision}Text`];
  return el("div", "verdict", el("p", "verdict-name", verdict(turn)), el("p", "verdict-text", text));
}

const heading = (name, value) => el("h3", "", name, value ? el("strong", "", value) : null);

// The best candidate answers from one line on; below it, the chance that anything is meant decides between asking back and a person.
function drawCertainty(turn, { scope, thresholds }) {
  const { confidence } = turn.reply;
  const parts = [heading(words().confidence, percent(confidence)), ...drawScale(confidence, thresholds?.answer, ["plain", "answer"])];
  if (scope !== undefined) parts.push(heading(words().scope, percent(scope)), ...drawScale(scope, thresholds?.clarify, ["handoff", "clarify"]));
  return el("section", `part tone-${tone(turn)}`, parts);
}

function drawScale(value, threshold, [below, above]) {
  const needle = placed("needle", "left", `${share(value) * 100}%`);
  if (threshold === undefined) return [el("div", "scale", el("div", "zones", placed("zone-plain", "flex", "1")), needle)];
  const line = share(threshold);
  const zones = [placed(`zone-${below}`, "flex", `${line} 0 0`), placed(`zone-${above}`, "flex", `${1 - line} 0 0`)];
  const tick = placed("tick", "left", `${Math.min(0.95, Math.max(0.05, line)) * 100}%`, percent(line));
  const name = (zone) => el("span", `tone-${zone}`, words()[zone] ?? words().notAnswered);
  return [el("div", "scale", el("div", "zones", zones), needle, tick), el("p", "legend", name(below), name(above))];
}

function drawCandidates(turn, { candidates, thresholds }) {
  if (!candidates) return null;
  const list = candidates.map((candidate, index) => drawCandidate(candidate, index + 1, thresholds, turn));
  return el("section", "part", heading(words().candidates), list.length ? el("ol", "candidates", list) : el("p", "idle", words().noCandidates));
}

function drawCandidate(candidate, rank, thresholds, turn) {
  const confidence = share(candidate.confidence);
  const chosen = candidate.entry_id === turn.reply.entry_id;
  const given = chosen || (turn.reply.options ?? []).some((option) => option.entry_id === candidate.entry_id);
  const fill = placed("fill", "width", `${confidence * 100}%`);
  const marks = thresholds ? placed("mark", "left", `${share(thresholds.answer) * 100}%`) : null;
  const more = [
    candidate.matched_question && candidate.matched_question !== candidate.question ? words().matched + candidate.matched_question : null,
    ...(candidate.guards ?? []).map((guard) => words().guards[guard] ?? guard),
  ].filter(Boolean).join(" · ");
  return el("li", `candidate tone-${given ? tone(turn) : "plain"}${chosen ? " chosen" : ""}`,
    el("span", "rank", String(rank)), el("span", "candidate-question", candidate.question), el("span", "candidate-confidence", percent(confidence)),
    el("div", "meter", fill, marks), more ? el("p", "candidate-more", more) : null);
}

function fact(list, name, value, className, ...more) {
  if (value === null || value === undefined || value === "") return;
  list.append(el("dt", "", name), el("dd", className, String(value), ...more));
}

function drawFacts(turn, explain) {
  const { reply } = turn;
  const stages = Object.entries(explain.stages_ms ?? {}).map(([name, time]) => `${words().stages[name] ?? name} ${milliseconds(time)}`);
  const facts = el("dl", "facts");
  fact(facts, words().normalized, explain.normalized);
  fact(facts, words().latency, milliseconds(reply.took_ms), "", el("small", "", [...stages, `${words().roundTrip} ${milliseconds(turn.roundTrip)}`].join(" · ")));
  fact(facts, words().entry, reply.entry_id, "code");
  fact(facts, words().model, explain.model, "code");
  fact(facts, words().snapshot, explain.snapshot, "code");
  fact(facts, words().trace, reply.trace_id, "code", reply.trace_id ? copyButton(reply.trace_id) : null);
  return facts;
}

function copyButton(text) {
  if (!navigator.clipboard) return null;
  return button("copy", async ({ target }) => {
    await navigator.clipboard.writeText(text);
    target.textContent = words().copied;
  }, words().copy);
}

function drawRaw(value) {
  const raw = el("details", "raw", el("summary", "", words().raw), el("pre", "", JSON.stringify(value, null, 2)));
  raw.querySelector("pre").tabIndex = 0;
  return raw;
}

/* The page as a whole */

function refresh() {
  for (const turn of state.turns) turn.node.querySelector(".meta")?.setAttribute("aria-pressed", String(turn === state.selected));
  whyBody.replaceChildren(...drawWhy().filter(Boolean));
  byId("welcome").hidden = state.turns.length > 0;
  byId("clear").hidden = state.turns.length === 0;
  log.setAttribute("aria-busy", String(state.pending !== null));
  updateSend();
}

function updateSend() {
  send.disabled = state.pending !== null || !question.value.trim();
  for (const choice of document.querySelectorAll(".example, .option, .retry")) choice.disabled = state.pending !== null;
}

function grow() {
  question.style.height = "auto";
  question.style.height = `${question.scrollHeight}px`;
  updateSend();
}

function submit() {
  if (send.disabled) return;
  const text = question.value;
  question.value = "";
  grow();
  ask(text);
}

function clear() {
  for (const turn of state.turns) turn.node.remove();
  Object.assign(state, { turns: [], selected: null, pending: null });
  document.body.classList.remove("started");
  refresh();
  question.focus();
}

function firstLanguage() {
  let kept = null;
  try { kept = localStorage.getItem("yingda-language"); } catch { /* storage may be forbidden */ }
  if (kept in WORDS) return kept;
  return (navigator.language ?? "en").toLowerCase().startsWith("zh") ? "zh" : "en";
}

function speak(language) {
  state.language = language;
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  for (const node of document.querySelectorAll("[data-text]")) node.textContent = words()[node.dataset.text];
  for (const node of document.querySelectorAll("[data-label]")) node.setAttribute("aria-label", words()[node.dataset.label]);
  for (const node of document.querySelectorAll("[data-placeholder]")) node.placeholder = words()[node.dataset.placeholder];
  for (const node of document.querySelectorAll("[data-language]")) node.setAttribute("aria-pressed", String(node.dataset.language === language));
  // Redrawn in the other language, the conversation is not news for a screen reader.
  log.setAttribute("aria-live", "off");
  state.turns.forEach(drawTurn);
  refresh();
  setTimeout(() => log.setAttribute("aria-live", "polite"), 500);
}

async function loadExamples() {
  const response = await fetch("/demo/examples", { headers: { accept: "application/json" } }).catch(() => null);
  if (!response?.ok) return;
  const shop = await response.json().catch(() => null);
  if (shop?.title) {
    byId("shop").textContent = shop.title;
    byId("shop").hidden = false;
    document.title = `${shop.title} · Yingda 应答`;
  }
  if (shop?.language) for (const node of [log, examples, byId("shop")]) node.lang = shop.language;
  examples.replaceChildren(...(shop?.examples ?? []).map((text) => button("example", () => ask(text), text)));
  examples.hidden = examples.children.length === 0;
  updateSend();
}

byId("composer").addEventListener("submit", (event) => { event.preventDefault(); submit(); });
byId("clear").addEventListener("click", clear);
question.addEventListener("input", grow);
question.addEventListener("keydown", (event) => {
  // While an input method composes, Enter picks a word; Safari marks that only by key code 229.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
  event.preventDefault();
  submit();
});
for (const node of document.querySelectorAll("[data-language]")) {
  node.addEventListener("click", () => {
    try { localStorage.setItem("yingda-language", node.dataset.language); } catch { /* the choice then lasts for this visit */ }
    speak(node.dataset.language);
  });
}

speak(state.language);
loadExamples();
if (!isPhone()) question.focus();
