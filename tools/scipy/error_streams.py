"""T12 to T14: errors of a fixed, optimal classifier over 100 streams of 10 000 values, the concept changing at 5 000.

SEA: x uniform in [0, 10)^3, label x0 + x1 > θ, one label in ten flipped. The classifier keeps θ = 8. Each part holds 100 streams
of 5 000 errors, packed to bits, deflated, in base64; `before` and `same` together are streams without a change.
"""

import base64
import zlib

import numpy as np
from vectors import write_or_check

SEEDS = range(1000, 1100)
HALF = 5000


def parts(seed):
    rng = np.random.default_rng(seed)
    x = rng.random((2 * HALF, 3)) * 10
    noise = rng.random(2 * HALF) < 0.1
    total = x[HALF:, 0] + x[HALF:, 1]
    changed = {theta: noise[HALF:] ^ ((total > 8) != (total > theta)) for theta in (9.0, 9.5)}
    return {"before": noise[:HALF], "same": noise[HALF:], "sea9": changed[9.0], "sea95": changed[9.5]}


def packed(streams):
    bits = np.packbits(np.concatenate(streams)).tobytes()
    return base64.b64encode(zlib.compress(bits, 9)).decode()


made = [parts(seed) for seed in SEEDS]
write_or_check(
    "error-streams.json",
    {
        "made": "tools/scipy/error_streams.py, NumPy 1.24, default_rng(1000 … 1099)",
        "streams": len(SEEDS),
        "half": HALF,
        **{name: packed([streams[name] for streams in made]) for name in made[0]},
    },
)
