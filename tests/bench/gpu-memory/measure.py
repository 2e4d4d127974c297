"""Measured peaks of GPU memory: Llama-shaped models with random weights, one subprocess per configuration.

  python measure.py --dry-run                      the plan and a lower bound in bytes; needs no GPU and no torch
  python measure.py --out points.jsonl             everything that is not in the file yet, the most informative first
  python measure.py --out points.jsonl --only TEXT only the configurations whose name contains TEXT
  python measure.py --out cpu.jsonl --tiny         the same steps on a toy shape (a check of the logic without a GPU)
"""
import argparse
import datetime
import json
import multiprocessing
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from configs import PLAN, estimate, tiny  # noqa: E402


def child(conn, c, log):
    """Import everything and open the CUDA context, wait for the word, then measure."""
    fd = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(fd, 1)
    os.dup2(fd, 2)
    if c["env"].get("alloc"):
        os.environ["PYTORCH_CUDA_ALLOC_CONF"] = os.environ["PYTORCH_ALLOC_CONF"] = c["env"]["alloc"]
    try:
        import worker
        import torch
        if c["rank"]:
            import peft  # noqa: F401
        if c["framework"] != "loop":
            import transformers
            transformers.Trainer
        if c["framework"] == "trl":
            import trl
            trl.DPOTrainer if c["method"] == "DPO" else trl.SFTTrainer
        if torch.cuda.is_available():
            torch.zeros(1, device="cuda")
        conn.send("ready")
        conn.recv()
        conn.send(worker.run(c))
    except BaseException as e:
        conn.send({"name": c["name"], "config": c, "ok": False, "error": f"{type(e).__name__}: {e}"[:600]})
    conn.close()
    os._exit(0)


def start(ctx, c, log):
    mine, theirs = ctx.Pipe()
    p = ctx.Process(target=child, args=(theirs, c, log))
    p.start()
    theirs.close()
    return p, mine, c, log


def receive(conn, p, limit):
    try:
        if conn.poll(limit):
            return conn.recv()
        p.kill()
        return {"ok": False, "error": f"no answer in {limit} s"}
    except EOFError:
        p.join()
        return {"ok": False, "error": f"the process ended with code {p.exitcode}"}


def try_cuda():
    import torch
    if torch.cuda.is_available():
        torch.zeros(1, device="cuda")


def forks():
    """Whether a fork of this process can open CUDA (it cannot where an import has opened it here already)."""
    p = multiprocessing.get_context("fork").Process(target=try_cuda)
    p.start()
    p.join(60)
    return p.exitcode == 0


def environment():
    import importlib.metadata as md
    import platform
    import subprocess
    e = {"kind": "environment", "date": datetime.date.today().isoformat(), "python": platform.python_version()}
    for n in ("torch", "transformers", "peft", "trl", "bitsandbytes", "accelerate", "datasets"):
        try:
            e[n] = md.version(n)
        except md.PackageNotFoundError:
            e[n] = None
    try:
        q = subprocess.run(["nvidia-smi", "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"], capture_output=True, text=True).stdout
        e["gpu"], e["driver"], e["memory_total"] = [x.strip() for x in q.splitlines()[0].split(",")]
    except (OSError, IndexError):
        e["gpu"] = None
    return e


def line(r):
    f = lambda v: f"{v:8.3f}" if isinstance(v, (int, float)) else f"{'-':>8}"
    what = ("fits" if r.get("fits") else "OOM") if r.get("ok") else "ERROR " + r.get("error", "")[:150].replace("\n", " ")
    return f"{f(r.get('peak_allocated_gib'))} {f(r.get('peak_reserved_gib'))} {f(r.get('process_used_gib'))} {f(r.get('step_s'))}  {what:4}  {r['name']}"


HEAD = f"{'alloc':>8} {'reserved':>8} {'process':>8} {'step s':>8}"


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--out")
    a.add_argument("--only", action="append", default=[])
    a.add_argument("--skip", action="append", default=[])
    a.add_argument("--budget", type=float, default=1e9, help="start no new configuration after so many seconds")
    a.add_argument("--limit", type=float, default=90, help="seconds a configuration may take")
    a.add_argument("--max-prio", type=int, default=9)
    a.add_argument("--retry-errors", action="store_true")
    a.add_argument("--tiny", action="store_true")
    a.add_argument("--dry-run", action="store_true")
    o = a.parse_args()
    begun = time.time()
    plan = [tiny(c) if o.tiny else c for c in PLAN if c["prio"] <= o.max_prio]
    plan = [c for c in plan if all(t in c["name"] for t in o.only) and not any(t in c["name"] for t in o.skip)]
    if o.dry_run:
        for c in plan:
            print(f"{c['prio']} {estimate(c) / 2**30:8.2f} GiB at least  {c['name']}")
        return print(f"{len(plan)} configurations")
    if not o.out:
        a.error("--out is missing")
    done = {}
    if os.path.exists(o.out):
        for text in open(o.out):
            r = json.loads(text)
            if "name" in r and (r["ok"] or not o.retry_errors):
                done[r["name"]] = r
    plan = [c for c in plan if c["name"] not in done]
    t0 = time.time()
    os.environ["PYTORCH_NVML_BASED_CUDA_CHECK"] = "1"  # asking for a GPU must not open CUDA in this process: the children are forks of it
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    import torch
    import transformers
    for n in ("AutoModelForCausalLM", "LlamaForCausalLM", "DynamicCache"):  # not Trainer: it leads to bitsandbytes, which opens CUDA
        getattr(transformers, n)
    env = environment()
    if not env["gpu"] and not o.tiny:
        a.error("no NVIDIA GPU answers: there is nothing to measure (--dry-run and --tiny work without one)")
    how = "spawn" if torch.cuda.is_initialized() or not forks() else "fork"
    ctx = multiprocessing.get_context(how)
    print(f"{len(plan)} to run, {len(done)} in the file; {how}; imports {time.time() - t0:.1f} s", flush=True)
    print(HEAD, flush=True)
    new, queue = [], iter(plan)
    with open(o.out, "a") as out:
        out.write(json.dumps(env) + "\n")
        nxt = next(queue, None)
        cur = start(ctx, nxt, o.out + ".log0") if nxt else None
        n = 0
        while cur:
            p, conn, c, log = cur
            r = receive(conn, p, 60)
            follow = next(queue, None) if time.time() - begun < o.budget else None
            n += 1
            after = start(ctx, follow, f"{o.out}.log{n % 2}") if follow else None
            if r == "ready":
                conn.send("go")
                t1 = time.time()
                r = receive(conn, p, o.limit)
                r["wall_s"] = round(time.time() - t1, 2)
            p.join(20)
            if p.is_alive():
                p.kill()
            r.setdefault("name", c["name"])
            r.setdefault("config", c)
            if not r["ok"] and os.path.exists(log):
                r["log"] = open(log, errors="replace").read()[-800:]
            out.write(json.dumps(r) + "\n")
            out.flush()
            new.append(r)
            print(line(r), flush=True)
            if len(new) == 10 and not any(x["ok"] for x in new):
                print("the first ten all failed: stopping")
                if after:
                    after[0].kill()
                break
            cur = after
    bad = [r for r in new if not r["ok"]]
    print(f"{len(new)} measured in {time.time() - t0:.0f} s, {len(bad)} errors, {sum(1 for r in new if r.get('fits') is False)} did not fit; {len(plan) - len(new)} left")
    for r in bad:
        print("ERROR", r["name"], r.get("error", "")[:200], (r.get("trace") or r.get("log") or "")[-300:])


if __name__ == "__main__":
    main()
