"""The corpus that taskling learns from: a seeded generator. Nothing of it is stored; its SHA-256 is."""
