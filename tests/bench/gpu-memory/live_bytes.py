"""Not a measurement: the bytes of live tensors, counted while the same code runs on tensors without storage.

  python live_bytes.py --out traced.jsonl [--only TEXT]   needs torch, transformers, peft, accelerate, bitsandbytes, trl; no GPU
  python live_bytes.py --check                            the count against PyTorch's CPU allocator on a small model

The model of configs.py is built under PyTorch's FakeTensorMode (CPU device), then two training steps run: forward,
backward and optimiser of PyTorch, Transformers and PEFT as they are, every tensor they make or free counted at the
allocator's 512 bytes. What only a GPU shows is missing: the allocator's caching and splitting, the CUDA context,
cuBLAS workspaces, scratch memory inside kernels. Read it as a lower bound of max_memory_allocated.
"""
import argparse
import json
import os
import sys
import tempfile
import time
import types
import weakref

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import torch
import transformers.masking_utils
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map_only

import worker
from configs import DEFAULTS, PLAN, SHAPES
from measure import environment
from worker import GIB, gib


class Live(TorchDispatchMode):
    """Live bytes and their peak: a storage counts from the first operator that returns it until it is freed."""

    def __init__(self):
        super().__init__()
        self.live = self.peak = 0
        self.sizes, self.ops = {}, set()

    def take(self, t):
        s = t.untyped_storage()
        k = s._cdata
        if k not in self.sizes:
            self.sizes[k] = -(-s.nbytes() // 512) * 512
            self.live += self.sizes[k]
            self.peak = max(self.peak, self.live)
            weakref.finalize(s, self.drop, k)

    def drop(self, k):
        self.live -= self.sizes.pop(k, 0)

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        if "attention" in func.__name__:
            self.ops.add(func.__name__.split(".")[0])
        tree_map_only(torch.Tensor, self.take, out)
        return out


class Unpack(torch.autograd.Function):
    """The tensors of bitsandbytes' MatMul4Bit: only packed weights are kept, a 16-bit copy lives during each product."""

    @staticmethod
    def forward(ctx, x, layer):
        ctx.layer = layer
        return torch.nn.functional.linear(x, layer.unpacked(x.dtype), layer.bias)

    @staticmethod
    def backward(ctx, grad):
        return torch.matmul(grad, ctx.layer.unpacked(grad.dtype)), None


def quantise(torch, model, c, dev):
    """Stand-in for worker.quantise: bitsandbytes' tensor subclasses do not work on fake tensors, its sizes do."""
    import bitsandbytes as bnb

    class Packed(bnb.nn.Linear4bit):
        def __init__(self, lin, double):
            torch.nn.Module.__init__(self)
            self.in_features, self.out_features, self.compute_dtype = lin.in_features, lin.out_features, lin.weight.dtype
            n = lin.weight.numel()
            blocks = -(-n // 64)
            self.weight = torch.nn.Parameter(torch.empty(n // 2, 1, dtype=torch.uint8, device=dev), requires_grad=False)
            self.weight.compress_statistics, self.weight.quant_type = double, "nf4"
            self.bias = torch.nn.Parameter(lin.bias.data, requires_grad=False) if lin.bias is not None else None
            self.absmax = torch.empty(blocks, dtype=torch.uint8 if double else torch.float32, device=dev)
            self.second = torch.empty(-(-blocks // 256), device=dev) if double else None

        def unpacked(self, dtype):
            absmax = self.absmax.to(torch.float32)  # noqa: F841  lives as long as the product
            return torch.empty(self.out_features, self.in_features, dtype=dtype, device=dev)

        def forward(self, x):
            return Unpack.apply(x.to(self.compute_dtype), self).to(x.dtype)

    for parent in list(model.modules()):
        for name, lin in list(parent.named_children()):
            if type(lin) is torch.nn.Linear and name != "lm_head":
                setattr(parent, name, Packed(lin, c["quant"] == "nf4-dq"))
    model.requires_grad_(False)
    model.is_loaded_in_4bit = True


def as_trainer(model, c, base):
    """What Trainer and SFTTrainer put around the model: Accelerate's autocast and fp32 outputs; TRL's fused head."""
    from accelerate.utils import convert_outputs_to_fp32
    if c["framework"] == "trl":
        import trl.kernels.chunked_logprob as k
        from trl.trainer.utils import add_fused_lm_head
        k._forward_tile = k._backward_tile = lambda *a, **kw: None  # on a GPU one kernel each, without temporaries
        add_fused_lm_head(base, outputs=("log_probs", "entropy", "is_top1"))
        if c["quant"]:  # SFTTrainer: adapters of a quantised model in bf16
            for mod in model.modules():
                for n, p in mod._parameters.items():
                    if p is not None and p.requires_grad:
                        mod._parameters[n] = torch.nn.Parameter(p.detach().to(torch.bfloat16))
    f = model.forward
    if c["amp"]:
        f = convert_outputs_to_fp32(torch.autocast("cpu", dtype=worker.dtype_of(torch, c["amp"]))(f))

    def forward(labels=None, **kw):
        if c["framework"] == "trainer":
            return f(labels=labels, **kw)
        out = f(labels=labels, fused_lm_head=True, **kw)
        return types.SimpleNamespace(loss=-out.log_probs.sum() / labels.numel())

    model.forward = forward
    return {**c, "amp": None}


def move(self, fn, recurse=True):
    """nn.Module._apply for fake tensors, which it cannot swap in place."""
    new = {}
    for mod in self.modules():
        for k, p in mod._parameters.items():
            if p is not None:
                q = fn(p.detach())
                if q.dtype != p.dtype or q.device != p.device:
                    mod._parameters[k] = new.setdefault(id(p), torch.nn.Parameter(q, p.requires_grad))
    return self


class Meter(worker.Meter):
    def __init__(self, live):
        super().__init__(torch, False)
        self.live = live

    def mark(self, name):
        self.alloc = max(self.alloc, self.live.peak)
        self.phases[name] = {"peak": gib(self.live.peak), "after": gib(self.live.live)}
        self.live.peak = self.live.live

    def now(self):
        return time.perf_counter()


def trace(c):
    shape = {**SHAPES[c["model"]], **c["over"]}
    rec = {"name": c["name"], "config": c, "shape": shape}
    c = {**c, "steps": 2}
    worker.quantise = quantise
    # on fake tensors Transformers cannot look whether rows are packed, and would build a mask and repeat the KV heads
    transformers.masking_utils.find_packed_sequence_indices = lambda position_ids: None
    torch.nn.Module._apply = move
    here = torch.is_autocast_enabled
    torch.is_autocast_enabled = lambda d="cpu": here("cpu")  # PEFT asks about CUDA's autocast: the trace runs the CPU's
    with FakeTensorMode(allow_non_fake_inputs=True), Live() as live:
        m = Meter(live)
        model = worker.build(torch, c, shape, "cpu")
        ref = worker.build(torch, c, shape, "cpu").eval().requires_grad_(False) if c["ref"] == "copy" else None
        base = model
        if c["rank"] or c["prepare"]:
            model = worker.adapt(torch, model, c)
        worker.checkpointing(model, c)
        if c["framework"] != "loop":
            c = as_trainer(model, c, base)
        live.peak = live.live
        m.mark("load")
        rec["trainable_params"] = sum(p.numel() for p in model.parameters() if p.requires_grad)
        worker.train_loop(torch, model, ref, c, shape, m, "cpu")
    torch.is_autocast_enabled = here
    rec.update(phases=m.phases, traced_peak_gib=gib(m.alloc), traced_static_gib=m.phases["load"]["after"], attention_ops=sorted(live.ops))
    return rec


def possible(c):
    """8-bit states and int8 layers need bitsandbytes' real kernels; the other attention kernels exist on a GPU only."""
    return not (c["method"] == "inference" or (c["method"] == "DPO" and c["framework"] == "trl") or c["cap"] or c["env"]
                or c["quant"] == "int8" or "-" in c["attn"] or "8bit" in c["opt"])


def check():
    """The count against what PyTorch's CPU allocator really handed out, on a small model."""
    shape = dict(hidden=512, layers=4, heads=8, kv_heads=2, head_dim=64, ffn=1408, vocab=16000)
    full = dict(method="full", rank=None, targets=None, adapter=None)
    cases = [dict(**full, dtype="fp32", ckpt="false"), dict(**full, dtype="fp32"), dict(dtype="fp32", ckpt="false"),
             dict(**full, dtype="fp32", amp="bf16", ckpt="false"), dict(amp="bf16", ckpt="false"), dict(amp="bf16")]
    cases = [{**DEFAULTS, "over": shape, "seq": 512, "batch": 4, "steps": 2, "name": "check", **k} for k in cases]
    here = torch.is_autocast_enabled
    torch.is_autocast_enabled = lambda d="cpu": here("cpu")
    real = []
    for c in cases:
        model = worker.build(torch, c, {**SHAPES[c["model"]], **shape}, "cpu")
        model = worker.adapt(torch, model, c) if c["rank"] else model
        worker.checkpointing(model, c)
        static = sum({id(p): p.nbytes for p in model.parameters()}.values())
        quiet = types.SimpleNamespace(mark=lambda n: None, now=lambda: 0)
        with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as p:
            worker.train_loop(torch, model, None, c, shape, quiet, "cpu")
        with tempfile.NamedTemporaryFile(suffix=".json") as f:
            p.export_chrome_trace(f.name)
            events = sorted((e["ts"], e["args"]["Bytes"]) for e in json.load(open(f.name))["traceEvents"] if e.get("name") == "[memory]")
        run = peak = 0
        for _, n in events:
            run += n
            peak = max(peak, run)
        real.append((static + peak) / 2**20)
    torch.is_autocast_enabled = here
    for c, r in zip(cases, real):
        t = trace(c)["traced_peak_gib"] * 1024
        print(f"counted {t:8.1f} MiB  allocator {r:8.1f} MiB  {t / r - 1:+.2%}  {c['method']} {c['dtype']} amp={c['amp']} checkpointing={c['ckpt']}")


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--out")
    a.add_argument("--check", action="store_true")
    a.add_argument("--only", action="append", default=[])
    o = a.parse_args()
    adamw = torch.optim.AdamW
    torch.optim.AdamW = lambda p, **kw: adamw(p, **{"foreach": True, **kw} if not kw.get("fused") else kw)  # as on a GPU
    if o.check:
        return check()
    if not o.out:
        a.error("--out is missing")
    done = {json.loads(t).get("name") for t in open(o.out)} if os.path.exists(o.out) else set()
    with open(o.out, "a") as out:
        out.write(json.dumps({**environment(), "torch": torch.__version__}) + "\n")
        for c in PLAN:
            if c["name"] in done or not all(t in c["name"] for t in o.only) or not possible(c):
                continue
            t0 = time.time()
            try:
                r = trace(c)
            except Exception as e:
                print("ERROR", c["name"], type(e).__name__, str(e)[:300], flush=True)
                continue
            r["wall_s"] = round(time.time() - t0, 1)
            out.write(json.dumps(r) + "\n")
            out.flush()
            print(f"{r['traced_static_gib']:8.3f} {r['traced_peak_gib']:8.3f} {r['wall_s']:5.1f}s  {c['name']}  {' '.join(r['attention_ops'])}", flush=True)


if __name__ == "__main__":
    main()
