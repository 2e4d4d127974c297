"""Shapes and the plan: which configurations measure.py runs, the most informative first."""

# hidden, layers, heads, kv_heads, head_dim, ffn, vocab, tied embeddings, architecture
_SHAPES = {
    "TinyLlama-1.1B": (2048, 22, 32, 4, 64, 5632, 32000, False, "llama"),
    "Llama-3.2-1B": (2048, 16, 32, 8, 64, 8192, 128256, True, "llama"),
    "Llama-3.2-3B": (3072, 28, 24, 8, 128, 8192, 128256, True, "llama"),
    "Llama-3.1-8B": (4096, 32, 32, 8, 128, 14336, 128256, False, "llama"),
    "Llama-2-7B": (4096, 32, 32, 32, 128, 11008, 32000, False, "llama"),
    "Mistral-7B-v0.3": (4096, 32, 32, 8, 128, 14336, 32768, False, "mistral"),
    "Qwen2.5-0.5B": (896, 24, 14, 2, 64, 4864, 151936, True, "qwen2"),
    "Qwen2.5-1.5B": (1536, 28, 12, 2, 128, 8960, 151936, True, "qwen2"),
    "Qwen2.5-7B": (3584, 28, 28, 4, 128, 18944, 152064, False, "qwen2"),
    "Qwen3-4B": (2560, 36, 32, 8, 128, 9728, 151936, True, "qwen3"),
    "Gemma-2-2B": (2304, 26, 8, 4, 256, 9216, 256000, True, "gemma2"),
    "Tiny-test": (64, 2, 4, 2, 16, 128, 256, False, "llama"),
}
_KEYS = ("hidden", "layers", "heads", "kv_heads", "head_dim", "ffn", "vocab", "tie", "arch")
SHAPES = {name: dict(zip(_KEYS, row)) for name, row in _SHAPES.items()}

TARGETS = {
    "qv": ["q_proj", "v_proj"],
    "attn": ["q_proj", "k_proj", "v_proj", "o_proj"],
    "mlp": ["gate_proj", "up_proj", "down_proj"],
    "all": ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"],
}

DEFAULTS = dict(
    model="TinyLlama-1.1B", over={},      # over: layers / vocab / tie / hidden … that differ from the named shape
    method="LoRA",                        # full | LoRA | QLoRA | DPO | inference
    dtype="bf16",                         # dtype of the (unquantised) weights: fp32 | bf16 | fp16
    amp=None,                             # autocast dtype: None | bf16 | fp16 (fp16 also uses a GradScaler)
    quant=None,                           # None | nf4 | nf4-dq | int8 (every linear but lm_head, as Transformers does)
    rank=16, targets="all", adapter="fp32",
    prepare=False,                        # peft.prepare_model_for_kbit_training: norms, embeddings, head to fp32
    batch=1, seq=1024, opt="adamw_torch", ckpt="true", attn="sdpa", padded=False,
    framework="loop",                     # loop | trainer (transformers.Trainer) | trl (SFTTrainer / DPOTrainer)
    ref=None,                             # DPO: copy | adapter-off
    accum=1, steps=3, cap=None, env={}, all_logits=False, new_tokens=32, cache="dynamic", prio=2,
)
PLAN = []


def add(group, **kw):
    c = {**DEFAULTS, "group": group, **kw}
    if c["method"] in ("full", "inference"):
        c.update(rank=None, targets=None, adapter=None)
    if c["method"] == "inference":
        c.update(opt=None, ckpt=None, framework="loop")
    if c["method"] == "DPO" and c["ref"] != "adapter-off" and kw.get("rank") is None:
        c.update(rank=None, targets=None, adapter=None)
    skip = {"group", "prio", "steps", "new_tokens"}
    bits = [group, c["model"]] + [f"{k}={'+'.join(f'{a}:{b}' for a, b in c[k].items()) if isinstance(c[k], dict) else c[k]}"
                                  for k in DEFAULTS if k not in skip | {"model"} and c[k] is not None and c[k] != DEFAULTS[k]]
    c["name"] = " ".join(str(b) for b in bits)
    PLAN.append(c)


