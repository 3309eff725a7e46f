"""One measurement: one variant of one work, in a process of its own. Called by `benchmarks.measure`.

Prints one line of JSON: seconds until data and imports were `ready`; seconds of the work, `first`, or of its first epoch in
a short run; then, now that everything is compiled and warm, of one epoch `again`, and of `longer_epochs` in one go,
`longer`. The difference of these two, divided by the additional epochs, is what an epoch costs.
"""

import json
import math
import sys
import time
from pathlib import Path

STARTED = time.perf_counter()
STEADY_SECONDS = 10.0  # of further training, after a whole work


def main() -> None:
    """Do what the request in the first argument says: {work, variant, seconds, arrays}.

    `seconds` is null for the whole work; `arrays` names the file with the data for JAX.
    """
    request = json.loads(sys.argv[1])
    from benchmarks.works import Work

    work, variant = Work(**request["work"]), request["variant"]
    if variant == "jax":
        from benchmarks import baseline_jax

        data = baseline_jax.load(Path(request["arrays"]))
        run, source = baseline_jax.prepare(work, data), str(data["source"])
    else:
        from benchmarks import datasets

        if variant in ("loader", "tensor", "vmap"):
            from benchmarks import baselines as side
        else:
            from benchmarks import engine as side
        data = datasets.load(work.data, work.n)
        run, source = side.prepare(work, data, variant), data.source
    ready = {"ready": time.perf_counter() - STARTED, "data": source}
    print(json.dumps(ready | measured(run, work.epochs, request["seconds"])))


def measured(run, epochs: int, seconds: float | None) -> dict:
    """The whole work, or one epoch of it from a cold start; then what one more epoch costs, from about so many `seconds`."""
    first_epochs = epochs if seconds is None else 1
    first, errors = timed(run, first_epochs)
    result = {"first": first, "first_epochs": first_epochs, "test_error": sum(errors) / len(errors)}
    if epochs == 1:
        return result
    again, _ = timed(run, 1)
    more = min(max(math.ceil((seconds or STEADY_SECONDS) / again), 1), epochs - 1)
    longer, _ = timed(run, 1 + more)
    return result | {"again": again, "longer": longer, "longer_epochs": 1 + more}


def timed(run, epochs: int) -> tuple[float, list[float]]:
    """Seconds that a run of so many epochs took, and its result."""
    started = time.perf_counter()
    errors = run(epochs)
    return time.perf_counter() - started, errors


if __name__ == "__main__":
    main()
