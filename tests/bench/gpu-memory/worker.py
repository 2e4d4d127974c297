"""One configuration in one process: build the model with random weights, run it, record what the GPU held."""
import gc
import os
import time
import traceback
import warnings

GIB = 2**30


def gib(n):
    return round(n / GIB, 4)


class Meter:
    """Peaks by phase. Every mark closes a phase: what is allocated now and the highest since the last mark."""

    def __init__(self, torch, cuda):
        self.t, self.cuda, self.phases = torch, cuda, {}
        self.alloc = self.reserved = self.tick = 0

    def used(self):  # bytes of the card that this process holds, by the driver; None where it does not say
        if not self.cuda:
            return None
        try:
            import pynvml as n
            n.nvmlInit()
            h = n.nvmlDeviceGetHandleByIndex(0)
            mine = [p.usedGpuMemory for p in n.nvmlDeviceGetComputeRunningProcesses(h) if p.pid == os.getpid()]
            return mine[0] if mine and mine[0] else None
        except Exception:
            return None

    def device_used(self):
        free, total = self.t.cuda.mem_get_info() if self.cuda else (0, 0)
        return total - free

    def mark(self, name):
        if not self.cuda:
            self.phases[name] = {}
            return
        c = self.t.cuda
        peak, res = c.max_memory_allocated(), c.max_memory_reserved()
        self.alloc, self.reserved = max(self.alloc, peak), max(self.reserved, res)
        self.phases[name] = {"peak": gib(peak), "after": gib(c.memory_allocated()), "reserved": gib(c.memory_reserved())}
        c.reset_peak_memory_stats()

    def now(self):
        if self.cuda:
            self.t.cuda.synchronize()
        return time.perf_counter()


def dtype_of(torch, name):
    return {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}[name]


def build(torch, c, shape, dev):
    import transformers as tf
    cls = {"llama": tf.LlamaConfig, "mistral": tf.MistralConfig, "qwen2": tf.Qwen2Config, "qwen3": tf.Qwen3Config, "gemma2": tf.Gemma2Config}[shape["arch"]]
    kw = dict(hidden_size=shape["hidden"], intermediate_size=shape["ffn"], num_hidden_layers=shape["layers"], num_attention_heads=shape["heads"],
              num_key_value_heads=shape["kv_heads"], vocab_size=shape["vocab"], tie_word_embeddings=shape["tie"], max_position_embeddings=32768,
              bos_token_id=0, eos_token_id=1, pad_token_id=0)
    if shape["arch"] != "qwen2":
        kw["head_dim"] = shape["head_dim"]
    if shape["arch"] == "mistral":
        kw["sliding_window"] = None
    cfg = cls(**kw)
    attn = c["attn"].split("-")[0]
    if c["attn"] == "sdpa-noflash":
        torch.backends.cuda.enable_flash_sdp(False)
        torch.backends.cuda.enable_cudnn_sdp(False)
    if c["attn"] == "sdpa-math":
        for f in (torch.backends.cuda.enable_flash_sdp, torch.backends.cuda.enable_cudnn_sdp, torch.backends.cuda.enable_mem_efficient_sdp):
            f(False)
    with torch.device(dev):
        model = tf.AutoModelForCausalLM.from_config(cfg, dtype=dtype_of(torch, c["dtype"]), attn_implementation=attn)
    if c["quant"]:
        quantise(torch, model, c, dev)
    model.config.use_cache = c["method"] == "inference"
    return model


def quantise(torch, model, c, dev):
    """Replace every linear but lm_head by bitsandbytes' layer, one at a time, as loading a checkpoint does."""
    import bitsandbytes as bnb
    for parent in list(model.modules()):
        for name, lin in list(parent.named_children()):
            if type(lin) is not torch.nn.Linear or name == "lm_head":
                continue
            bias = lin.bias is not None
            if c["quant"] == "int8":
                # Int8Params quantises on its way from the CPU to the GPU only
                new = bnb.nn.Linear8bitLt(lin.in_features, lin.out_features, bias, has_fp16_weights=False, threshold=6.0, device="meta")
                new.weight = bnb.nn.Int8Params(lin.weight.data.cpu(), requires_grad=False, has_fp16_weights=False)
            else:
                new = bnb.nn.Linear4bit(lin.in_features, lin.out_features, bias, compute_dtype=lin.weight.dtype, quant_type="nf4",
                                        compress_statistics=c["quant"] == "nf4-dq", device="meta")
                new.weight = bnb.nn.Params4bit(lin.weight.data, requires_grad=False, quant_type="nf4", compress_statistics=c["quant"] == "nf4-dq", module=new)
            if bias:
                new.bias = torch.nn.Parameter(lin.bias.data, requires_grad=False)
            lin.weight = None
            setattr(parent, name, new.to(dev))
    for p in model.parameters():
        p.requires_grad_(False)
    if c["quant"] == "int8":
        model.is_loaded_in_8bit = True
    else:
        model.is_loaded_in_4bit = True


