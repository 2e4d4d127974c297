"""A machine as Colab lends them, for tests: one namespace that runs cells one after the other, files under a folder of its own.

    python colab_machine.py FOLDER OWNER    FOLDER/content is its /content; it ends with the process OWNER, or when FOLDER/on is gone

Over the socket FOLDER/socket, one connection a cell: {"code": …} in, one line of JSON for each output of the notebook format
out, then {"done": true}. While a cell runs, the next ones wait, as in a kernel.
"""

import io
import json
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
import traceback
import types
from pathlib import Path

FOLDER, OWNER = Path(sys.argv[1]), int(sys.argv[2])


class Stream(io.TextIOBase):
    """Sends what is printed as stream outputs, as it is printed."""

    def __init__(self, name, send):
        self.name, self.send = name, send

    def writable(self):
        return True

    def write(self, text):
        if text:
            self.send({"output_type": "stream", "name": self.name, "text": text})
        return len(text)


def end(*_):
    """The machine and everything that runs in it are gone. What is just starting may write once more, so it is done until it holds."""
    while FOLDER.exists():
        for state in FOLDER.glob("content/llmops-jobs/*/state.json"):
            kill(state)
        shutil.rmtree(FOLDER, ignore_errors=True)
        time.sleep(0.02)
    os._exit(0)


def kill(state):
    try:
        job = json.loads(state.read_text())
    except (ValueError, OSError):
        return
    for pid in (job.get("child"), job.get("pid")):
        try:
            os.killpg(pid, signal.SIGKILL)
        except (OSError, TypeError):
            pass


def watch():
    while (FOLDER / "on").exists():
        try:
            os.kill(OWNER, 0)
        except OSError:
            break
        time.sleep(0.05)
    end()


def run(code, names, send):
    out, err = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = Stream("stdout", send), Stream("stderr", send)
    try:
        exec(compile(code, "cell", "exec"), names)
    except BaseException as error:
        lines = traceback.format_exception(error)
        send({"output_type": "error", "ename": type(error).__name__, "evalue": str(error), "traceback": lines})
    finally:
        sys.stdout, sys.stderr = out, err


def serve():
    for name in ("content", "tmp", "bin"):
        (FOLDER / name).mkdir(parents=True, exist_ok=True)
    os.environ.update(TMPDIR=str(FOLDER / "tmp"), PATH=f"{FOLDER / 'bin'}{os.pathsep}{os.environ['PATH']}")
    tempfile.tempdir = None
    os.chdir(FOLDER / "content")
    google, colab = types.ModuleType("google"), types.ModuleType("google.colab")
    colab.runtime = types.SimpleNamespace(unassign=end)
    sys.modules.update({"google": google, "google.colab": colab})
    names = {"__name__": "__main__"}
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(FOLDER / "fresh"))
    server.listen(16)
    os.rename(FOLDER / "fresh", FOLDER / "socket")
    threading.Thread(target=watch, daemon=True).start()
    while True:
        connection, _ = server.accept()

        def send(message):
            try:
                connection.sendall((json.dumps(message) + "\n").encode())
            except OSError:
                pass  # who asked is gone; the cell runs on

        with connection, connection.makefile("r", encoding="utf8") as wire:
            line = wire.readline()
            if line:
                run(json.loads(line)["code"], names, send)
                send({"done": True})


serve()
