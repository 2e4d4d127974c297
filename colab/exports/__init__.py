"""A trained model as others load it: merged, GGUF for llama.cpp and Ollama, a Modelfile; and a talk with any of them."""
