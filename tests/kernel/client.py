"""Runs programs in real Jupyter kernels, through jupyter_client, and reports what arrived.

Reads one program a line from standard input (JSON: id, kernel, cwd, steps) and writes one record a
line to standard output. Each program gets a fresh kernel. conformance.test.ts and compare.ts judge.

A step is one of
    {"code": ..., "interrupt_after": seconds, "silent": ..., "store_history": ..., "stop_on_error": ..., "pause": seconds}
    {"batch": [code, ...], "stop_on_error": ...}     sent at once, before any reply
    {"request": msg_type, "content": ..., "channel": "shell" | "control", "noReply": true}
    {"wait": seconds}                                for output that comes after a cell has ended
    {"shutdown": restart}                            through the protocol
"""
import json
import queue
import shutil
import signal
import sys
import time
from pathlib import Path

from jupyter_client.manager import KernelManager

STEP_SECONDS = 15


class Hung(Exception):
    pass


# What the kernel says when another program took one of its ports between their choice and their use.
PORT_TAKEN = "cannot open its sockets: another program took its port"


class Session:
    """A kernel and its client. A kernel whose port was taken is started again, as Jupyter's own restarter does."""

    def __init__(self, kernel, cwd, attempts=3):
        self.started = time.monotonic()
        self.manager = KernelManager(kernel_name=kernel)
        # The kernel's own standard streams are not a student's: what is printed there is a finding.
        self.log = open(Path(cwd) / ".kernel.log", "w+", encoding="utf-8")
        self.manager.start_kernel(cwd=cwd, stdout=self.log, stderr=self.log)
        self.client = self.manager.client()
        self.client.start_channels()
        self.records = {}
        self.late = []
        try:
            self.client.wait_for_ready(timeout=30)
        except RuntimeError:
            self.log.seek(0)
            taken = PORT_TAKEN in self.log.read()
            self.close()
            if not taken or attempts == 1:
                raise
            self.__init__(kernel, cwd, attempts - 1)
            return
        except BaseException:
            self.close()
            raise
        self.ready = time.monotonic() - self.started

    def close(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
        self.log.close()

    def record(self, msg_id):
        record = {"started": time.monotonic(), "stdout": "", "stderr": "", "results": [], "displays": [], "updates": [], "error": None,
                  "input": None, "events": [], "arrivals": [], "reply": None, "idle": False, "late": False}
        self.records[msg_id] = record
        return record

    def on_iopub(self, message):
        record = self.records.get(message["parent_header"].get("msg_id"))
        if record is None:
            return
        kind, content = message["msg_type"], message["content"]
        if kind == "status":
            record["idle"] = record["idle"] or content["execution_state"] == "idle"
            return
        if record["idle"]:
            record["late"] = True
        if kind == "stream":
            record[content["name"]] += content["text"]
            record["arrivals"].append([round(time.monotonic() - record["started"], 3), content["text"]])
        elif kind == "execute_result":
            record["results"].append(content)
        elif kind == "display_data":
            record["displays"].append(content)
        elif kind == "update_display_data":
            record["updates"].append(content)
        elif kind == "error":
            record["error"] = content
        elif kind == "execute_input":
            record["input"] = content
        record["events"].append(kind if kind != "stream" else content["name"])

    def pump(self, seconds, until=lambda: False):
        """Reads both channels until the condition holds; False if it did not in time."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                self.on_iopub(self.client.iopub_channel.get_msg(timeout=0.02))
                continue
            except queue.Empty:
                pass
            while self.client.shell_channel.msg_ready():
                reply = self.client.shell_channel.get_msg(timeout=0)
                record = self.records.get(reply["parent_header"].get("msg_id"))
                if record is not None:
                    record["reply"] = {"msg_type": reply["msg_type"], "content": reply["content"], "after": round(time.monotonic() - record["started"], 3)}
            if until():
                return True
            if not self.manager.is_alive():
                raise Hung("the kernel died")
        return until()

    def finish(self, records, interrupt_after=None):
        def done():
            return all(record["reply"] and record["idle"] for record in records)

        if interrupt_after is not None:
            self.pump(interrupt_after)
            self.manager.interrupt_kernel()
            for record in records:
                record["interrupted_at"] = round(time.monotonic() - record["started"], 3)
        if not self.pump(STEP_SECONDS, done):
            raise Hung("no reply or no idle status in time")

    def step(self, step):
        options = {key: step[key] for key in ("silent", "store_history", "stop_on_error", "user_expressions") if key in step}
        if "code" in step:
            record = self.record(self.client.execute(step["code"], allow_stdin=False, **options))
            self.finish([record], step.get("interrupt_after"))
            self.pump(step.get("pause", 0))
            return [record]
        if "batch" in step:
            records = [self.record(self.client.execute(code, allow_stdin=False, **options)) for code in step["batch"]]
            self.finish(records)
            return records
        if "request" in step:
            channel = self.client.control_channel if step.get("channel") == "control" else self.client.shell_channel
            message = self.client.session.msg(step["request"], step.get("content", {}))
            record = self.record(message["header"]["msg_id"])
            channel.send(message)
            if step.get("noReply"):
                self.pump(0.5)
                return [record]
            if channel is self.client.control_channel:
                reply = channel.get_msg(timeout=STEP_SECONDS)
                record["reply"] = {"msg_type": reply["msg_type"], "content": reply["content"]}
            elif not self.pump(STEP_SECONDS, lambda: record["reply"] is not None):
                raise Hung(f"no reply to {step['request']}")
            return [record]
        if "wait" in step:
            self.pump(step["wait"])
            return [{"waited": True}]
        if "shutdown" in step:
            message = self.client.session.msg("shutdown_request", {"restart": step["shutdown"]})
            self.client.control_channel.send(message)
            reply = self.client.control_channel.get_msg(timeout=STEP_SECONDS)
            started = time.monotonic()
            while self.manager.is_alive() and time.monotonic() - started < 8:
                time.sleep(0.02)
            self.log.seek(0)
            return [{"reply": {"msg_type": reply["msg_type"], "content": reply["content"]}, "ended": not self.manager.is_alive(),
                     "seconds": round(time.monotonic() - started, 3), "log": self.log.read()}]
        raise ValueError(f"unknown step {step}")


def run(program):
    out = {"id": program["id"], "steps": [], "failure": None}
    cwd = Path(program["cwd"])
    cwd.mkdir(parents=True, exist_ok=True)
    for name, text in program.get("files", {}).items():
        (cwd / name).parent.mkdir(parents=True, exist_ok=True)
        (cwd / name).write_text(text, encoding="utf-8")
    session = None
    try:
        session = Session(program["kernel"], str(cwd))
        out["ready"] = round(session.ready, 3)
        for step in program["steps"]:
            for name, text in step.get("write", {}).items():
                (cwd / name).write_text(text, encoding="utf-8")
            out["steps"].append(session.step(step))
    except Hung as problem:
        out["failure"] = str(problem)
    except Exception as problem:  # a kernel that does not start, a reply that does not parse
        out["failure"] = f"{type(problem).__name__}: {problem}"
    finally:
        if session:
            session.close()
        shutil.rmtree(cwd, ignore_errors=True)
    return out


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that `finally` ends the kernel
    for line in sys.stdin:
        print(json.dumps(run(json.loads(line))), flush=True)


main()
