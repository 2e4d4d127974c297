"""Conversations → token ids and labels.

A file has one JSON object a line: {"messages": [{"role", "content", "tool_calls"?}, …], "tools"?: [JSON schemas]}. The
tokenizer's chat template writes each row as text; with completion-only loss, labels are set on what an assistant's turn adds
to the text before it, its end-of-turn token included. That is found by rendering the conversation up to each turn, which only
works where a template writes the beginning of a conversation alike, whatever follows: others are refused.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

from .recipe import RecipeError, show

IGNORED = -100
ROLES = ("system", "developer", "user", "assistant", "tool", "ipython")


@dataclass(frozen=True)
class Example:
    input_ids: list
    labels: list
    """The token that ends an assistant's turn."""
    stop: int


@dataclass(frozen=True)
class Dataset:
    examples: list
    """For run.json: what was read, what was left out and why."""
    report: dict


def read_dataset(path, encoder, max_length):
    """The rows of a file that fit; those of more than `max_length` tokens are left out whole, and counted."""
    raw = read_bytes(path)
    examples, too_long, rows = [], [], 0
    for line, row in parse_lines(raw, path):
        rows += 1
        example = encoder.encode(row, f"{path}, line {line}")
        if len(example.input_ids) > max_length:
            too_long.append({"line": line, "tokens": len(example.input_ids)})
        else:
            examples.append(example)
    if not examples:
        longest = max((row["tokens"] for row in too_long), default=0)
        raise RecipeError(f"{path}: all {rows} rows have more than maxLength = {max_length} tokens (up to {longest}): raise it" if too_long else f"{path} has no rows")
    report = {
        "path": str(path), "sha256": hashlib.sha256(raw).hexdigest(), "rows": rows, "used": len(examples),
        "too_long": {"rows": len(too_long), "longest_tokens": max((row["tokens"] for row in too_long), default=None), "lines": [row["line"] for row in too_long[:20]]},
        "tokens": sum(len(example.input_ids) for example in examples),
        "trained_tokens": sum(label != IGNORED for example in examples for label in example.labels),
        "longest_tokens": max(len(example.input_ids) for example in examples),
    }
    return Dataset(examples, report)


def read_bytes(path):
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise RecipeError(f"{path} cannot be read: {error.strerror}") from error


def parse_lines(raw, path):
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RecipeError(f"{path}, line {raw[: error.start].count(10) + 1}: not UTF-8") from error
    for line, row in enumerate(text.split("\n"), start=1):
        if not row.strip():
            continue
        try:
            yield line, json.loads(row)
        except ValueError as error:
            raise RecipeError(f"{path}, line {line}: no JSON ({error})") from error


