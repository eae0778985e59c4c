"""TFDS builders of geodl's datasets, one folder each; `geodl.datasets` loads them."""