def adapt(torch, model, c):
    from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training
    from configs import TARGETS
    if c["prepare"]:
        model = prepare_model_for_kbit_training(model, use_gradient_checkpointing=False)
    if c["rank"]:
        lora = LoraConfig(r=c["rank"], lora_alpha=c["rank"], lora_dropout=0.0, target_modules=TARGETS[c["targets"]], task_type="CAUSAL_LM")
        model = get_peft_model(model, lora, autocast_adapter_dtype=c["adapter"] == "fp32")
    return model


def checkpointing(model, c):
    if c["ckpt"] != "false":
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": "reentrant" in c["ckpt"]})
        if c["rank"]:
            model.enable_input_require_grads()
    model.train()


def optimiser(torch, c, params):
    A = torch.optim.AdamW
    if c["opt"].startswith(("adamw_8bit", "paged", "adamw_bnb")):
        import bitsandbytes as bnb
        cls = {"adamw_8bit": bnb.optim.AdamW8bit, "paged_adamw_8bit": bnb.optim.PagedAdamW8bit, "adamw_bnb_32bit": bnb.optim.AdamW}[c["opt"]]
        return cls(params, lr=1e-5)
    if c["opt"] == "adafactor":
        from transformers.optimization import Adafactor
        return Adafactor(params, lr=1e-5, scale_parameter=False, relative_step=False)
    return {"adamw_torch": lambda: A(params, lr=1e-5), "adamw_torch_fused": lambda: A(params, lr=1e-5, fused=True),
            "adamw_torch_noforeach": lambda: A(params, lr=1e-5, foreach=False), "sgd": lambda: torch.optim.SGD(params, lr=1e-5),
            "sgd_momentum": lambda: torch.optim.SGD(params, lr=1e-5, momentum=0.9)}[c["opt"]]()


def dpo_loss(torch, model, ref, c, ids):
    """As TRL computed it before its fused head: log-probabilities of both halves, whole logits in memory."""
    def logps(m):
        logits = m(input_ids=ids).logits[:, :-1]
        lp = torch.stack([torch.nn.functional.log_softmax(row, dim=-1).gather(-1, i[1:, None]).squeeze(-1) for row, i in zip(logits, ids)])
        return lp.sum(-1).chunk(2)
    with torch.no_grad():
        if c["ref"] == "copy":
            rc, rr = logps(ref)
        else:
            with model.disable_adapter():
                rc, rr = logps(model)
    pc, pr = logps(model)
    return -torch.nn.functional.logsigmoid(0.1 * ((pc - pr) - (rc - rr))).mean()


def train_loop(torch, model, ref, c, shape, meter, dev):
    params = [p for p in model.parameters() if p.requires_grad]
    opt = optimiser(torch, c, params)
    amp = dtype_of(torch, c["amp"]) if c["amp"] else None
    scaler = torch.amp.GradScaler(dev, enabled=c["amp"] == "fp16" and dev == "cuda")
    rows, times = c["batch"] * (2 if c["method"] == "DPO" else 1), []
    for step in range(c["steps"]):
        tag = "step1." if step == 0 else "steady."
        t0 = meter.now()
        for _ in range(c["accum"]):
            ids = torch.randint(2, shape["vocab"], (rows, c["seq"]), device=dev)
            mask = torch.ones_like(ids)
            if c["padded"]:
                mask[0, :1] = 0
            with torch.autocast(dev, dtype=amp or torch.bfloat16, enabled=amp is not None):
                if c["method"] == "DPO":
                    loss = dpo_loss(torch, model, ref, c, ids)
                else:
                    loss = model(input_ids=ids, labels=ids, attention_mask=mask if c["padded"] else None).loss
            meter.mark(tag + "forward")
            scaler.scale(loss).backward()
            meter.mark(tag + "backward")
            del loss
        scaler.unscale_(opt)
        torch.nn.utils.clip_grad_norm_(params, 1.0)
        scaler.step(opt)
        scaler.update()
        meter.mark(tag + "optimizer")
        opt.zero_grad(set_to_none=True)
        times.append(meter.now() - t0)
    return min(times[1:])


