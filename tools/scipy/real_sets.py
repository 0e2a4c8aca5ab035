"""T3: every statistic over columns of two real data sets, each split at its middle row."""

import numpy as np
from scipy import stats
from scipy.spatial import distance
from scipy.special import rel_entr
from scipy.stats.contingency import association
from sklearn.datasets import load_breast_cancer, load_wine
from vectors import write_or_check

FLOOR = 1e-4
SETS = {
    "breast_cancer": (
        load_breast_cancer,
        ["mean radius", "mean texture", "mean concavity", "fractal dimension error", "worst area", "worst smoothness"],
    ),
    "wine": (load_wine, ["alcohol", "malic_acid", "magnesium", "flavanoids", "color_intensity", "proline"]),
}


def of_counts(r, c):
    p, q = r / r.sum(), c / c.sum()
    pf, qf = np.maximum(p, FLOOR), np.maximum(q, FLOOR)
    table = np.array([r, c])
    table = table[:, table.sum(axis=0) > 0]
    chi, chi_p, df, _ = stats.chi2_contingency(table, correction=False)
    return {
        "psi": float(np.sum(rel_entr(qf, pf) + rel_entr(pf, qf))),
        "jensenShannon": float(distance.jensenshannon(r, c, base=2)),
        "hellinger": float(distance.euclidean(np.sqrt(p), np.sqrt(q)) / np.sqrt(2)),
        "totalVariation": float(distance.cityblock(p, q) / 2),
        "maximumDeviation": float(distance.chebyshev(p, q)),
        "ksBinned": float(np.max(np.abs(np.cumsum(q) - np.cumsum(p)))),
        "chiSquare": float(chi),
        "chiSquareP": float(chi_p),
        "degreesOfFreedom": int(df),
        "cramersV": float(association(table, method="cramer", correction=False)),
    }


def column(name, values):
    middle = len(values) // 2
    a, b = values[:middle], values[middle:]
    edges = np.unique(np.quantile(a, np.linspace(0, 1, 11)[1:-1]))
    r, c = (np.bincount(np.searchsorted(edges, x, side="right"), minlength=len(edges) + 1) for x in (a, b))
    ks = stats.ks_2samp(a, b)
    means = [float(np.mean(a[np.searchsorted(edges, a, side="right") == bin])) for bin in range(len(edges) + 1)]
    return {
        "name": name,
        "reference": a.tolist(),
        "current": b.tolist(),
        "edges": edges.tolist(),
        "referenceCounts": r.tolist(),
        "currentCounts": c.tolist(),
        "expected": {
            **of_counts(r, c),
            "ksStatistic": float(ks.statistic),
            "ksLimitP": float(stats.kstwobign.sf(ks.statistic * np.sqrt(len(a) * len(b) / len(values)))),
            "wasserstein": float(stats.wasserstein_distance(a, b) / max(np.std(a), 0.001)),
            "wassersteinBinned": float(
                stats.wasserstein_distance(means, means, r, c) / max(np.std(a), 0.001)
            ),
            "sd": float(np.std(a)),
            "binMeans": means,
        },
    }


def columns():
    for load, names in SETS.values():
        loaded = load()
        index = list(loaded.feature_names)
        for name in names:
            yield column(name, loaded.data[:, index.index(name)])


def classes(load):
    target = load().target
    middle = len(target) // 2
    return np.bincount(target[:middle], minlength=target.max() + 1), np.bincount(target[middle:])


r, c = classes(load_breast_cancer)
write_or_check(
    "real-sets.json",
    {
        "made": "tools/scipy/real_sets.py, SciPy 1.10, scikit-learn 1.2",
        "sources": "Breast Cancer Wisconsin (Diagnostic), Wolberg, Mangasarian, Street, Street 1995, and Wine, Aeberhard,"
        " Forina 1991; UCI Machine Learning Repository, CC BY 4.0",
        "columns": list(columns()),
        "classes": [{"name": "diagnosis", "referenceCounts": r.tolist(), "currentCounts": c.tolist(),
                     "expected": of_counts(r, c)}],
    },
)
