"""A job that travels in a notebook: what the cells of a hand-off notebook call.

The notebook unpacks this file and agent.py beside each other. The job itself runs as on every other route, detached, under
the agent's supervisor; the cells only start it, watch it, and pack what it left. With Drive mounted, its checkpoints and
what it has reported lie there, and the notebook can be run again on another machine.
"""

import hashlib
import json
import os
import shutil
import time
import zipfile
import zlib
from importlib import metadata
from pathlib import Path

import agent
from IPython.display import display

VERSION = 1
POLL_S = 0.5
SAVE_EVERY_S = 30.0
SECRETS = ("HF_TOKEN",)
LARGE = 512 * 2**20
# Colab's own builds: a package that wanted others of these would take the driver's match away.
KEPT = ("torch", "torchvision", "torchaudio", "triton")
FOLLOWED = ("metrics.jsonl", "log.txt")


class HandOffFault(Exception):
    """Something the student can mend, with a sentence that says how."""


class HandOff:
    """One run of one student. `spec` comes from the notebook: run, recipeHash, command, minutes, memoryGib, files."""

    def __init__(self, spec):
        self.spec = spec
        self.run = spec["run"]
        self.folder = agent.inside(self.run)
        self.drive = None
        self.folder.mkdir(parents=True, exist_ok=True)

    # --- what is sent ---

    def unpack(self, packed):
        """Writes the files that travel in the notebook, each held against its SHA-256."""
        self.lay_out(zlib.decompress(packed), "inside")
        print(f"{self.run}: {len(self.spec['files']) - len(self.missing())} of {len(self.spec['files'])} files are here")

    def unpack_data(self):
        """Finds the data file that was too large for the notebook: beside it, on Drive, or by asking for it."""
        name = self.spec["data"]["name"]
        if not self.missing():
            return print("the data is here")
        places = [Path.cwd() / name, *([self.drive / name] if self.drive else [])]
        found = next((path for path in places if path.is_file()), None)
        if found is None:
            print(f"Choose {name}: it lies beside this notebook on your machine.")
            from google.colab import files

            files.upload()
            found = next((path for path in places if path.is_file()), None)
        if found is None:
            raise HandOffFault(f"{name} is not here: put it into the Files panel on the left, and run this cell again")
        try:
            self.lay_out(zlib.decompress(found.read_bytes()), "data")
        except (zlib.error, HandOffFault) as error:
            raise HandOffFault(f"{found} is not the file of this run, or not all of it: {error}. Upload it again") from error
        print(f"{name}: its files are in place")

    def lay_out(self, content, where):
        listed = [file for file in self.spec["files"] if file["in"] == where]
        if sum(file["bytes"] for file in listed) != len(content):
            raise HandOffFault(f"{len(content)} bytes where {sum(file['bytes'] for file in listed)} belong")
        offset = 0
        for file in listed:
            piece = content[offset : offset + file["bytes"]]
            offset += file["bytes"]
            if hashlib.sha256(piece).hexdigest() != file["sha256"]:
                raise HandOffFault(f"{file['path']} has another SHA-256 than when it was packed")
            path = agent.inside(f"{self.run}/{file['path']}")
            if path.is_file() and agent.sha256_of(path) == file["sha256"]:
                continue  # a job that runs may be reading it
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(piece)

    def missing(self):
        return [file["path"] for file in self.spec["files"] if not (self.folder / file["path"]).is_file()]

    # --- the machine ---

    def machine(self):
        """What this machine is, in one line; says so where it is not the one that was asked for."""
        facts = agent.hello()
        gpu = facts["gpu"]
        print(f"Python {facts['python']}, {facts['cpus']} CPUs, {facts['memory_bytes'] / 2**30:.1f} GiB of memory,",
              f"{gpu['name']} with {gpu['memory_bytes'] / 2**30:.2f} GiB" if gpu else "no GPU")
        if self.spec["needsGpu"] and not gpu:
            raise HandOffFault("This job needs a GPU. Runtime > Change runtime type > T4 GPU, then Runtime > Run all")

    def keep(self, path="llmops-keep.txt"):
        """Writes down the packages that pip must leave as they are."""
        kept = [f"{name}=={metadata.version(name)}" for name in KEPT if has_package(name)]
        Path(path).write_text("\n".join(kept) + "\n", encoding="utf8")
        print("kept as they are:", ", ".join(kept) or "nothing")

    def secrets(self, names=SECRETS):
        """Takes keys from Colab's Secrets into this session's environment. None of them is printed or written down."""
        try:
            from google.colab import userdata
        except ImportError:
            return
        for name in names:
            try:
                os.environ[name] = userdata.get(name)
                print(f"{name}: from Colab's Secrets")
            except Exception as error:  # not there, or this notebook may not read it: the job does without
                print(f"{name}: not used ({type(error).__name__})")

    # --- Drive: what survives the machine ---

    def use_drive(self, root=None):
        """Mounts Drive and keeps checkpoints, metrics and log in MyDrive/llmops/RUN."""
        if root is None:
            from google.colab import drive

            drive.mount(str(Path.cwd() / "drive"))
            root = Path.cwd() / "drive" / "MyDrive"
        self.drive = Path(root) / "llmops" / self.run
        (self.drive / "checkpoints").mkdir(parents=True, exist_ok=True)
        self.restore()
        place = self.folder / "checkpoints"
        if not place.is_symlink():
            if place.is_dir():
                shutil.copytree(place, self.drive / "checkpoints", dirs_exist_ok=True)
                shutil.rmtree(place)
            place.symlink_to(self.drive / "checkpoints", target_is_directory=True)
        print("checkpoints go to", self.drive)

    def restore(self):
        """On a new machine: what the last one had reported. Its job is `lost`, and the next start goes on after it."""
        if (self.folder / "state.json").exists() or not (self.drive / "state.json").exists():
            return
        for name in FOLLOWED:
            if (self.drive / name).exists():
                content = (self.drive / name).read_bytes()
                (self.folder / name).write_bytes(content[: content.rfind(b"\n") + 1])  # a line may have been cut
        shutil.copyfile(self.drive / "state.json", self.folder / "state.json")
        print(f"found on Drive: this run, with {len(list((self.drive / 'checkpoints').iterdir()))} checkpoints")

    def save(self):
        """Copies what the job has reported to Drive, each file under its name only when it is whole."""
        if self.drive is None:
            return
        for name in (*FOLLOWED, "state.json"):
            source = self.folder / name
            if source.exists() and source.resolve() != (self.drive / name).resolve():
                shutil.copyfile(source, self.drive / f"{name}.new")
                os.replace(self.drive / f"{name}.new", self.drive / name)

    # --- the job ---

    def start(self):
        """Starts the job; one that runs goes on, one that was lost or stopped is started again in its folder."""
        if self.missing():
            raise HandOffFault(f"{', '.join(self.missing()[:3])} is not here yet: run the cells above")
        if not (self.folder / "state.json").exists() and self.spec["attempt"] > 1:  # resumed, on a machine that knows nothing of it
            earlier = {"state": "lost", "attempt": self.spec["attempt"] - 1, "started": 0}
            agent.write_whole(self.folder / "state.json", json.dumps(earlier))
        before = agent.status(self.run)["state"]
        state = agent.start(
            self.run, self.spec["command"], {}, self.spec.get("minutes"), self.spec.get("memoryGib"),
            again=before in agent.ENDED and before != "finished",
        )
        if before in ("starting", "running"):
            said = "runs already"
        elif before == "finished":
            said = "has finished; pack the results below"
        else:
            said = f"started, attempt {state['attempt']}" + ("" if before == "absent" else f" (the last one: {before})")
        print(f"{self.run} {said}")
        self.save()

    def follow(self, poll_s=POLL_S):
        """Shows the newest metrics until the job has ended. Stopping this cell leaves the job running."""
        offset, last, saved, shown = 0, None, time.monotonic(), None
        try:
            while True:
                state = agent.status(self.run)
                lines, offset = self.new_lines(offset)
                last = lines[-1] if lines else last
                shown = show(line_of(state, last), shown)
                if state["state"] not in ("starting", "running"):
                    break
                if time.monotonic() - saved > SAVE_EVERY_S:
                    self.save()
                    saved = time.monotonic()
                time.sleep(poll_s)
        except KeyboardInterrupt:
            print(f"{self.run} goes on. Run this cell again to watch it.")
            return
        finally:
            self.save()
        if state["reason"]:
            print(state["reason"])
        if state["state"] not in ("finished", "interrupted", "time-limit") and (self.folder / "log.txt").exists():
            print("\n".join(agent.read_tail(self.folder / "log.txt", 0).splitlines()[-20:]))

    def new_lines(self, offset):
        path = self.folder / "metrics.jsonl"
        if not path.exists():
            return [], offset
        with open(path, "rb") as file:
            file.seek(offset)
            content = file.read()
        end = content.rfind(b"\n") + 1
        return [json.loads(line) for line in content[:end].splitlines() if line.strip().startswith(b"{")], offset + end

    def interrupt(self):
        """Asks the job to end; it may save a checkpoint first."""
        agent.interrupt(self.run)
        self.follow()

    # --- what goes home ---

    def bundle(self, download=True):
        """Packs what the job left into results-RUN.zip and hands it to the browser, and to Drive where that is mounted."""
        state = agent.status(self.run)
        if state["state"] not in agent.ENDED:
            raise HandOffFault(f"{self.run} is {state['state']}: wait until it has ended, then run this cell")
        if not (self.folder / "manifest.json").exists():
            (self.folder / "artifacts").mkdir(exist_ok=True)
            agent.write_manifest(self.folder)  # a job that was lost left none
        target = Path.cwd() / f"results-{self.run}.zip"
        pack(self.folder, target, {**self.spec, "state": state})
        print(f"{target.name}: {target.stat().st_size:,} bytes, the job is {state['state']}")
        if self.drive is not None:
            shutil.copyfile(target, self.drive / f"{target.name}.new")
            os.replace(self.drive / f"{target.name}.new", self.drive / target.name)
            print("also in", self.drive)
        elif target.stat().st_size > LARGE:
            print("This is much for a browser: with KEEP_ON_DRIVE it lies on your Drive as well. Tick it, and run that cell and this one again.")
        if download:
            from google.colab import files

            files.download(str(target))
        print(f"On your machine: npm run llmops -- runs bring {self.run} PATH/{target.name}")
        return target


