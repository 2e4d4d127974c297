"""The Task API as the fine-tuned model sees it: the system prompt, the tools, and the calls that are expected of it."""
from __future__ import annotations

import json
import re

SYSTEM = "You are the assistant of a Task API. Answer with tool calls."


def _tool(name: str, description: str, required: list[str], optional: list[str]) -> dict:
    kinds = {
        "title": {"type": "string", "description": "The task's title, in the user's words"},
        "new_title": {"type": "string", "description": "What it is to be called"},
        "due_date": {"type": "string", "description": "The date in the user's words, without its preposition: Friday, the 14th, 2026-12-04"},
        "priority": {"type": "string", "enum": ["low", "medium", "high"]},
        "status": {"type": "string", "enum": ["done"], "description": "Only where finished tasks are asked for"},
    }
    return {"type": "function", "function": {"name": name, "description": description, "parameters": {
        "type": "object", "properties": {key: kinds[key] for key in required + optional}, "required": required}}}


TOOLS = [
    _tool("create_task", "Add a task", ["title"], ["due_date", "priority"]),
    _tool("update_task", "Change a task", ["title"], ["new_title", "due_date", "priority"]),
    _tool("complete_task", "Mark a task as done", ["title"], []),
    _tool("delete_task", "Remove a task", ["title"], []),
    _tool("list_tasks", "Show tasks", [], ["due_date", "priority", "status"]),
]
NAMES = [tool["function"]["name"] for tool in TOOLS]


def prompt(request: str) -> list[dict]:
    return [{"role": "system", "content": SYSTEM}, {"role": "user", "content": request}]


def call(name: str, arguments: dict) -> dict:
    """An assistant's message with one call, as the chat template takes it."""
    return {"role": "assistant", "content": "", "tool_calls": [{"type": "function", "function": {"name": name, "arguments": arguments}}]}


def parse(answer: str) -> tuple[str, dict] | None:
    """The call in an answer, or None where it is no JSON of that shape."""
    try:
        value = json.loads(answer.strip())
    except ValueError:
        return None
    if not isinstance(value, dict) or not isinstance(value.get("name"), str) or not isinstance(value.get("parameters"), dict):
        return None
    return value["name"], value["parameters"]


def plain(value: object) -> str:
    """What is compared of an argument: without case, an article or pronoun in front, quotes around, or a full stop behind."""
    text = str(value).casefold().replace("’", "'").strip(" .!?\"'“”‘’")
    return re.sub(r"^(the|a|an|my|our|this|that) ", "", text)


def same_arguments(found: dict, wanted: dict) -> bool:
    return found.keys() == wanted.keys() and all(plain(found[key]) == plain(wanted[key]) for key in wanted)