class Encoder:
    """Rows → token ids and labels, by one tokenizer and its chat template."""

    def __init__(self, tokenizer, completion_only):
        if not tokenizer.chat_template:
            raise RecipeError("the base's tokenizer has no chat template: give one as chatTemplate")
        self.tokenizer = tokenizer
        self.completion_only = completion_only
        self.controls = {at: token.content for at, token in tokenizer.added_tokens_decoder.items() if token.special}
        self.control = re.compile("|".join(re.escape(text) for text in self.controls.values()) or "(?!)")
        self.heard = set()

    def encode(self, row, where):
        messages, tools = check_row(row, self.control, where)
        text = self.render(messages, tools, where)
        ids = self.tokenize(text)
        self.refuse_deaf_template(messages, tools, text, where)
        labels = [IGNORED] * len(ids) if self.completion_only else list(ids)
        for at, message in enumerate(messages):
            if message["role"] != "assistant":
                continue
            start = self.prefix_length(ids, text, self.render(messages[:at], tools, where, True), where, at)
            end = self.prefix_length(ids, text, self.render(messages[: at + 1], tools, where), where, at) if messages[at + 1 :] else len(ids)
            end = self.stop_at(ids, start, end, where)
            if self.completion_only:
                labels[start:end] = ids[start:end]
            stop = ids[end - 1]
        return Example(ids, labels, stop)

    def render(self, messages, tools, where, add_generation_prompt=False):
        try:
            return self.tokenizer.apply_chat_template(messages, tools=tools, tokenize=False, add_generation_prompt=add_generation_prompt)
        except Exception as error:  # jinja2's errors, and what a template raises itself
            raise RecipeError(f"{where}: the chat template refuses the conversation: {str(error)[:200]}") from error

    def tokenize(self, text):
        # The template writes the token that begins a text.
        return self.tokenizer(text, add_special_tokens=False)["input_ids"]

    def prefix_length(self, ids, text, prefix, where, at):
        """How many of the row's tokens the text up to here has. It must be its beginning, in letters and in tokens."""
        tokens = self.tokenize(prefix)
        if text.startswith(prefix) and ids[: len(tokens)] == tokens:
            return len(tokens)
        if text.startswith(prefix):
            raise RecipeError(
                f"{where}: between the text before messages[{at}] and what follows, the tokenizer makes one token of both, so what is the "
                "answer's cannot be told apart: give a template that has a special token or a new line there as chatTemplate"
            )
        same = next((place for place, (one, other) in enumerate(zip(prefix, text)) if one != other), min(len(prefix), len(text)))
        raise RecipeError(
            f"{where}: the chat template writes the conversation up to messages[{at}] otherwise when more follows "
            f"(at {show(prefix[max(0, same - 20):same + 20])}), so the answer's tokens cannot be told apart: "
            "give a template that does not as chatTemplate"
        )

    def stop_at(self, ids, start, end, where):
        """The turn's end without the white space that some templates write after the token that ends it."""
        for place in range(end - 1, start - 1, -1):
            if ids[place] in self.controls:
                return place + 1
            if self.tokenizer.decode([ids[place]]).strip():
                break
        raise RecipeError(f"{where}: the chat template ends an assistant's turn with no special token, so the model would never learn to stop: give another as chatTemplate")

    def refuse_deaf_template(self, messages, tools, text, where):
        """A template that leaves out tools or calls would train the model on something else than the data says, without a word."""
        # Whether it writes them may depend on whose turns there are, not on what they say: looked at once for each such order.
        shape = (json.dumps(tools), *((message["role"], bool(message.get("tool_calls"))) for message in messages))
        if tools and shape not in self.heard:
            if self.render(messages, None, where) == text:
                raise RecipeError(f"{where}: the chat template leaves the tools out: give one that writes them as chatTemplate")
            self.heard.add(shape)
        for at, message in enumerate(messages):
            without = {key: value for key, value in message.items() if key != "tool_calls"}
            if message.get("tool_calls") and self.render([*messages[:at], without, *messages[at + 1 :]], tools, where) == text:
                raise RecipeError(f"{where}: the chat template leaves the calls of messages[{at}] out: give one that writes them as chatTemplate")


# --- what a row must look like ----------------------------------------------------------------------------------------


def check_row(row, control, where):
    """Messages as templates want them (arguments of calls as objects), and the tools or None."""
    if not isinstance(row, dict) or not isinstance(row.get("messages"), list) or not row["messages"]:
        raise RecipeError(f"{where}: no messages; convert it with `llmops data convert --to messages`")
    messages = [check_message(message, f"{where}: messages[{at}]", control) for at, message in enumerate(row["messages"])]
    if not any(message["role"] == "assistant" for message in messages):
        raise RecipeError(f"{where}: no assistant's turn, so there is nothing to learn")
    tools = row.get("tools")
    if isinstance(tools, str):  # columns of JSON text, as Parquet files have them
        tools = parse_json(tools, f"{where}: tools")
    if tools is not None and not (isinstance(tools, list) and all(isinstance(tool, dict) for tool in tools)):
        raise RecipeError(f"{where}: tools is {show(tools)}; it must be a list of objects")
    return messages, tools or None


def check_message(message, where, control):
    if not isinstance(message, dict) or message.get("role") not in ROLES:
        raise RecipeError(f"{where} has no role that is known ({', '.join(ROLES)})")
    content, calls = message.get("content"), message.get("tool_calls")
    if content is not None and not isinstance(content, str):
        raise RecipeError(f"{where}.content is {show(content)}; this trainer takes text")
    if content is None and not calls:
        raise RecipeError(f"{where} has neither content nor tool_calls")
    checked = {**message, "content": content or ""}
    if calls is not None:
        if not isinstance(calls, list):
            raise RecipeError(f"{where}.tool_calls is {show(calls)}; it must be a list")
        checked["tool_calls"] = [check_call(call, f"{where}.tool_calls[{at}]") for at, call in enumerate(calls)]
    found = control.search(json.dumps(checked, ensure_ascii=False))
    if found:
        raise RecipeError(f"{where} has {found.group()} in its text, which the tokenizer reads as a control token: take it out")
    return checked


def check_call(call, where):
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        raise RecipeError(f"{where} has no function with a name")
    arguments = function.get("arguments", {})
    if isinstance(arguments, str):  # OpenAI's way; a template would write it as a text in quotes
        arguments = parse_json(arguments, f"{where}.function.arguments")
    if not isinstance(arguments, dict):
        raise RecipeError(f"{where}.function.arguments is {show(arguments)}; it must be an object")
    return {**call, "function": {**function, "arguments": arguments}}


def parse_json(text, where):
    try:
        return json.loads(text)
    except ValueError as error:
        raise RecipeError(f"{where} is no JSON ({error})") from error
