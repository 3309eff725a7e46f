"""Run every chapter at gpu scale and record what it finds under data/results/, with its provenance.

Verdicts go to data/results/gpu/<chapter>.json, the tables that a chapter asks to be recorded to data/results/. Where
there is no GPU nothing is run, and that is no failure.
"""

import json
import os
import sys

import nbformat
import pandas as pd
import torch


def main() -> int:
    """Execute and record; 0 where there is no GPU, 1 if a chapter fails."""
    if not torch.cuda.is_available():
        print("No GPU that torch can use is at hand: nothing was run, and data/results/ stays as it is.")
        return 0
    os.environ |= {"OVERPARAM_SCALE": "gpu", "OVERPARAM_RECORD": "1"}
    import execute  # reads the scale
    from overparam.report import results

    failed = execute.main()
    build = execute.ROOT / "build" / "gpu"
    for path in sorted((build / "claims").glob("*.json")):
        (executed,) = (build / "notebooks").glob(f"[0-9]*_{path.stem.replace('-', '_')}.ipynb")
        chapter = nbformat.read(executed, as_version=4)
        # Findings are judged by their records, on fresh seeds; a run at this scale shows their estimates on the page alone.
        rows = json.loads(path.read_text(encoding="utf-8"))
        earlier = [row for row in rows if not {"estimates", "error"} & row.keys()]
        if not earlier:
            continue
        verdicts = pd.DataFrame(earlier)
        results.record(f"gpu/{path.stem}", verdicts, chapter.metadata["overparam"]["seconds"])
        print(f"{path.stem}: {len(verdicts)} verdicts recorded")
    return failed


if __name__ == "__main__":
    sys.exit(main())