def pack(folder, target, spec):
    """The bundle: run.json says whose it is and lists what is in it, each file with its size and SHA-256."""
    own = ["manifest.json", "metrics.jsonl", "log.txt", "oom.json"]
    listed = [folder / name for name in own if (folder / name).is_file()]
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf8"))
    head = {
        "version": VERSION, "run": spec["run"], "recipeHash": spec["recipeHash"], "state": spec["state"], "machine": agent.hello(),
        "packages": {name: metadata.version(name) for name in spec["packages"] if has_package(name)},
        "files": [{"path": path.name, "bytes": path.stat().st_size, "sha256": agent.sha256_of(path)} for path in listed],
    }
    fresh = target.with_name(target.name + ".new")
    with zipfile.ZipFile(fresh, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("run.json", json.dumps(head))
        for path in listed:
            archive.write(path, path.name)
        for artifact in manifest["artifacts"]:
            archive.write(folder / "artifacts" / artifact["path"], f"artifacts/{artifact['path']}")
    os.replace(fresh, target)


def has_package(name):
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def line_of(state, metric):
    """How the job stands, in one line for people."""
    if metric is None:
        return state["state"]
    parts = [f"step {metric['step']}" + (f" of {metric['steps']}" if "steps" in metric else "")]
    names = {"loss": "loss {:.4f}", "eval_loss": "eval loss {:.4f}", "lr": "lr {:.2e}", "tokens_per_second": "{:,.0f} tokens/s"}
    parts += [text.format(metric[name]) for name, text in names.items() if isinstance(metric.get(name), (int, float))]
    if isinstance(metric.get("memory_bytes"), int):
        parts.append(f"{metric['memory_bytes'] / 2**30:.2f} GiB")
    return f"{state['state']}: {', '.join(parts)}"


def show(line, before):
    """One line that changes in place; only changes are drawn."""
    if before is None:
        return line, display({"text/plain": line}, raw=True, display_id=True)
    if before[0] != line:
        before[1].update({"text/plain": line}, raw=True)
    return line, before[1]
