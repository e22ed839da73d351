"""The sentences of the parity checkpoints: the corpus their vocabularies are cut from, and the test cases."""

CORPUS = [
    "买的东西几天能送到",
    "怎么申请退款，钱多久能退回来",
    "这件衣服可以换大一码吗",
    "发票在哪里开，可以开公司抬头吗",
    "订单一直显示待发货，请帮我催一下",
    "优惠券为什么用不了",
    "收到的商品有破损，我要投诉",
    "忘记密码了，手机号也换了，怎么登录",
    "请问你们周末有人工客服吗？",
    "会员积分什么时候过期",
    "地址填错了还能修改吗",
    "支付的时候提示余额不足，但是卡里有钱",
    "快递员说没有找到我家，现在包裹在哪里",
    "七天无理由退货需要自己付运费吗",
    "为这个句子生成表示以用于检索相关文章：",
    "How long does delivery take to my city?",
    "I would like to return this order and get a refund.",
    "Where can I change my shipping address?",
    "The coupon code does not work at checkout.",
    "My package arrived damaged, what should I do?",
    "I forgot my password and cannot log in to the account.",
    "Please cancel my subscription and send me the invoice.",
    "Do you ship internationally, and how much is the postage?",
    "The payment was charged twice, please refund one of them.",
    "query: passage: Instruct: Given a web search query, retrieve relevant passages that answer the query",
]

LONG = (
    "我上周在你们店里买了一件衣服，订单一直显示待发货，请问什么时候能送到？"
    "I would like to return this order and get a refund, but the coupon code does not work at checkout. "
    "如果七天无理由退货需要自己付运费，那么钱多久能退回来？"
    "Please cancel my subscription and send me the invoice, the payment was charged twice. "
    "快递员说没有找到我家，现在包裹在哪里？"
)

# (text, role): a role other than "none" puts the checkpoint's prompt for it before the text.
CASES = [
    ("退", "none"),
    ("买的东西几天能送到", "none"),
    ("How long does delivery take to my city?", "none"),
    ("我的 order 还没有 refund,why", "none"),
    ("!!!……??", "none"),
    ("包裹在哪里🙂🙂", "none"),
    ("龘 zebra-42 ñandú", "none"),
    (LONG, "none"),
    ("怎么申请退款", "query"),
    ("Where is my package", "query"),
    ("退款在三个工作日内退回原支付方式", "passage"),
    (LONG, "query"),
]

TRUNCATED_TO = 8
TRUNCATED_CASES = [
    ("退", "none"),
    ("买的东西几天能送到", "none"),
    ("I would like to return this order and get a refund.", "none"),
    (LONG, "none"),
    ("怎么申请退款，钱多久能退回来", "query"),
]

LONG_PASSAGE = " ".join(CORPUS[4:10] + CORPUS[17:22])

# (question, passage): short and long, either or both of them longer than the model takes.
PAIRS = [
    ("怎么退款", "退款在三个工作日内退回原支付方式"),
    ("怎么退款", "会员积分什么时候过期"),
    ("怎么申请退款，钱多久能退回来", "I would like to return this order and get a refund."),
    ("How long does delivery take to my city?", "买的东西几天能送到"),
    ("Where is my package?", "快递员说没有找到我家，现在包裹在哪里"),
    ("Where can I change my shipping address?", "The coupon code does not work at checkout."),
    ("我的 order 还没有 refund,why", "The payment was charged twice, please refund one of them."),
    ("退", ""),
    ("包裹在哪里🙂", "!!!……??"),
    ("优惠券为什么用不了", LONG_PASSAGE),
    (LONG, "Please cancel my subscription and send me the invoice."),
    (LONG, LONG_PASSAGE),
    ("龘 zebra-42 ñandú", "发票在哪里开，可以开公司抬头吗"),
]

PAIRS_TRUNCATED_TO = 13
TRUNCATED_PAIRS = [
    ("退", "退款在三个工作日内退回原支付方式"),
    ("怎么申请退款，钱多久能退回来", "退"),
    ("怎么申请退款，钱多久能退回来", "买的东西几天能送到"),
    ("How long does delivery take to my city?", "I forgot my password and cannot log in to the account."),
    (LONG, LONG_PASSAGE),
]
