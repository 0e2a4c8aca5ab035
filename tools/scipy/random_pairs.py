"""T2: what SciPy says of 500 pairs of samples. The pairs are made anew in the test, by the same whole-number steps."""

import warnings

import numpy as np
from scipy import stats
from vectors import write_or_check

PAIRS = 500
BINS = 16


def uniform(stream, start, count):
    """The finalizer of MurmurHash3 over a counter: the same doubles in every language."""
    mask = np.uint64(0xFFFFFFFF)
    x = (np.uint64(stream) * np.uint64(0x9E3779B1) + np.arange(start, start + count, dtype=np.uint64)) & mask
    x ^= x >> np.uint64(16)
    x = (x * np.uint64(0x85EBCA6B)) & mask
    x ^= x >> np.uint64(13)
    x = (x * np.uint64(0xC2B2AE35)) & mask
    x ^= x >> np.uint64(16)
    return x.astype(np.float64) / 2.0**32


def sample(kind, stream, count, shift):
    u = uniform(stream, 0, 4 * count).reshape(count, 4)
    if kind == "uniform":
        return u[:, 0] + shift
    if kind == "bell":
        return u[:, 0] + u[:, 1] + u[:, 2] + u[:, 3] - 2.0 + shift
    if kind == "ties":
        return np.floor((u[:, 0] + shift) * 12.0)
    if kind == "skewed":
        return u[:, 0] * u[:, 0] * u[:, 0] * 1000.0 + shift
    return np.where(u[:, 0] + shift > 0.7, 1.0, 0.0)


KINDS = ["uniform", "bell", "ties", "skewed", "binary"]


def counts(values):
    return np.bincount(np.mod(np.floor(values * 10.0), BINS).astype(int), minlength=BINS)


def pair(index):
    kind = KINDS[index % len(KINDS)]
    sizes = 20 + np.floor(uniform(index, 0, 2) * 4981.0).astype(int)
    n, m = (int(size) for size in sizes)
    a = sample(kind, 1000 + 2 * index, n, 0.0)
    b = sample(kind, 1001 + 2 * index, m, (index % 7) * 0.02)
    ks = stats.ks_2samp(a, b)
    limit = stats.kstwobign.sf(ks.statistic * np.sqrt(n * m / (n + m)))
    table = np.array([counts(a), counts(b)])
    table = table[:, table.sum(axis=0) > 0]
    chi, p, df, _ = stats.chi2_contingency(table, correction=False)
    wasserstein = stats.wasserstein_distance(a, b) / max(np.std(a), 0.001)
    return [n, m, *(float(x) for x in (ks.statistic, limit, ks.pvalue, chi, p)), int(df), float(wasserstein)]


warnings.simplefilter("ignore", RuntimeWarning)  # ks_2samp says when it goes from the exact law to the limit.
write_or_check(
    "random-pairs.json",
    {
        "made": "tools/scipy/random_pairs.py, SciPy 1.10",
        "columns": ["n", "m", "ksStatistic", "ksLimitP", "ksP", "chiSquare", "chiSquareP", "df", "wasserstein"],
        "pairs": [pair(index) for index in range(PAIRS)],
    },
)
