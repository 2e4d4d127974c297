"""JSON lines of measure.py or live_bytes.py into one file with the field names of the published points.

  python to_points.py points.jsonl points.json          measured: peak_gb is max_memory_reserved
  python to_points.py traced.jsonl traced.json --traced counted without a GPU: no peak_gb, only traced_peak_gib
"""
import json
import sys

from configs import TARGETS

QUANT = {"nf4-dq": "bnb-nf4 (double quant)", "nf4": "bnb-nf4", "int8": "bnb-int8"}
LOOP = {"loop": "transformers+peft", "trainer": "transformers Trainer+peft", "trl": "trl+peft"}


def common(r, number, prefix):
    c = r["config"]
    over = {k: v for k, v in c["over"].items()}
    cut = "" if not over else " (" + ", ".join(f"{k} {v}" for k, v in over.items()) + ")"
    extra = {k: c[k] for k in ("dtype", "amp", "attn") if c[k]}
    extra.update({k: c[k] for k in ("adapter", "prepare", "padded", "ref", "cap", "all_logits") if c.get(k) and c[k] != "fp32"})
    if c["accum"] > 1:
        extra["accum"] = c["accum"]
    if c["env"]:
        extra["allocator"] = c["env"].get("alloc")
    if c["method"] == "inference":
        extra["cache"] = c["cache"]
    return {
        "id": f"{prefix}{number:03d}", "model": c["model"] + cut, "method": c["method"], "quant": QUANT.get(c["quant"], c["dtype"]),
        "rank": c["rank"], "target_modules": TARGETS[c["targets"]] if c["targets"] else None, "batch": c["batch"], "seq": c["seq"],
        "seq_kind": "exact", "optimizer": c["opt"], "checkpointing": c["ckpt"], "framework": LOOP[c["framework"]].removesuffix("" if c["rank"] else "+peft"),
        "phase": "inference_peak" if c["method"] == "inference" else "train_peak", "trainable_params": r.get("trainable_params"),
        "base_model": c["model"], "shape_changes": over, **extra,
    }


def measured(r, env, number):
    keep = ("peak_allocated_gib", "process_used_gib", "non_torch_gib", "cuda_context_gib", "cap_torch_gib", "alloc_retries", "step_s", "tokens_per_s",
            "kv_cache_gib", "prefill_s", "decode_tokens_per_s", "oom", "phases")
    return {
        **common(r, number, "h"), "source": "tests/bench/gpu-memory/measure.py", "gpu": env.get("gpu"), "grade": "A",
        "peak_gb": r["peak_reserved_gib"] if r["fits"] else None, "unit": "GiB", "metric": "torch max_memory_reserved", "static_gb": r.get("static_gb"),
        "fits": r["fits"], "note": "random weights, random token ids, no padding" if not r["config"]["padded"] else "random weights; the first token of row 0 is padding",
        **{k: r[k] for k in keep if r.get(k) is not None},
    }


def traced(r, number):
    return {
        **common(r, number, "t"), "source": "tests/bench/gpu-memory/live_bytes.py", "gpu": None, "metric": "live tensor bytes, no GPU", "unit": "GiB",
        "traced_static_gib": r["traced_static_gib"], "traced_peak_gib": r["traced_peak_gib"],
        "phases": {k.removeprefix("steady."): [v["peak"], v["after"]] for k, v in r["phases"].items() if k.startswith("steady.")},
    }


def main():
    src, dst, *flags = sys.argv[1:]
    lines = [json.loads(t) for t in open(src)]
    env = next((r for r in reversed(lines) if r.get("kind") == "environment"), {})
    rows = {r["name"]: r for r in lines if "name" in r and (r.get("ok") or "traced_peak_gib" in r)}
    if "--traced" in flags:
        points = [traced(r, i + 1) for i, r in enumerate(rows.values())]
        head = {"about": "NOT measurements: live tensor bytes of the second of two training steps, counted by live_bytes.py on tensors without storage. phases: [peak, after] in GiB.",
                **{k: v for k, v in env.items() if k != "kind"}}
    else:
        if not env.get("gpu"):
            sys.exit("these records come from a machine without a GPU: not measurements")
        points = [measured(r, env, i + 1) for i, r in enumerate(rows.values())]
        head = {"about": "Measured by measure.py. peak_gb is max_memory_reserved / 2^30 without the CUDA context; phases are of step 1 and of a later step.",
                **{k: v for k, v in env.items() if k != "kind"}}
    with open(dst, "w") as f:
        f.write(json.dumps(head)[:-1] + ', "points": [\n' + ",\n".join(json.dumps(p) for p in points) + "\n]}\n")
    print(f"{len(points)} points in {dst}")


if __name__ == "__main__":
    main()
