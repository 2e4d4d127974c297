import os
from pathlib import Path


def unassign():
    Path(os.environ["COLAB_DOWNLOADS"], "unassigned").touch()
