"""The plan's cleaning pipeline (lessons 63.3, 63.4), whole: read, validate, normalise, exact and fuzzy deduplication,
personal data, token count and length filter, split, write.

    python pipeline.py FILE OUT --method item|bulk --ranks o200k_base.tiktoken …

`--method item` is the recipe; `bulk` uses the batch calls of datasketch and tiktoken. Rejected rows are counted by
reason. Prints one line of JSON.
"""

import argparse
import base64
import hashlib
import json
import random
import re
import time
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Literal

import tiktoken
import tiktoken_ext.openai_public
from pydantic import BaseModel, Field, ValidationError, field_validator

from dedup import deduplicate_fuzzy, peak_bytes


class Conversation(BaseModel):
    from_: Literal["system", "human", "gpt", "tool", "function_call", "observation"] = Field(alias="from")
    value: str

    @field_validator("value")
    @classmethod
    def value_not_empty(cls, v: str) -> str:
        if not v.strip():
            raise ValueError("value cannot be empty")
        return v


class TrainingExample(BaseModel):
    conversations: list[Conversation]

    @field_validator("conversations")
    @classmethod
    def valid_conversation(cls, v: list) -> list:
        turns = [turn for turn in v if turn.from_ != "system"]
        if len(turns) < 2:
            raise ValueError("need at least 2 turns")
        if turns[0].from_ != "human":
            raise ValueError("conversation must start with human")
        return v


INVISIBLE = re.compile("[\u200b\u200c\u2060\ufeff]")
BLANKS = re.compile(r"[ \t\u00a0]+(?=\n|$)")
NEWLINES = re.compile(r"\n{3,}")


def normalize(text: str) -> str:
    text = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    return NEWLINES.sub("\n\n", BLANKS.sub("", INVISIBLE.sub("", text))).strip()


def luhn(number: str) -> bool:
    digits = [int(c) for c in reversed(number) if c.isdigit()]
    if not 13 <= len(digits) <= 19:
        return False
    doubled = (d * 2 - 9 if d > 4 else d * 2 for d in digits[1::2])
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def iban(text: str) -> bool:
    compact = text.replace(" ", "")
    return int("".join(str(int(c, 36)) for c in compact[4:] + compact[:4])) % 97 == 1


