"""Writes rows.parquet (Zstandard, two row groups) and rows-snappy.parquet (one): the same six rows, of every type a profile reads.

Run: python -m venv VENV && VENV/bin/pip install pyarrow==25.0.1 && VENV/bin/python test/vectors/profile/rows_parquet.py
Debian has no Parquet for Python; the committed files are what version 25.0.1 wrote.
"""

import datetime
import pathlib

import pyarrow
import pyarrow.parquet

HERE = pathlib.Path(__file__).parent
HOURS = [datetime.datetime(2026, 11, 21, hour, tzinfo=datetime.timezone.utc) for hour in range(6)]

ROWS = pyarrow.table(
    {
        "count": pyarrow.array([1, 2, None, 2**53, -4, 7], pyarrow.int64()),
        "level": pyarrow.array([0.5, float("nan"), None, 2.5, float("inf"), -1.5], pyarrow.float64()),
        "ratio": pyarrow.array([0.1, 0.2, 0.3, None, 0.5, 0.7], pyarrow.float32()),
        "small": pyarrow.array([1, 2, 3, 4, 5, None], pyarrow.uint8()),
        "price": pyarrow.array([None] + [round(n * 1.25, 2) for n in range(5)], pyarrow.float64()),
        "ok": pyarrow.array([True, False, None, True, True, False]),
        "colour": pyarrow.array(["red", "blue", None, "red", "", "grün, hell"]),
        "at": pyarrow.array(HOURS, pyarrow.timestamp("us", tz="UTC")),
        "vector": pyarrow.array(
            [[1.0, 2.0], [3.0, 4.0], None, [5.0, 6.0], [-1.0, 0.0], [0.0, float("nan")]],
            pyarrow.list_(pyarrow.float32()),
        ),
    }
)

pyarrow.parquet.write_table(ROWS, HERE / "rows.parquet", compression="zstd", row_group_size=4)
pyarrow.parquet.write_table(ROWS, HERE / "rows-snappy.parquet", compression="snappy")
