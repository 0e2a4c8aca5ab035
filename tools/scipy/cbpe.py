"""T23: accuracy estimated from confidence (CBPE) against the realised one, under covariate shift and a flipped concept.

One number x decides: P(y = 1) = 1 / (1 + exp(-1.5 x)), x of a standard normal. The model is a logistic regression, calibrated by
isotonic regression of "the answer is right" on the confidence, over 100,000 rows apart from those it was trained on. Exact CBPE
is the mean of that over the rows of a window; what a device sends are counts in bins: 50 of equal width over 0.5 to 1, which is
all that the confidence of two classes can be.
"""

import numpy as np
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from vectors import write_or_check

BINS, CALIBRATION = 50, 100000
EDGES = 0.5 + np.arange(1, BINS) / (2 * BINS)
rng = np.random.default_rng(23)


def rows(n, shift=0.0, flipped=False):
    x = rng.normal(shift, 1, n)
    p = 1 / (1 + np.exp(-1.5 * x))
    y = (rng.random(n) < p).astype(int)
    return x[:, None], 1 - y if flipped else y


def binned(confidence):
    return np.searchsorted(EDGES, confidence, side="right")


x, y = rows(20000)
model = LogisticRegression().fit(x, y)


def answers(x, y):
    p = model.predict_proba(x)
    return p.max(axis=1), p.argmax(axis=1) == y


confidence, right = answers(*rows(CALIBRATION))
isotonic = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(confidence, right)
bins = binned(confidence)
tries = np.bincount(bins, minlength=BINS)
hits = np.bincount(bins, weights=right, minlength=BINS).astype(int)


def window(shift, flipped=False, n=1000):
    confidence, right = answers(*rows(n, shift, flipped))
    return {
        "shift": shift,
        "exact": float(isotonic.predict(confidence).mean()),
        "realised": float(right.mean()),
        "counts": np.bincount(binned(confidence), minlength=BINS).tolist(),
    }


def flipped_labels(n=1000):
    return "".join(str(int(not value)) for value in answers(*rows(n, flipped=True))[1])


shifts = np.linspace(-2, 2, 41)
write_or_check(
    "cbpe.json",
    {
        "made": "tools/scipy/cbpe.py, scikit-learn 1.2",
        "tries": tries.tolist(),
        "hits": hits.tolist(),
        "windows": [window(float(round(shift, 2))) for shift in shifts for _ in range(3)],
        "flipped": [window(0.0, flipped=True) for _ in range(20)],
        "flippedErrors": [flipped_labels() for _ in range(20)],
    },
)
