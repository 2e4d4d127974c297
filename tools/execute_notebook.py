"""Runs one notebook cell by cell and writes it back with its outputs.

    python tools/execute_notebook.py NOTEBOOK FOLDER

FOLDER is the kernel's working directory. One JSON object a line on stdout tells how far the run is; the last one says
how it ended. A naive run (`nbconvert --execute --allow-errors`) hides three things that count as failures here: a cell
that the kernel aborted, an error nobody expected, and text on stderr nobody expected.

Cells announce what they expect by tag: `raises-exception` for an error, `allow-stderr` for text on stderr.
"""

import json
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import nbformat
from jupyter_core.utils import run_sync
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError

# A lesson that trains has cells of up to a quarter of an hour on a quiet machine; a busy one may take more than twice as long.
CELL_LIMIT_S = 2400
START_ATTEMPTS = 3


def tell(**event):
    print(json.dumps(event), flush=True)


def faults_of(cell, reply_status, expects_error, expects_stderr):
    """What a cell did that its tags do not announce."""
    outputs = cell.get("outputs", [])
    errors = [output for output in outputs if output.output_type == "error"]
    if reply_status not in ("ok", "error"):
        yield f"the kernel did not run this cell (it answered: {reply_status})"
    if errors and not expects_error:
        yield f"{errors[0].ename}: {errors[0].evalue}"
    if expects_error and not errors:
        yield "tagged raises-exception, but it raised nothing"
    stderr = "".join(output.text for output in outputs if output.output_type == "stream" and output.name == "stderr")
    if stderr and not expects_stderr:
        yield f"unexpected text on stderr: {stderr.strip()[:300]}"


def merge_streams(cell):
    """Joins neighbouring stream outputs: how a stream is cut into messages is chance."""
    merged = []
    for output in cell.get("outputs", []):
        last = merged[-1] if merged else None
        if last and output.output_type == last.output_type == "stream" and output.name == last.name:
            last.text += output.text
        else:
            merged.append(output)
    cell["outputs"] = merged


async def language_of(kernel):
    """What the kernel says of its language: notebooks carry it (`client.execute()`, not used here, would set it)."""
    reply = await kernel.kernel_info(reply=True, timeout=60)
    return reply["content"]["language_info"]


@contextmanager
def started_client(notebook, folder):
    """A client with a running kernel. Two that start at once can be given the same port: the one that ends is started again."""
    for attempt in range(1, START_ATTEMPTS + 1):
        client = NotebookClient(
            notebook,
            timeout=CELL_LIMIT_S,
            kernel_name="tslab",
            allow_errors=True,
            resources={"metadata": {"path": str(folder)}},
        )
        with ExitStack() as stack:
            try:
                stack.enter_context(client.setup_kernel())
            except RuntimeError:
                if attempt == START_ATTEMPTS:
                    raise
                continue
            yield client
            return


def exit_code(client):
    """Of a kernel that died; a signal is its number, negative."""
    return getattr(getattr(client.km.provisioner, "process", None), "returncode", None)


def main(path, folder):
    notebook = nbformat.read(path, as_version=4)
    replies = {}
    code_cells = [(index, cell) for index, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    problems = []
    with started_client(notebook, folder) as client:
        client.on_cell_executed = lambda cell, cell_index, execute_reply: replies.update({cell_index: execute_reply["content"]})
        notebook.metadata["language_info"] = run_sync(language_of)(client.kc)
        for number, (index, cell) in enumerate(code_cells, 1):
            tags = cell.metadata.get("tags", [])
            started = time.monotonic()
            cell.outputs, cell.execution_count = [], None
            try:
                client.execute_cell(cell, index, execution_count=number)
            except (DeadKernelError, CellTimeoutError) as error:
                died = isinstance(error, DeadKernelError)
                fault = f"the kernel died in this cell, exit code {exit_code(client)}" if died else f"longer than {CELL_LIMIT_S} s"
                problems.append({"cell": index, "fault": fault, "died": died})
                tell(cell=number, of=len(code_cells), seconds=round(time.monotonic() - started, 2))
                break
            status = replies.get(index, {}).get("status", "no reply")
            merge_streams(cell)
            cell.metadata.pop("execution", None)  # time stamps: they would differ in every run
            for fault in faults_of(cell, status, "raises-exception" in tags, "allow-stderr" in tags):
                problems.append({"cell": index, "fault": fault})
            tell(cell=number, of=len(code_cells), seconds=round(time.monotonic() - started, 2))
    nbformat.write(notebook, path)
    tell(done=True, problems=problems)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
