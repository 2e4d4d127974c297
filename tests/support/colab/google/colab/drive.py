import os
from pathlib import Path


def mount(mountpoint):
    if not Path(mountpoint).exists():
        Path(mountpoint).symlink_to(os.environ["COLAB_DRIVE"], target_is_directory=True)
    print(f"Mounted at {mountpoint}")
