"""The workbook's side of a paired runtime: keeps files, starts jobs, and answers what the notebook asks.

Standard library only, Python 3.10 or newer, so that it runs in a fresh Colab session, in any Jupyter kernel, and here.
Two ways in:

    answer(text)                      one request of the notebook, JSON in Base64; the reply likewise
    python agent.py supervise JOB     the detached process that runs one job and outlives the notebook

A job is a folder under ROOT:

    code/            what was sent of colab/; on the PATH of Python
    job.json         what to run (written by `start`)
    state.json       how it stands (written by the supervisor, each time as a whole)
    log.txt          stdout and stderr of the job
    metrics.jsonl    appended by the job
    checkpoints/     written by the job
    artifacts/       what the job leaves; manifest.json lists it with sizes and SHA-256
    lock             held by the supervisor as long as it lives: the system frees it however the process ends

Every request can be sent twice without harm, so a client whose connection broke repeats its last one.
"""

import base64
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import zlib
from contextlib import contextmanager
from pathlib import Path

VERSION = 1
ROOT = Path(os.environ.get("LLMOPS_JOBS") or Path.cwd() / "llmops-jobs")
LOG_TAIL = 64 * 1024
GRACE_S = 15  # between asking a job to end and ending it
POLL_S = 0.1
ENDED = ("finished", "failed", "out-of-memory", "interrupted", "time-limit", "lost")
OUT_OF_MEMORY = re.compile(
    r"OutOfMemoryError|CUDA out of memory|MemoryError|not enough memory|Cannot allocate memory|CUBLAS_STATUS_ALLOC_FAILED"
)


class Refused(Exception):
    """A request that cannot be met, with a sentence for the student."""


# --- files ---------------------------------------------------------------------------------------------------------


def inside(path):
    """A path below ROOT; anything else is refused."""
    full = (ROOT / path).resolve()
    if full != ROOT.resolve() and ROOT.resolve() not in full.parents:
        raise Refused(f"{path} lies outside {ROOT}")
    return full


