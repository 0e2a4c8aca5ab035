"""T24: what a classifier of scikit-learn's digits says of clean pixels and of pixels with Gaussian noise.

1,000 digits to train on, 797 to test on, logistic regression with C = 0.05, 5 orders of the rows. The reference is what it
says of the 797; a window is the same digits with noise of sd 1 or sd 4 on the pixels, which stay within 0 to 16 as those of a
camera do. Confidence is counted in 10 bins by the reference's deciles, and in the 50 of equal width that profiles have.
"""

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from vectors import write_or_check

TRAIN, WINDOWS = 1000, 6


def counted(model, x, y, edges):
    p = model.predict_proba(x)
    guess, confidence = p.argmax(axis=1), p.max(axis=1)
    return {
        "accuracy": float((guess == y).mean()),
        "classes": np.bincount(guess, minlength=10).tolist(),
        "deciles": counts_in(edges, confidence),
        "fiftieths": counts_in(np.arange(1, 50) / 50, confidence),
    }


def counts_in(edges, values):
    return np.bincount(np.searchsorted(edges, values, side="right"), minlength=len(edges) + 1).tolist()


def order_of(seed):
    x, y = load_digits(return_X_y=True)
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(y))
    train, test = order[:TRAIN], order[TRAIN:]
    model = LogisticRegression(C=0.05, max_iter=5000).fit(x[train], y[train])
    clean = x[test]
    edges = np.quantile(model.predict_proba(clean).max(axis=1), np.arange(1, 10) / 10)

    def windows(sd):
        noisy = (np.clip(clean + rng.normal(0, sd, clean.shape), 0, 16) for _ in range(WINDOWS))
        return [counted(model, pixels, y[test], edges) for pixels in noisy]

    reference = counted(model, clean, y[test], edges)
    return {"seed": seed, "edges": edges.tolist(), "reference": reference, "sd1": windows(1), "sd4": windows(4)}


write_or_check(
    "digits-noise.json",
    {
        "made": "tools/scipy/digits_noise.py, scikit-learn 1.2",
        "sources": "Optical Recognition of Handwritten Digits, Alpaydin and Kaynak 1998; UCI Machine Learning Repository, CC BY 4.0",
        "orders": [order_of(seed) for seed in range(5)],
    },
)