PII = [
    ("[SECRET]", re.compile(r"\b(?:sk-[A-Za-z0-9_-]{16,}|gh[pousr]_[A-Za-z0-9]{36}|AKIA[0-9A-Z]{16}|xox[abprs]-[A-Za-z0-9-]{10,})"), None),
    ("[CREDENTIALS]", re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s/:@]+:[^\s/@]+@[^\s]+", re.I), None),
    ("[EMAIL]", re.compile(r"\b[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}\b"), None),
    ("[IBAN]", re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b"), iban),
    ("[CARD]", re.compile(r"\b\d(?:[ -]?\d){12,18}\b"), luhn),
    ("[SSN]", re.compile(r"\b(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}\b"), None),
    ("[IP]", re.compile(r"\b(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)\b"), None),
    ("[PHONE]", re.compile(r"(?:\+\d{1,3}[ .-]?)?\(?\b\d{3}\)?[ .-]\d{3}[ .-]\d{4}\b"), None),
]


def mask(text: str) -> tuple[str, int]:
    count = 0
    for label, pattern, holds in PII:
        def replace(match: re.Match) -> str:
            nonlocal count
            if holds is not None and not holds(match.group()):
                return match.group()
            count += 1
            return label

        text = pattern.sub(replace, text)
    return text, count


def encoding(ranks: str) -> tiktoken.Encoding:
    """OpenAI's o200k_base from a file: tiktoken would download it."""

    def read(*_, **__) -> dict[bytes, int]:
        with open(ranks, "rb") as file:
            return {base64.b64decode(token): int(rank) for token, rank in (line.split() for line in file if line.strip())}

    tiktoken_ext.openai_public.load_tiktoken_bpe = read
    return tiktoken.Encoding(**tiktoken_ext.openai_public.o200k_base())


def count_tokens(examples: list[dict], ranks: str, batch: bool) -> list[int]:
    # 3 a message and 3 for the reply, as the counts on the other side.
    encoder = encoding(ranks)
    if not batch:
        return [
            3 + sum(3 + len(encoder.encode_ordinary(turn["from"])) + len(encoder.encode_ordinary(turn["value"])) for turn in ex["conversations"])
            for ex in examples
        ]
    texts = [text for ex in examples for turn in ex["conversations"] for text in (turn["from"], turn["value"])]
    lengths = iter([len(tokens) for tokens in encoder.encode_ordinary_batch(texts)])
    return [3 + sum(3 + next(lengths) + next(lengths) for _ in ex["conversations"]) for ex in examples]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("file")
    parser.add_argument("out", type=Path)
    parser.add_argument("--method", choices=("item", "batch", "bulk"), default="item")
    parser.add_argument("--scope", choices=("conversation", "first-user"), default="conversation")
    parser.add_argument("--shingle", type=int, default=1)
    parser.add_argument("--threshold", type=float, default=0.8)
    parser.add_argument("--min-tokens", type=int, default=10)
    parser.add_argument("--max-tokens", type=int, default=2048)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--ranks", required=True, help="the o200k_base ranks, in OpenAI's file format")
    args = parser.parse_args()
    rejected: Counter[str] = Counter()
    stages: dict[str, float] = {}
    since = time.perf_counter()

    def stage(name: str) -> None:
        nonlocal since
        now = time.perf_counter()
        stages[name] = round(now - since, 3)
        since = now

    rows = 0
    seen: set[bytes] = set()
    examples: list[dict] = []
    with open(args.file, encoding="utf8") as file:
        for line in file:
            if not line.strip():
                continue
            rows += 1
            try:
                data = json.loads(line)
                TrainingExample.model_validate(data)
            except (json.JSONDecodeError, ValidationError) as error:
                rejected["parse" if isinstance(error, json.JSONDecodeError) else "schema"] += 1
                continue
            for turn in data["conversations"]:
                turn["value"] = normalize(turn["value"])
            digest = hashlib.sha256(json.dumps(data["conversations"], sort_keys=True, ensure_ascii=False).encode("utf8", "surrogatepass")).digest()
            if digest in seen:
                rejected["exact duplicate"] += 1
                continue
            seen.add(digest)
            examples.append(data)
    stage("read, validate, normalise, exact dedup")

    kept = deduplicate_fuzzy(examples, args.threshold, args.method, args.scope, args.shingle)
    rejected["near-duplicate"] = len(examples) - len(kept)
    examples = [examples[i] for i in kept]
    stage("fuzzy dedup")

    masked = 0
    for ex in examples:
        found = 0
        for turn in ex["conversations"]:
            turn["value"], count = mask(turn["value"])
            found += count
        masked += found > 0
    stage("personal data")

    tokens = count_tokens(examples, args.ranks, args.method != "item")
    fits = [args.min_tokens <= count <= args.max_tokens for count in tokens]
    rejected["length"] = fits.count(False)
    examples = [ex for ex, fit in zip(examples, fits) if fit]
    stage("tokens")

    random.Random(args.seed).shuffle(examples)
    args.out.mkdir(parents=True, exist_ok=True)
    train, validation = round(len(examples) * 0.8), round(len(examples) * 0.1)
    parts = {"train": examples[:train], "validation": examples[train : train + validation], "test": examples[train + validation :]}
    for name, part in parts.items():
        with open(args.out / f"{name}.jsonl", "w", encoding="utf8") as file:
            for ex in part:
                file.write(json.dumps(ex, ensure_ascii=False) + "\n")
    stage("split, write")
    print(json.dumps({
        "rows": rows, "out": len(examples), "rejected": rejected, "masked": masked, "tokens": sum(c for c, f in zip(tokens, fits) if f),
        "stages": stages, "peakBytes": peak_bytes(),
    }))


if __name__ == "__main__":
    main()
