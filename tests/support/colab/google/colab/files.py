import os
import shutil
from pathlib import Path


def download(filename):
    if not os.path.exists(filename):
        raise FileNotFoundError(f"Cannot find file: {filename}")
    shutil.copy(filename, os.environ["COLAB_DOWNLOADS"])


def upload():
    chosen = {path.name: path.read_bytes() for path in Path(os.environ["COLAB_UPLOADS"]).glob("*")}
    for name, content in chosen.items():
        Path(name).write_bytes(content)
    return chosen
