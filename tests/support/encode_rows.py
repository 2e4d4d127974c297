"""`python encode_rows.py MODEL ROWS`: what the trainer learns of each row, as text with what has a loss between ⟦ and ⟧, or why not.

Each line of ROWS is {"row": …, "template"?: a chat template, "completion_only"?: boolean}.
"""
import json
import sys

from transformers import AutoTokenizer

from trainer.data import IGNORED, Encoder
from trainer.recipe import RecipeError


def mark(tokenizer, example):
    parts, inside = [], False
    for token, label in zip(example.input_ids, example.labels):
        if (label != IGNORED) != inside:
            parts.append("⟦" if not inside else "⟧")
            inside = not inside
        parts.append(token)
    if inside:
        parts.append("⟧")
    # Runs of tokens are decoded together: a letter may be split over several.
    text, run = "", []
    for part in [*parts, ""]:
        if isinstance(part, int):
            run.append(part)
        else:
            text += tokenizer.decode(run, clean_up_tokenization_spaces=False) + part
            run = []
    return text


def main(model, rows):
    for line in open(rows, encoding="utf8"):
        case = json.loads(line)
        tokenizer = AutoTokenizer.from_pretrained(model)
        if case.get("template"):
            tokenizer.chat_template = case["template"]
        try:
            example = Encoder(tokenizer, case.get("completion_only", True)).encode(case["row"], "row")
            assert all(label in (IGNORED, token) for token, label in zip(example.input_ids, example.labels))
            again = tokenizer(tokenizer.decode(example.input_ids, clean_up_tokenization_spaces=False), add_special_tokens=False)["input_ids"]
            print(json.dumps({"text": mark(tokenizer, example), "whole": again == example.input_ids, "tokens": len(example.input_ids), "stop": tokenizer.convert_ids_to_tokens(example.stop)}))
        except RecipeError as error:
            print(json.dumps({"refused": str(error)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
