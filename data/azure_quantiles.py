"""Writes azure_quantiles.json: how gaps, inputs and outputs of the two Azure traces are distributed.

    python data/azure_quantiles.py [FOLDER WITH THE CSV FILES]

Without a folder, the traces are downloaded (Azure public data set, CC-BY 4.0; Patel et al. 2024).
"""

import json
import sys
from pathlib import Path

import numpy as np

from course_lib import datasets
from course_lib.paths import ROOT, write_atomically
from course_lib.serving import Trace

# Every hundredth, and closer where the tails are.
TAIL = np.array([0, 1e-4, 3e-4, 1e-3, 2e-3, 4e-3, 7e-3])
SHARE = np.unique(np.concatenate([TAIL, np.arange(1, 100) / 100, 1 - TAIL]).round(6))


def quantiles(trace: Trace) -> dict:
    """Number of requests, shares, and of each column the value that such a share does not exceed."""
    columns = {"gap": np.diff(trace.arrival), "input": trace.input_tokens, "output": trace.output_tokens}
    found = {name: np.quantile(values, SHARE).round(7).tolist() for name, values in columns.items()}
    return {"requests": len(trace), "share": SHARE.tolist(), **found}


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    kinds = {}
    for kind in datasets.AZURE_SHA256:
        path = folder / f"AzureLLMInferenceTrace_{kind}.csv" if folder else datasets.azure_trace(kind)
        kinds[kind] = quantiles(Trace.from_csv(path))
    source = "Azure public data set, AzureLLMInferenceTrace 2023, CC-BY 4.0; Patel et al. 2024"
    text = json.dumps(
        {"source": source, "unit": "gap in seconds, input and output in tokens", "kinds": kinds}
    )
    write_atomically(ROOT / "data" / "azure_quantiles.json", text + "\n")