def q(group, model, batch, seq, **kw):
    add(group, model=model, batch=batch, seq=seq, **{**dict(method="QLoRA", quant="nf4-dq", dtype="fp16", amp="fp16"), **kw})


L8, L3, L1, TL, M7, Q7, Q05, G2 = ("Llama-3.1-8B", "Llama-3.2-3B", "Llama-3.2-1B", "TinyLlama-1.1B",
                                   "Mistral-7B-v0.3", "Qwen2.5-7B", "Qwen2.5-0.5B", "Gemma-2-2B")
SMALL = dict(layers=4, vocab=1024)        # four layers of the named width: activations without the logits term

# 1. whole models as people train them, three training loops
for fw in ("trainer", "trl", "loop"):
    q("sft", L8, 2, 1024, framework=fw, prio=1)
    q("sft", L1, 2, 2048, framework=fw, prio=1)
    q("sft", L3, 2, 2048, framework=fw, prio=2)
    q("sft", Q7, 1, 2048, framework=fw, prio=2)
    add("sft", model=L8, dtype="bf16", amp="bf16", seq=2048, framework=fw, prio=2)
    add("sft", model=L1, dtype="bf16", amp="bf16", seq=2048, ckpt="false", framework=fw, prio=2)
    add("sft", model=L1, method="full", dtype="fp32", amp="bf16", seq=1024, framework=fw, prio=2)
    add("sft", model=Q05, method="full", dtype="bf16", amp="bf16", batch=4, seq=1024, framework=fw, prio=3)
for m, b, s in ((M7, 1, 2048), (TL, 4, 1024), (Q05, 4, 1024), (G2, 1, 2048), (L8, 1, 4096), (L8, 4, 512), ("Qwen3-4B", 1, 2048)):
    q("sft", m, b, s, framework="trainer", **({"attn": "eager"} if m == G2 else {}))
    q("sft", m, b, s, framework="trl", prio=3, **({"attn": "eager"} if m == G2 else {}))
for m, b, s in ((L8, 1, 512), (M7, 2, 512), (Q7, 1, 512), (L3, 1, 512), (L1, 1, 512), (TL, 1, 2048)):
    q("sft", m, b, s, prio=2)

# 2. activations per token and layer: four-layer cuts, several methods, two lengths, checkpointing off / on
METHODS = (("lora-amp", dict(method="LoRA", amp="bf16")), ("full-bf16", dict(method="full")),
           ("full-amp", dict(method="full", dtype="fp32", amp="bf16")), ("lora", dict(method="LoRA")),
           ("lora-qv-amp", dict(method="LoRA", amp="bf16", targets="qv")),
           ("qlora-amp", dict(method="QLoRA", quant="nf4-dq", amp="bf16")), ("qlora", dict(method="QLoRA", quant="nf4-dq")))
for i, (_, kw) in enumerate(METHODS):
    for m in (L8, L1, Q7):
        for ck in ("false", "true"):
            for s in (512, 2048):
                add("act", model=m, over=SMALL, seq=s, ckpt=ck, prio=1 if m == L8 and i in (0, 1, 5) else 2 if i < 5 or m == L8 else 3, **kw)
for layers in (2, 8, 16):
    for ck in ("false", "true"):
        add("act", model=L8, over=dict(layers=layers, vocab=1024), amp="bf16", seq=2048, ckpt=ck, prio=2)
add("act", model=L8, over=SMALL, amp="bf16", seq=2048, ckpt="true (reentrant)")
add("act", model=L1, over=SMALL, amp="bf16", seq=2048, ckpt="true (reentrant)")
add("act", model=L8, over=SMALL, amp="bf16", seq=2048, ckpt="false", adapter="bf16")
add("act", model=L8, over=SMALL, method="LoRA", dtype="fp16", amp="fp16", seq=2048, ckpt="false")
add("act", model=L8, over=SMALL, method="QLoRA", quant="int8", dtype="fp16", amp="fp16", seq=2048, ckpt="false")
add("act", model=L8, over=SMALL, method="QLoRA", quant="int8", dtype="fp16", amp="fp16", seq=512, ckpt="false")
for b, s in ((8, 256), (4, 512), (2, 1024)):  # the same 2048 tokens
    add("act", model=L8, over=SMALL, amp="bf16", batch=b, seq=s, ckpt="false")
