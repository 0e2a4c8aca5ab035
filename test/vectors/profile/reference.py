"""Writes reference.json: what NumPy and scikit-learn say of columns that reference profiles are made of.

Run: /usr/bin/python3 test/vectors/profile/reference.py   (Debian's python3-numpy and python3-sklearn)
"""

import json
import pathlib

import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.isotonic import IsotonicRegression

BINS = 20


def numeric(name, values):
    """Moments and quantiles of one column, and the counts between edges halfway below each quantile's value."""
    rising = np.sort(values)
    cuts = rising[[(k * len(rising)) // BINS for k in range(1, BINS)]]
    below = np.array([rising[rising < cut].max() if (rising < cut).any() else np.nan for cut in cuts])
    edges = np.unique(((below + cuts) / 2)[~np.isnan(below)])
    counts = np.bincount(np.searchsorted(edges, values, side="right"), minlength=len(edges) + 1)
    return {
        "name": name,
        "values": values.tolist(),
        "mean": float(np.mean(values)),
        "sd": float(np.std(values)),
        "min": float(rising[0]),
        "max": float(rising[-1]),
        "edges": edges.tolist(),
        "counts": counts.tolist(),
    }


def isotonic(seed, bins, empty):
    """Right answers and tries per confidence bin, some bins without any; and the rising shares nearest to them."""
    draw = np.random.default_rng(seed)
    tries = draw.integers(1, 60, bins)
    tries[draw.random(bins) < empty] = 0
    hits = draw.binomial(tries, np.clip(np.linspace(0.2, 1.0, bins) + draw.normal(0, 0.15, bins), 0, 1))
    known = tries > 0
    model = IsotonicRegression(y_min=0, y_max=1)
    shares = model.fit_transform(np.flatnonzero(known), hits[known] / tries[known], sample_weight=tries[known])
    return {
        "tries": tries.tolist(),
        "hits": hits.tolist(),
        "known": np.flatnonzero(known).tolist(),
        "shares": shares.tolist(),
    }


def main():
    cancer = load_breast_cancer()
    diabetes = load_diabetes(scaled=False)
    columns = [
        numeric(f"breast cancer: {name}", cancer.data[:, index])
        for index, name in enumerate(cancer.feature_names)
        if name in ("mean radius", "mean area", "worst concavity", "area error")
    ] + [
        numeric(f"diabetes: {name}", diabetes.data[:, diabetes.feature_names.index(name)])
        for name in ("age", "bmi")
    ]
    cases = [isotonic(seed, bins, empty) for seed in range(8) for bins, empty in ((20, 0.0), (50, 0.3))]
    target = pathlib.Path(__file__).with_name("reference.json")
    target.write_text(json.dumps({"numeric": columns, "isotonic": cases}) + "\n")


main()
