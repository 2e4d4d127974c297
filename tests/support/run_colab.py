"""Runs a Colab notebook's cells on this machine, as a student does with Run all.

    python run_colab.py NOTEBOOK FOLDER [--until ID] [--set NAME=VALUE …] [--shell]

FOLDER stands for /content. `--until` ends the session after that cell, `--set` ticks a box of a form, `--shell` runs the cells in
an IPython shell of this process instead of a kernel, which starts faster. One JSON object a cell on stdout. google.colab is
the stand-in beside this file.
"""

import argparse
import contextlib
import io
import json
import os
import re
import sys
from pathlib import Path
from types import SimpleNamespace

STAND_IN = str(Path(__file__).parent / "colab")


@contextlib.contextmanager
def kernel(path, folder):
    """The cells, and a function that runs one of them: its text and its error, or None."""
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    os.environ["PYTHONPATH"] = STAND_IN
    client = NotebookClient(notebook, timeout=60, kernel_name="python3", allow_errors=True, resources={"metadata": {"path": folder}})

    def run(index, cell):
        client.execute_cell(cell, index)
        texts = [output.get("text") or output.get("data", {}).get("text/plain", "") for output in cell.outputs]
        errors = [f"{output.ename}: {output.evalue}" for output in cell.outputs if output.output_type == "error"]
        return "".join(texts), errors[0] if errors else None

    with client.setup_kernel():
        yield notebook.cells, run


@contextlib.contextmanager
def shell(path, folder):
    from IPython.core.interactiveshell import InteractiveShell

    path = Path(path).resolve()
    sys.path.insert(0, STAND_IN)
    os.chdir(folder)
    session = InteractiveShell.instance()

    def run(index, cell):
        with contextlib.redirect_stdout(io.StringIO()) as out:
            error = session.run_cell(cell.source).error_in_exec
        return out.getvalue(), f"{type(error).__name__}: {error}" if error else None

    yield [SimpleNamespace(**cell) for cell in json.loads(Path(path).read_text(encoding="utf8"))["cells"]], run


def main(given):
    with (shell if given.shell else kernel)(given.notebook, given.folder) as (cells, run):
        for index, cell in enumerate(cells):
            if cell.cell_type != "code":
                continue
            for pair in given.set:
                name, value = pair.split("=")
                cell.source = re.sub(rf"^{name} = \w+", f"{name} = {value}", cell.source, flags=re.M)
            text, error = run(index, cell)
            print(json.dumps({"id": cell.id, "text": text, "error": error}), flush=True)
            if error or cell.id == given.until:
                return


parser = argparse.ArgumentParser()
parser.add_argument("notebook")
parser.add_argument("folder")
parser.add_argument("--until")
parser.add_argument("--set", action="append", default=[])
parser.add_argument("--shell", action="store_true")
main(parser.parse_args())