add("act", model=G2, over=SMALL, amp="bf16", seq=2048, ckpt="false", attn="eager")
add("act", model=G2, over=SMALL, amp="bf16", seq=2048, ckpt="true", attn="eager")

# 3. the logits term: two layers, vocabularies, loops
for fw in ("loop", "trainer", "trl"):
    for v in (32000, 128256, 256000):
        for s in (1024, 4096):
            add("logits", model=L1, over=dict(layers=2, vocab=v), amp="bf16", seq=s, framework=fw, prio=1 if v == 128256 and s == 4096 else 2)
add("logits", model=L1, over=dict(layers=2, vocab=128256), seq=4096)
add("logits", model=L1, over=dict(layers=2, vocab=128256), dtype="fp16", amp="fp16", seq=4096)
add("logits", model=L1, over=dict(layers=2, vocab=128256), method="full", seq=4096)
add("logits", model=L1, over=dict(layers=2, vocab=128256), method="full", dtype="fp32", amp="bf16", seq=4096)
add("logits", model=L1, over=dict(layers=2, vocab=128256, tie=False), method="full", seq=4096)
q("logits", L1, 1, 4096, over=dict(layers=2), prepare=True)

# 4. optimisers
for opt in ("adamw_torch", "adamw_torch_fused", "adamw_8bit", "adafactor", "adamw_torch_noforeach", "sgd", "sgd_momentum", "adamw_bnb_32bit"):
    add("opt", method="full", opt=opt, seq=512, prio=1 if opt in ("adamw_torch", "adamw_8bit", "adafactor") else 2)
    add("opt", method="full", dtype="fp32", amp="bf16", opt=opt, seq=512, prio=2)
for opt in ("adamw_torch", "adamw_torch_fused", "adamw_8bit", "paged_adamw_8bit"):
    add("opt", model=L1, dtype="bf16", amp="bf16", opt=opt, rank=64, seq=512, prio=3 if opt[0] == "p" else 2)
add("opt", method="full", dtype="fp16", opt="sgd", seq=512, prio=3)
add("opt", method="full", opt="adamw_torch", seq=512, accum=4)
add("opt", method="full", dtype="fp32", amp="fp16", opt="adamw_torch", seq=512)

# 5. attention kernels; "sdpa-noflash" is what a T4 (no flash kernel) is left with
for attn in ("sdpa", "eager", "sdpa-noflash", "sdpa-math"):
    for s in (1024, 2048, 4096):
        add("attn", over=dict(layers=4, vocab=1024), dtype="fp16", amp="fp16", attn=attn, seq=s, ckpt="false", prio=1 if s == 2048 else 3)
    add("attn", dtype="fp16", amp="fp16", attn=attn, seq=2048, ckpt="true", prio=2)
for attn in ("sdpa", "sdpa-noflash"):
    for s in (2048, 4096):
        add("attn", over=dict(layers=4, vocab=1024), dtype="fp16", amp="fp16", attn=attn, seq=s, batch=2, padded=True, ckpt="false", prio=2)
add("attn", model="Llama-2-7B", over=SMALL, dtype="fp16", amp="fp16", attn="sdpa-noflash", seq=2048, ckpt="false")
q("attn", L8, 1, 2048, attn="sdpa-noflash")
q("attn", L8, 1, 2048, attn="eager")

# 6. lengths and batches of whole models
for b, s in ((1, 256), (1, 512), (4, 1024), (1, 4096), (8, 512), (1, 8192), (2, 4096)):
    add("len", model=TL, amp="bf16", batch=b, seq=s)
    add("len", model=L1, amp="bf16", batch=b, seq=s, prio=3)
for b, s in ((1, 512), (1, 2048), (4, 512)):
    add("len", model=TL, amp="bf16", batch=b, seq=s, ckpt="false")
    add("len", model=L3, amp="bf16", batch=b, seq=s, ckpt="false")
