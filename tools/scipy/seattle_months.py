"""T19: daily maximum temperature of Seattle 2012 to 2015 in months: too few days for a verdict, whatever the season does.

Reads seattle-weather.csv of the package vega-datasets 3.2.1 (BSD-3-Clause), made of records of the US National Oceanic and
Atmospheric Administration, which are in the public domain:

    npm pack vega-datasets@3.2.1 && tar xzf vega-datasets-3.2.1.tgz
    /usr/bin/python3 tools/scipy/seattle_months.py package/data/seattle-weather.csv

The reference is 2012 and 2013 in deciles; the windows are the months of 2014 and 2015, with a bin on either side.
"""

import csv
import sys

import numpy as np

with open(sys.argv.pop(1)) as file:
    days = [(row["date"][:7], float(row["temp_max"])) for row in csv.DictReader(file)]
from vectors import write_or_check  # It reads the other arguments.

reference = np.array([value for month, value in days if month < "2014"])
edges = np.unique(np.quantile(reference, np.arange(1, 10) / 10))
bounds = [reference.min(), *edges, np.nextafter(reference.max(), np.inf)]
months = sorted({month for month, _ in days if month >= "2014"})


def counts(values):
    return np.bincount(np.searchsorted(bounds, values, side="right"), minlength=len(bounds) + 1).tolist()


write_or_check(
    "seattle-months.json",
    {
        "made": "tools/scipy/seattle_months.py",
        "sources": "vega-datasets 3.2.1, seattle-weather.csv; NOAA National Centers for Environmental Information, public domain",
        "edges": edges.tolist(),
        "min": float(reference.min()),
        "max": float(reference.max()),
        "mean": float(reference.mean()),
        "sd": float(reference.std()),
        "reference": counts(reference)[1:-1],
        "months": [{"month": month, "counts": counts([v for m, v in days if m == month])} for month in months],
    },
)