def infer(torch, model, c, shape, meter, dev, rec):
    import transformers as tf
    ids = torch.randint(2, shape["vocab"], (c["batch"], c["seq"]), device=dev)
    keep = 0 if c["all_logits"] else 1
    model.eval()
    with torch.inference_mode():
        for i in range(2):
            t0 = meter.now()
            before = torch.cuda.memory_allocated() if dev == "cuda" else 0
            kv = tf.DynamicCache(config=model.config) if c["cache"] == "dynamic" else tf.StaticCache(config=model.config, max_cache_len=c["seq"] + c["new_tokens"])
            out = model(ids, use_cache=True, past_key_values=kv, logits_to_keep=keep)
            rec["prefill_s"] = round(meter.now() - t0, 4)
            del out
            rec["kv_cache_gib"] = gib(torch.cuda.memory_allocated() - before) if dev == "cuda" else 0
            meter.mark("prefill")
            del kv
        t0 = meter.now()
        extra = {"cache_implementation": "static", "disable_compile": True} if c["cache"] == "static" else {}
        model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=c["new_tokens"], min_new_tokens=c["new_tokens"], do_sample=False, **extra)
        total = meter.now() - t0
        meter.mark("generate")
    rec["decode_tokens_per_s"] = round(c["batch"] * (c["new_tokens"] - 1) / max(total - rec["prefill_s"], 1e-6), 1)
    return rec["prefill_s"]


def run(c):
    warnings.filterwarnings("ignore")
    import torch
    from configs import SHAPES
    dev = "cuda" if torch.cuda.is_available() else "cpu"
    cuda = dev == "cuda"
    shape = {**SHAPES[c["model"]], **c["over"]}
    m = Meter(torch, cuda)
    rec = {"name": c["name"], "config": c, "shape": shape, "ok": False}
    torch.manual_seed(0)
    before_dev = m.device_used()
    if cuda:
        torch.zeros(1, device=dev)
        held = m.used()
        rec["cuda_context_gib"] = gib(held - torch.cuda.memory_reserved()) if held else None
    model = ref = None
    try:
        model = build(torch, c, shape, dev)
        if c["ref"] == "copy":
            ref = build(torch, c, shape, dev).eval().requires_grad_(False)
        if c["method"] != "inference" and (c["rank"] or c["prepare"]):
            model = adapt(torch, model, c)
        if c["method"] != "inference":
            checkpointing(model, c)
        rec["params"] = sum(p.numel() * (2 if p.dtype == torch.uint8 else 1) for p in model.parameters())
        rec["trainable_params"] = sum(p.numel() for p in model.parameters() if p.requires_grad) if c["method"] != "inference" else 0
        gc.collect()
        if cuda:
            torch.cuda.empty_cache()
            if c["cap"]:  # the cap is for the whole card: PyTorch gets what this card's context leaves of it
                room = (c["cap"] - (rec["cuda_context_gib"] or 0)) * GIB
                rec["cap_torch_gib"] = gib(room)
                torch.cuda.set_per_process_memory_fraction(room / torch.cuda.get_device_properties(0).total_memory)
            torch.cuda.reset_peak_memory_stats()
        m.mark("load")
        rec["static_gb"] = m.phases["load"].get("after")
        if cuda and c["cap"] and m.phases["load"]["reserved"] * GIB > room:
            raise torch.cuda.OutOfMemoryError("the weights alone are over the cap")
        if c["method"] == "inference":
            step = infer(torch, model, c, shape, m, dev, rec)
        elif c["framework"] == "loop":
            step = train_loop(torch, model, ref, c, shape, m, dev)
        else:
            from trainers import train_with
            step = train_with(torch, model, ref, c, shape, m, dev)
        tokens = c["batch"] * c["seq"] * c["accum"] * (2 if c["method"] == "DPO" else 1)
        rec.update(ok=True, fits=True, step_s=round(step, 4), tokens_per_s=round(tokens / step))
    except torch.cuda.OutOfMemoryError as e:
        m.mark("oom")
        rec.update(ok=True, fits=False, oom=str(e).split("If reserved")[0][:300])
    except Exception as e:
        m.mark("error")
        rec.update(error=f"{type(e).__name__}: {e}"[:600], trace=traceback.format_exc()[-1500:])
    used = m.used()
    rec.update(phases=m.phases, peak_allocated_gib=gib(m.alloc), peak_reserved_gib=gib(m.reserved), process_used_gib=gib(used) if used else None)
    if cuda:
        rec["non_torch_gib"] = gib(used - torch.cuda.memory_reserved()) if used else None
        if not used:  # the driver names no process (some containers): the whole card's change, other processes included
            rec["device_used_delta_gib"] = gib(m.device_used() - before_dev)
        rec["alloc_retries"] = torch.cuda.memory_stats().get("num_alloc_retries")
    return rec