q("len", L8, 1, 8192)
q("len", M7, 1, 4096)
q("len", L8, 1, 2048, ckpt="false")
q("len", L8, 1, 2048, quant="nf4")
q("len", L8, 1, 2048, quant="int8")
q("len", L8, 1, 2048, dtype="bf16", amp="bf16", prio=1)
q("len", L8, 1, 2048, dtype="bf16", amp=None)
q("len", L8, 1, 2048, prepare=True)
q("len", L8, 1, 2048, ckpt="true (reentrant)")
q("len", L8, 1, 2048, opt="adamw_8bit")
q("len", L8, 1, 2048, env={"alloc": "expandable_segments:True"})
q("len", L8, 4, 1024, env={"alloc": "expandable_segments:True"})
q("len", L8, 4, 1024)
q("len", L1, 1, 2048, prepare=True)
for m in (M7, Q7, "Llama-2-7B"):
    add("len", model=m, amp="bf16", seq=2048)
add("len", model=L8, amp="bf16", seq=2048, ckpt="false", prio=3)
add("len", model=L3, method="full", seq=1024)
add("len", model=L3, method="full", dtype="fp32", amp="bf16", seq=1024, opt="adamw_8bit", prio=3)
add("len", model=L8, method="full", opt="adamw_8bit", seq=512, prio=3)
add("len", model=Q05, method="full", dtype="fp32", amp="fp16", seq=1024)

# 7. rank and targets
for r in (8, 16, 64):
    for t in ("qv", "attn", "all"):
        add("rank", model=L1, amp="bf16", rank=r, targets=t, seq=512, prio=2 if r == 64 or t == "all" else 3)
q("rank", L8, 1, 512, rank=64)
q("rank", L8, 1, 512, rank=8, targets="qv")

# 8. inference
for m, kw in ((L1, {}), (L8, {}), (Q7, {}), (TL, {}), (L3, {}), (L8, dict(quant="nf4-dq", dtype="fp16")), (L8, dict(quant="int8", dtype="fp16"))):
    for b, s in ((1, 512), (1, 8192), (8, 1024)):
        add("inf", model=m, method="inference", batch=b, seq=s, prio=1 if m == L8 and s == 8192 and not kw else 2 if b == 1 else 3, **kw)
add("inf", model=L8, method="inference", seq=8192, all_logits=True)
add("inf", model=L8, method="inference", seq=30000, prio=3)
add("inf", model="Llama-2-7B", method="inference", seq=4096)
add("inf", model=L8, method="inference", seq=4096, attn="eager")
add("inf", model=L8, method="inference", seq=4096, dtype="fp16", attn="sdpa-noflash")
add("inf", model=L8, method="inference", seq=8192, cache="static", prio=3)
add("inf", model=Q05, method="inference", dtype="fp32", seq=2048, prio=3)

# 9. DPO: pairs are 2 × batch sequences
add("dpo", method="DPO", ref="copy", seq=512, batch=2)
add("dpo", method="DPO", ref="adapter-off", seq=512, batch=2, amp="bf16", prio=1)
add("dpo", method="DPO", ref="copy", rank=16, targets="all", adapter="fp32", seq=512, batch=2, amp="bf16")
add("dpo", method="DPO", model=L8, ref="adapter-off", quant="nf4-dq", dtype="fp16", amp="fp16", seq=512, batch=2)
add("dpo", method="DPO", model=L1, ref="adapter-off", amp="bf16", seq=1024, batch=2)
add("dpo", method="DPO", model=L1, ref="adapter-off", amp="bf16", seq=1024, batch=2, framework="trl")
add("dpo", method="DPO", model=L1, ref="copy", amp="bf16", seq=1024, batch=1, framework="trl")

# 10. a 14.74 GiB card (T4): what PyTorch may take is capped; does it fit?
T4 = dict(cap=14.74, attn="sdpa-noflash")
for b, s, p in ((1, 2048, 1), (2, 2048, 1), (1, 4096, 2), (4, 2048, 2), (2, 1024, 2), (1, 8192, 3)):
    q("t4", L8, b, s, prio=p, **T4)
for m, b, s in ((M7, 2, 2048), (Q7, 1, 2048), (L3, 4, 2048), (L1, 8, 2048)):
    q("t4", m, b, s, **T4)
