"""The laws behind p-values: chi-square, Kolmogorov, and p-values adjusted for their number."""

import numpy as np
from scipy import stats
from vectors import write_or_check

DEGREES = [0.5, 1, 2, 3, 9, 19, 63, 64, 500, 10_000]


def adjusted(p_values):
    """As scipy.stats.false_discovery_control of SciPy 1.11, which Debian's 1.10 lacks."""
    p = np.array(p_values)
    order = np.argsort(p)
    scaled = p[order] * len(p) / np.arange(1, len(p) + 1)
    result = np.empty_like(p)
    result[order] = np.minimum(1, np.minimum.accumulate(scaled[::-1])[::-1])
    return result


def discovery(seed):
    rng = np.random.default_rng(seed)
    p_values = np.round(np.concatenate([rng.random(20), rng.random(8) * 0.02]), 4).tolist()
    return {"q": [0.01, 0.05, 0.2][seed % 3], "pValues": p_values, "adjusted": adjusted(p_values).tolist()}


survival = [(df * factor, df) for df in DEGREES for factor in (0.01, 0.5, 0.9, 1.0, 1.1, 2.0, 8.0)]
quantile = [(p, df) for df in DEGREES for p in (0.001, 0.05, 0.5, 0.95, 0.999, 0.999999)]
steps = np.concatenate([np.arange(0.05, 4.0, 0.05), [1.1999999, 1.2, 5.0, 10.0]])
write_or_check(
    "laws.json",
    {
        "made": "tools/scipy/laws.py, SciPy 1.10",
        "survival": [[x, df, float(stats.chi2.sf(x, df))] for x, df in survival],
        "quantile": [[p, df, float(stats.chi2.ppf(p, df))] for p, df in quantile],
        "kolmogorov": [[float(x), float(stats.kstwobign.sf(x))] for x in steps],
        "discovery": [discovery(seed) for seed in range(9)],
    },
)
