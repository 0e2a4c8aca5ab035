"""T15: errors of a classifier on a real table, and the same with labels of the last fifth flipped with probability 0.5.

Logistic regression on one column (mean radius) of Breast Cancer Wisconsin (Diagnostic), wrong in 12 of 100 rows; each row is
judged by a model that has not seen it. 20 orders of the rows; one digit a row, 1 for an error.
"""

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from vectors import write_or_check


def errors(seed):
    x, y = load_breast_cancer(return_X_y=True)
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(y))
    x, y = x[order][:, :1], y[order]
    model = make_pipeline(StandardScaler(), LogisticRegression())
    guess = cross_val_predict(model, x, y, cv=10)
    first = len(y) - len(y) // 5
    flips = (rng.random(len(y)) < 0.5) & (np.arange(len(y)) >= first)
    return {"first": first, "clean": digits(guess != y), "flipped": digits(guess != np.where(flips, 1 - y, y))}


def digits(values):
    return "".join(str(int(value)) for value in values)


write_or_check(
    "classifier-errors.json",
    {
        "made": "tools/scipy/classifier_errors.py, scikit-learn 1.2",
        "sources": "Breast Cancer Wisconsin (Diagnostic), Wolberg, Mangasarian, Street, Street 1995; UCI Machine Learning"
        " Repository, CC BY 4.0",
        "orders": [errors(seed) for seed in range(20)],
    },
)
