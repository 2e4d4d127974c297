"""Near-duplicate removal as the plan's lesson 63.4 has it, with datasketch, and the same through its batch calls.

    python dedup.py FILE --method item|batch|bulk --scope conversation|first-user --shingle N --threshold T

The recipe compares the words of the first turn: `--scope first-user --shingle 1`. Which part is compared, and how many
words make an element of the set, can be chosen, so that both sides of a comparison compare the same thing.

Prints one line of JSON: seconds of the deduplication alone (rows are parsed before the clock starts), the rows kept,
and the peak memory of the process.
"""

import argparse
import gc
import json
import time

from datasketch import MinHash, MinHashLSH

METHODS = ("item", "batch", "bulk")


def text_of(example: dict, scope: str) -> str:
    turns = example["conversations"]
    if scope == "first-user":
        return next((turn["value"] for turn in turns if turn["from"] == "human"), "")
    return "\n".join(turn["value"] for turn in turns if turn["from"] != "system")


def elements(text: str, shingle: int) -> list[bytes]:
    words = text.lower().split()
    if shingle == 1 or len(words) == 0:
        return [word.encode("utf8") for word in words]
    width = min(shingle, len(words))
    return [" ".join(words[i : i + width]).encode("utf8") for i in range(len(words) - width + 1)]


def signatures(examples: list[dict], method: str, scope: str, shingle: int):
    if method == "bulk":
        # What datasketch recommends for many sets: the permutations are made once.
        yield from MinHash.generator((elements(text_of(ex, scope), shingle) for ex in examples), num_perm=128)
        return
    for ex in examples:
        m = MinHash(num_perm=128)
        if method == "batch":
            m.update_batch(elements(text_of(ex, scope), shingle))
        else:
            for element in elements(text_of(ex, scope), shingle):
                m.update(element)
        yield m


def deduplicate_fuzzy(examples: list[dict], threshold: float, method: str, scope: str, shingle: int) -> list[int]:
    """Positions of the rows kept: those that resemble no row kept before them, as far as the index knows."""
    lsh = MinHashLSH(threshold=threshold, num_perm=128)
    unique = []
    for i, m in enumerate(signatures(examples, method, scope, shingle)):
        if not lsh.query(m):
            lsh.insert(i, m)
            unique.append(i)
    return unique


def peak_bytes() -> int:
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        import resource
        import sys

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("file")
    parser.add_argument("--method", choices=METHODS, default="item")
    parser.add_argument("--scope", choices=("conversation", "first-user"), default="conversation")
    parser.add_argument("--shingle", type=int, default=1)
    parser.add_argument("--threshold", type=float, default=0.8)
    args = parser.parse_args()
    with open(args.file, encoding="utf8") as file:
        examples = [json.loads(line) for line in file]
    loaded = peak_bytes()
    gc.collect()
    began, busy = time.perf_counter(), time.process_time()
    kept = deduplicate_fuzzy(examples, args.threshold, args.method, args.scope, args.shingle)
    seconds, cpu = time.perf_counter() - began, time.process_time() - busy
    print(json.dumps({"rows": len(examples), "seconds": seconds, "cpuSeconds": cpu, "kept": kept, "peakBytes": peak_bytes(), "loadedBytes": loaded}))


if __name__ == "__main__":
    main()