def sha256_of(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def write_whole(path, text):
    """Replaces a file at once: a reader sees the old one or the new one."""
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(text, encoding="utf8")
    os.replace(fresh, path)


def write(path, offset, data):
    """Puts bytes at an offset and says how many the file has now. It never leaves a hole: beyond the end it writes nothing."""
    full = inside(path)
    full.parent.mkdir(parents=True, exist_ok=True)
    with open(full, "a+b"):
        pass  # it is there now, with what it had
    with open(full, "r+b") as file:
        if offset <= file.seek(0, os.SEEK_END):
            file.seek(offset)
            file.write(unpack(data))
        return {"size": file.seek(0, os.SEEK_END)}


def place(part, path, sha256):
    """Gives a file that arrived whole its name. Two senders of the same bytes do not disturb each other."""
    source, target = inside(part), inside(path)
    try:
        if sha256_of(source) == sha256:
            os.replace(source, target)
        else:
            source.unlink(missing_ok=True)
    except FileNotFoundError:
        pass  # the other sender placed it
    return describe(path)


def read(path, offset, length):
    """Bytes from an offset, and how many the file has now."""
    full = inside(path)
    if not full.is_file():
        return {"size": None, "data": ""}
    with open(full, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        file.seek(min(offset, size))
        return {"size": size, "data": pack(file.read(min(length, max(0, size - offset))))}


def describe(path):
    """Size and SHA-256 of a file, or null where there is none."""
    full = inside(path)
    return {"size": full.stat().st_size, "sha256": sha256_of(full)} if full.is_file() else {"size": None, "sha256": None}


def pack(raw):
    return base64.b64encode(zlib.compress(raw, 1)).decode("ascii")


def unpack(text):
    return zlib.decompress(base64.b64decode(text))


# --- jobs, from the notebook ---------------------------------------------------------------------------------------


def start(job, command, env=None, minutes=None, memory_gib=None, again=False, attempt=None):
    """Starts a job, or says how it stands if it was started before.

    `again` starts one anew that has ended. `attempt` is the number that this start shall have: one that was reached before is
    not started again, so that the request can be repeated even if the job has ended meanwhile.
    """
    folder = inside(job)
    folder.mkdir(parents=True, exist_ok=True)
    with alone(folder / "start.lock"):
        return start_alone(job, folder, command, env, minutes, memory_gib, again, attempt)


def start_alone(job, folder, command, env, minutes, memory_gib, again, attempt):
    now = status(job)
    reached = now.get("attempt") or 0
    if now["state"] in ("starting", "running") or (now["state"] in ENDED and not again) or (attempt is not None and reached >= attempt):
        return now
    attempt = max(reached + 1, attempt or 1)  # more, where the machine that knew the earlier ones is gone
    if reached:
        sweep(folder)  # of a job that lost its supervisor: two of them must not write into one folder
    spec = {"command": command, "env": env or {}, "minutes": minutes, "memory_gib": memory_gib, "attempt": attempt}
    (folder / "stop").unlink(missing_ok=True)
    (folder / "manifest.json").unlink(missing_ok=True)
    write_whole(folder / "job.json", json.dumps(spec))
    write_whole(folder / "state.json", json.dumps({"state": "starting", "attempt": attempt, "started": time.time()}))
    with open(folder / "supervisor.txt", "ab") as trace:
        detach = {"creationflags": 0x00000208} if os.name == "nt" else {"start_new_session": True}
        subprocess.Popen(
            [sys.executable, "-c", supervisor_source(), "supervise", str(folder)],
            stdin=subprocess.DEVNULL, stdout=trace, stderr=trace, cwd=folder, **detach,
        )
    return status(job)


def supervisor_source():
    """This very program: it may have come over the wire, with no file of its own."""
    return globals().get("SOURCE") or Path(__file__).read_text(encoding="utf8")


def status(job):
    """How a job stands, with the sizes of what it has written."""
    folder = inside(job)
    state = read_json(folder / "state.json")
    if state is None:
        return {"state": "absent", "now": time.time()}
    if state["state"] == "running" and not is_locked(folder / "lock"):
        state = read_json(folder / "state.json")  # it may have ended between the two looks
        if state["state"] == "running":
            reason = "the process that kept this job is gone: the machine was restarted, or it was killed"
            state = {**state, "state": "lost", "reason": reason, "ended": last_sign(folder)}
    elif state["state"] == "starting" and time.time() - state["started"] > 60 and not is_locked(folder / "lock"):
        state = {**state, "state": "lost", "reason": "the job never began; supervisor.txt in its folder says why", "ended": state["started"]}
    sizes = {name: (folder / name).stat().st_size for name in ("metrics.jsonl", "log.txt") if (folder / name).exists()}
    checkpoints = sorted(path.name for path in (folder / "checkpoints").glob("*") if not path.name.endswith(".tmp"))
    return {**state, "sizes": sizes, "checkpoints": checkpoints, "now": time.time()}


def last_sign(folder):
    """When the job last wrote something, in seconds since 1970."""
    return max(path.stat().st_mtime for path in folder.glob("*") if path.name in ("state.json", "metrics.jsonl", "log.txt"))


def interrupt(job):
    """Asks the job to end: SIGINT first, SIGKILL after a grace period."""
    folder = inside(job)
    if status(job)["state"] in ("starting", "running"):
        write_whole(folder / "stop", "interrupted")
    return status(job)


def interrupt_all():
    """Asks every job that runs to end; returns their names."""
    running = [path.parent.name for path in ROOT.glob("*/state.json") if status(path.parent.name)["state"] in ("starting", "running")]
    for job in running:
        interrupt(job)
    return running


def remove(job):
    """Removes the folder of a job that has ended."""
    if status(job)["state"] in ("starting", "running"):
        raise Refused(f"{job} is still running: interrupt it first")
    sweep(inside(job))
    shutil.rmtree(inside(job), ignore_errors=True)
    return {}


def hello():
    """What this machine is: for the door's line, and for the plan."""
    total, _, free = shutil.disk_usage(ROOT.parent)
    return {
        "version": VERSION, "python": sys.version.split()[0], "system": sys.platform, "root": str(ROOT), "cpus": os.cpu_count(),
        "memory_bytes": memory_bytes(), "disk_free_bytes": free, "disk_bytes": total, "gpu": gpu(),
    }


def memory_bytes():
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def gpu():
    """Name and memory of the first NVIDIA GPU, or null."""
    try:
        query = ["nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader,nounits"]
        line = subprocess.run(query, capture_output=True, text=True, timeout=20, check=True).stdout.splitlines()[0]
    except (OSError, subprocess.SubprocessError, IndexError):
        return None
    name, mib = line.rsplit(",", 1)
    return {"name": name.strip(), "memory_bytes": int(mib) * 2**20}


def read_json(path):
    try:
        return json.loads(path.read_text(encoding="utf8"))
    except FileNotFoundError:
        return None


# --- the lock: who holds it lives -----------------------------------------------------------------------------------


def take_lock(path):
    """The open file while this process lives, or None where another one holds it."""
    file = open(path, "a+b")
    try:
        if os.name == "nt":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    return file


@contextmanager
def alone(path):
    """Waits until no other process is in this place."""
    deadline = time.monotonic() + 10
    while (file := take_lock(path)) is None:
        if time.monotonic() > deadline:
            raise Refused(f"another notebook holds {path}; try again")
        time.sleep(0.02)
    try:
        yield
    finally:
        file.close()


def is_locked(path):
    if not path.exists():
        return False
    file = take_lock(path)
    if file is None:
        return True
    file.close()
    return False


# --- the supervisor -------------------------------------------------------------------------------------------------


def supervise(folder):
    """Runs the job of this folder to its end and writes down how it ended."""
    lock = None
    for _ in range(50):  # `status` holds the lock for an instant when it looks
        lock = take_lock(folder / "lock")
        if lock:
            break
        time.sleep(0.02)
    spec, before = read_json(folder / "job.json"), read_json(folder / "state.json")
    if lock is None or before["state"] != "starting" or before["attempt"] != spec["attempt"]:
        return  # another supervisor has this job
    state = {"state": "running", "attempt": spec["attempt"], "started": time.time(), "pid": os.getpid()}
    (folder / "artifacts").mkdir(exist_ok=True)
    log_start = (folder / "log.txt").stat().st_size if (folder / "log.txt").exists() else 0
    with open(folder / "log.txt", "ab") as log:
        try:
            child = begin(folder, spec, log)
        except OSError as error:
            write_end(folder, state, "failed", None, f"{spec['command'][0]} cannot be started: {error.strerror}")
            return
        write_whole(folder / "state.json", json.dumps({**state, "child": child.pid}))
        asked = wait_for(child, folder, spec["minutes"])
    ended, reason = judge(child.returncode, asked, read_tail(folder / "log.txt", log_start))
    write_manifest(folder)
    write_end(folder, state, ended, child.returncode, reason)


def begin(folder, spec, log):
    command = [sys.executable if word == "{python}" else word for word in spec["command"]]
    path = os.pathsep.join([str(folder / "code"), *filter(None, [os.environ.get("PYTHONPATH")])])
    env = {**os.environ, **spec["env"], "LLMOPS_JOB": str(folder), "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"}
    own_group = {"creationflags": 0x00000200} if os.name == "nt" else {"start_new_session": True, "preexec_fn": lambda: bind(spec["memory_gib"])}
    return subprocess.Popen(command, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, **own_group)


def bind(memory_gib):
    """In the job's process, before its program begins: its memory limit; and on Linux, that it ends with its supervisor."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a server that a script put into the background hands down that it is ignored
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    if memory_gib:
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (int(memory_gib * 2**30), int(memory_gib * 2**30)))


def wait_for(child, folder, minutes):
    """Waits for the job's end; returns why it was asked to end, if it was."""
    deadline = time.monotonic() + minutes * 60 if minutes else None
    asked, asked_at = None, 0.0
    while child.poll() is None:
        if not asked and (folder / "stop").exists():
            asked = "interrupted"
        elif not asked and deadline and time.monotonic() > deadline:
            asked = "time-limit"
        if asked and not asked_at:
            asked_at = time.monotonic()
            send(child, signal.SIGINT)
        elif asked and time.monotonic() - asked_at > GRACE_S:
            send(child, None)
        time.sleep(POLL_S)
    if os.name != "nt":
        try:
            os.killpg(child.pid, signal.SIGKILL)  # what the job itself started and left behind
        except OSError:
            pass
    sweep(folder)
    return asked


def sweep(folder):
    """Ends every process that a job of this folder left behind, whatever group it made for itself. Linux only: elsewhere a
    process's environment cannot be read with the standard library."""
    mark = b"LLMOPS_JOB=" + os.fsencode(str(folder))
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if int(entry.name) != os.getpid() and mark in (entry / "environ").read_bytes().split(b"\0"):
                os.kill(int(entry.name), signal.SIGKILL)
        except OSError:
            pass  # it ended meanwhile, or it is another user's


def send(child, number):
    """A signal to the job's whole group; None ends it for good."""
    try:
        if os.name == "nt":
            child.send_signal(signal.CTRL_BREAK_EVENT) if number else child.kill()
        else:
            os.killpg(child.pid, number or signal.SIGKILL)
    except OSError:
        pass


def judge(code, asked, tail):
    """How a job ended, in one word and one sentence. A job that is asked to stop may save its work and exit with 0."""
    if code == 0 and not asked:
        return "finished", None
    last = next((line for line in reversed(tail.splitlines()) if line.strip()), "it printed nothing")
    if code != 0 and OUT_OF_MEMORY.search(tail):
        return "out-of-memory", next(line for line in reversed(tail.splitlines()) if OUT_OF_MEMORY.search(line)).strip()[:400]
    if asked:
        return asked, "stopped at the time limit" if asked == "time-limit" else "stopped as asked"
    if code == -9:
        return "out-of-memory", "killed from outside (SIGKILL): the system does this when memory runs out"
    return "failed", f"exit code {code}: {last.strip()[:400]}"


def read_tail(path, start):
    with open(path, "rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(start, size - LOG_TAIL))
        return file.read().decode("utf8", "replace")


def write_manifest(folder):
    """What the job left, each file with its size and SHA-256."""
    base = folder / "artifacts"
    files = sorted(path for path in base.rglob("*") if path.is_file())
    listed = [{"path": path.relative_to(base).as_posix(), "bytes": path.stat().st_size, "sha256": sha256_of(path)} for path in files]
    write_whole(folder / "manifest.json", json.dumps({"version": VERSION, "artifacts": listed}))


def write_end(folder, state, ended, code, reason):
    write_whole(folder / "state.json", json.dumps({
        **state, "state": ended, "ended": time.time(), "exit_code": code, "reason": reason, "host_peak_bytes": children_peak(),
    }))


def children_peak():
    """The most memory that one process of the job held at once, in bytes."""
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


# --- requests -------------------------------------------------------------------------------------------------------

OPERATIONS = {f.__name__: f for f in (hello, write, place, read, describe, start, status, interrupt, interrupt_all, remove)}


def answer(text, data=None):
    """One request {"op", …} to its reply {"ok": …} or {"refused": why}, both JSON in Base64. `data`: of a write, Base64 too."""
    request = json.loads(base64.b64decode(text))
    if data is not None:
        request["data"] = data
    operation = OPERATIONS.get(request.pop("op", None))
    try:
        reply = {"ok": operation(**request)} if operation else {"refused": "no such operation"}
    except Refused as error:
        reply = {"refused": str(error)}
    except OSError as error:
        reply = {"refused": f"{error.filename or ROOT}: {error.strerror}"}
    return base64.b64encode(json.dumps(reply).encode("utf8")).decode("ascii")


if __name__ == "__main__" and sys.argv[1:2] == ["supervise"]:
    supervise(Path(sys.argv[2]))
