import os


class SecretNotFoundError(Exception):
    def __init__(self, key):
        super().__init__(f"Secret {key} does not exist.")


def get(key):
    if f"COLAB_SECRET_{key}" not in os.environ:
        raise SecretNotFoundError(key)
    return os.environ[f"COLAB_SECRET_{key}"]
