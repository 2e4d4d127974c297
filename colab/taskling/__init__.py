"""Taskling: a tiny Llama of our own, made from nothing on a CPU. `python -m taskling --help` from the folder colab/."""
