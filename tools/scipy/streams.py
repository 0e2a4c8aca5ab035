"""T11: the streams in which River's documentation and tests say where each detector fires; one digit a value."""

import random

import numpy as np
from vectors import write_or_check


def digits(values):
    return "".join(str(int(value)) for value in values)


def mixed():
    rng = random.Random(12345)
    return rng.choices([0, 1], k=1000) + rng.choices(range(4, 8), k=1000)


def binary():
    rng = random.Random(42)
    return rng.choices([0, 1], k=1000) + rng.choices([0, 1], k=1000, weights=[0.3, 0.7])


def whole():
    np.random.seed(12345)
    return np.concatenate((np.random.randint(2, size=1000), np.random.randint(8, size=1000)))


def binomial():
    np.random.seed(12345)
    return [np.random.binomial(1, 0.2) for _ in range(1000)] + [np.random.binomial(1, 0.8) for _ in range(1000)]


def blocks():
    np.random.seed(12345)
    return np.concatenate([np.random.normal(mean, 0.1, 500) > 0 for mean in (0.0, 0.25, 0.0, 0.25)])


write_or_check(
    "streams.json",
    {
        "made": "tools/scipy/streams.py, Python 3.11, NumPy 1.24",
        "random12345": digits(mixed()),
        "random42": digits(binary()),
        "numpyWhole": digits(whole()),
        "numpyBinomial": digits(binomial()),
        "numpyBlocks": digits(blocks()),
    },
)
