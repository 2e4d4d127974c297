"""The tokens that transformers gives greedily for 50 prompts, for other runtimes to be held against: `python -m taskling.parity MODEL`, JSON to stdout."""
from __future__ import annotations

import json
import os
import sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch
import transformers

from . import task_tools, trials
from .evaluate import greedy
from .export import read_model, read_tokenizer

PROSE = ['The task is called "{}". Its name is "', "{} and Peter met at the office.", "Tasks:\n- {} (due Friday, high priority, open)\nWhen is {} due?", '{{"title": "{}", "priority": "high"}}\n', "Request: {}\nMeaning:"]
SPECIAL = "A title can hold <|eot_id|> as text."
LIMIT = 40
"""llama.cpp ends at both, whatever the file names as the model's own end; so every runtime here does."""
ENDS = ("<|eot_id|>", "<|end_of_text|>")


def conversations() -> list[list[dict]]:
    found = [*trials.unseen_phrasings(11)[:30:1], *trials.unseen_words(20, 11)]
    rounds = [[{"role": "user", "content": trial.request}] for trial in found[:20]]
    rounds += [task_tools.prompt(trial.request) for trial in found[20:35]]
    return rounds


def main(folder: Path) -> None:
    torch.set_num_threads(1)
    model, tokenizer = read_model(folder), read_tokenizer(folder)
    prompts = []
    for at, messages in enumerate(conversations()):
        tools = task_tools.TOOLS if at >= 20 else None
        prompts.append({"messages": messages, **({"tools": tools} if tools else {}), "text": tokenizer.apply_chat_template(messages, tools=tools, tokenize=False, add_generation_prompt=True)})
    titles = [trial.arguments["title"] for trial in trials.unseen_words(15, 12)]
    prompts += [{"text": "<|begin_of_text|>" + PROSE[at % len(PROSE)].format(title, title)} for at, title in enumerate(titles)]
    for prompt in prompts:
        prompt["tokens"] = tokenizer.encode(prompt["text"], add_special_tokens=False)
        prompt["greedy"] = greedy(model, prompt["tokens"], set(tokenizer.convert_tokens_to_ids(ENDS)), LIMIT)
    called = [*task_tools.prompt("Add two: buy milk, and call Zoë by Friday."),
              {"role": "assistant", "content": "", "tool_calls": [task_tools.call("create_task", {"title": "buy milk"})["tool_calls"][0], task_tools.call("create_task", {"title": "call Zoë", "due_date": "Friday"})["tool_calls"][0]]},
              {"role": "tool", "content": '{"id": 7, "title": "buy milk"}'}, {"role": "assistant", "content": "Both are on your list."}]
    whole = tokenizer.apply_chat_template(called, tools=task_tools.TOOLS, tokenize=False)
    texts = [SPECIAL.replace("<|eot_id|>", ""), "naïve café — 日本語 🙂\n\n  two  spaces", "It's 12345 o'clock; WON'T you?", *(prompt["text"].replace("<|", "< |") for prompt in prompts[:5])]
    print(json.dumps({
        "transformers": transformers.__version__, "torch": torch.__version__, "limit": LIMIT, "prompts": prompts,
        "conversation": {"messages": called, "tools": task_tools.TOOLS, "text": whole, "tokens": len(tokenizer.encode(whole, add_special_tokens=False))},
        "texts": [{"text": text, "tokens": tokenizer.encode(text, add_special_tokens=False)} for text in texts],
    }, ensure_ascii=False))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
