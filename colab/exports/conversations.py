"""Twenty conversations with tools as a model's chat template writes them, to hold other templates against: `python -m exports.conversations MODEL`, JSON to stdout."""
from __future__ import annotations

import json
import sys
from pathlib import Path

from taskling import trials
from taskling.task_tools import SYSTEM, TOOLS, call

"""What quoting and escaping stumble over."""
TITLES = ['buy "oat" milk', "naïve café — 日本語 🙂", "a < b & c > d", "back\\slash", "it's 50% off", "call Zoë; then Ana", "{curly} and }}", "two\nlines", "<|eot_id|> as text"]
OTHER = {"type": "function", "function": {"name": "remind", "description": "Remind by mail", "parameters": {"type": "object", "properties": {
    "about": {"type": "string"}, "days": {"type": "integer"}, "loud": {"type": "boolean"}}, "required": ["about"]}}}
BARE = {"type": "function", "function": {"name": "today", "parameters": {"type": "object", "properties": {}}}}


def calls(*pairs: tuple[str, dict], content: str = "") -> dict:
    return {"role": "assistant", "content": content, "tool_calls": [call(name, arguments)["tool_calls"][0] for name, arguments in pairs]}


def conversations() -> list[dict]:
    """Each with messages and tools; with and without a system turn, calls, several calls, results, prose, many turns."""
    system, found = {"role": "system", "content": SYSTEM}, []
    for at, trial in enumerate([*trials.held_out(6, 8), *trials.unseen_words(5, 8)]):
        user = {"role": "user", "content": trial.request}
        done = [{"role": "tool", "content": json.dumps({"ok": True, "id": at})}, {"role": "assistant", "content": "Done."}, {"role": "user", "content": "Thanks. What is left?"}]
        messages = [*([system] if at % 3 else []), user, *([call(trial.name, trial.arguments), *done] if at % 2 else [])]
        found.append({"messages": messages, "tools": TOOLS})
    for at, title in enumerate(TITLES):
        full = {"title": title, "new_title": title.upper(), "due_date": "Friday", "priority": "high"}
        pairs = [("update_task", full), ("list_tasks", {"due_date": "Friday", "priority": "low", "status": "done"}), ("complete_task", {"title": title}), ("list_tasks", {})]
        other = [("remind", {"about": title, "days": 3, "loud": True})] if at % 4 == 0 else []
        tools = [*TOOLS, OTHER] if other else [*TOOLS, BARE]
        found.append({"messages": [system, {"role": "user", "content": f"About {title}!"}, calls(*pairs[at % 3:], *other, content="At once." if at % 2 else ""),
                                   {"role": "tool", "content": f"found: {title}"}, {"role": "tool", "content": "[]"}, {"role": "user", "content": "And now?"}], "tools": tools})
    return found


def main(folder: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    rounds = [{**one, "text": tokenizer.apply_chat_template(one["messages"], tools=one["tools"], tokenize=False, add_generation_prompt=True)} for one in conversations()]
    print(json.dumps([{**one, "tokens": tokenizer.encode(one["text"], add_special_tokens=False)} for one in rounds], ensure_ascii=False))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