q("t4", L8, 2, 2048, framework="trl", **T4)
q("t4", L8, 2, 2048, framework="trainer", **T4)
q("t4", L8, 2, 2048, cap=14.74, env={"alloc": "expandable_segments:True"}, attn="sdpa-noflash")
add("t4", model=L3, dtype="fp16", amp="fp16", batch=2, seq=1024, **T4)
add("t4", model=L1, method="full", dtype="fp32", amp="fp16", seq=512, **T4)
add("t4", model=L1, method="full", dtype="fp32", amp="fp16", seq=512, opt="adamw_8bit", **T4)
add("t4", model=Q05, method="full", dtype="fp32", amp="fp16", batch=4, seq=512, **T4)
add("t4", model=M7, method="inference", dtype="fp16", seq=2048, **T4)
add("t4", model=Q7, method="inference", dtype="fp16", seq=2048, **T4)
add("t4", model=L8, method="inference", quant="int8", dtype="fp16", seq=8192, **T4)

# 11. published measurements with this code and these lengths (PEFT's method comparison; LLaMA-Factory's table)
add("check", model=L3, rank=64, targets="qv", batch=4, seq=768, ckpt="false", padded=True)
add("check", model=L3, rank=10, targets="mlp", batch=4, seq=768, ckpt="false", padded=True)
for s in (2048, 4096, 8192):
    q("check", "Llama-2-7B", 1, s, rank=8, dtype="bf16", amp="bf16")


def _order(plan):
    """Drop repeats (same settings in two groups); by priority, then the groups take turns."""
    seen, by = set(), {}
    for c in plan:
        key = c["name"].split(" ", 1)[1]
        if key not in seen:
            seen.add(key)
            by.setdefault((c["prio"], c["group"]), []).append(c)
    ranked = [(p, (i + 0.5) / len(cs), i, c) for (p, _), cs in by.items() for i, c in enumerate(cs)]
    return [c for *_, c in sorted(ranked, key=lambda r: r[:3])]


PLAN = _order(PLAN)


def tiny(c):
    """The same configuration on a toy shape, for a check of the logic without a GPU."""
    arch = SHAPES[c["model"]]["arch"]
    over = dict(hidden=64, layers=2, heads=4, kv_heads=2, head_dim=16, ffn=128, vocab=256, arch=arch, **{k: v for k, v in c["over"].items() if k == "tie"})
    return {**c, "over": over, "batch": min(c["batch"], 2), "seq": 32, "new_tokens": 2, "name": "tiny " + c["name"]}


def estimate(c):
    """Bytes of weights, gradients and optimiser states alone (no activations): for --dry-run."""
    s = {**SHAPES[c["model"]], **c["over"]}
    h, kv = s["hidden"], s["kv_heads"] * s["head_dim"]
    a = s["heads"] * s["head_dim"]
    lin = {"q_proj": (h, a), "k_proj": (h, kv), "v_proj": (h, kv), "o_proj": (a, h), "gate_proj": (h, s["ffn"]), "up_proj": (h, s["ffn"]), "down_proj": (s["ffn"], h)}
    linear, rest = s["layers"] * sum(x * y for x, y in lin.values()), s["vocab"] * h * (1 if s["tie"] else 2)
    w = {"fp32": 4, "bf16": 2, "fp16": 2}[c["dtype"]]
    per = {None: w, "nf4": 0.5625, "nf4-dq": 0.516, "int8": 1}[c["quant"]]
    total = linear * per + rest * w
    if c["method"] == "inference":
        return total + 2 * s["layers"] * kv * c["batch"] * c["seq"] * w
    if c["rank"]:
        train, tw = s["layers"] * sum(sum(lin[t]) for t in TARGETS[c["targets"]]) * c["rank"], 4
    else:
        train, tw = linear + rest, w
    states = {"sgd": 0, "sgd_momentum": tw, "adafactor": 0.01, "adamw_8bit": 2, "paged_adamw_8bit": 2, "adamw_bnb_32bit": 8}.get(c["opt"], 2 * tw)
    return total * (2 if c["ref"] == "copy" else 1) + train * (tw + states) + (train * tw if c["rank"] else 0)
