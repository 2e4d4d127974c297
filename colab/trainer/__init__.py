"""Supervised fine-tuning by one recipe, on a CPU with TRL and PEFT, or on a CUDA card with Unsloth: `python -m trainer recipe.json`."""
