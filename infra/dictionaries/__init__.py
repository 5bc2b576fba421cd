"""Trained zstd dictionaries by number (`v1.zdict`), never changed once shipped; `bench/train_dictionary.py` makes new ones."""
