"""One measurement: one variant of one work, in a process of its own. Called by `benchmarks.measure`.

Prints one line of JSON: seconds until data and imports were `ready`; seconds of the work, `first`; in a short run,
`first` is one epoch, and it is followed by one epoch `again`, now that everything is warm, and by `longer_epochs` in one
go, `longer`. The difference of these two, divided by the additional epochs, is what an epoch costs.
"""

import json
import math
import sys
import time

STARTED = time.perf_counter()


def main() -> None:
    """Do what the request in the first argument says: {work, variant, seconds}; `seconds` is null for the whole work."""
    request = json.loads(sys.argv[1])
    from benchmarks import datasets
    from benchmarks.works import Work

    work = Work(**request["work"])
    if request["variant"] in ("loader", "tensor"):
        from benchmarks import baselines as side
    else:
        from benchmarks import engine as side
    data = datasets.load(work.data, work.n)
    run = side.prepare(work, data, request["variant"])
    result = {"ready": time.perf_counter() - STARTED, "data": data.source}
    seconds = request["seconds"]
    result |= whole(run, work.epochs) if seconds is None or work.epochs == 1 else short(run, work.epochs, seconds)
    print(json.dumps(result))


def whole(run, epochs: int) -> dict:
    """The whole work, nothing left to be extrapolated."""
    seconds, errors = timed(run, epochs)
    return {"first": seconds, "first_epochs": epochs, "test_error": sum(errors) / len(errors)}


def short(run, epochs: int, seconds: float) -> dict:
    """One epoch from a cold start, then what one more costs, from about so many `seconds` of further training."""
    result = whole(run, 1)
    again, _ = timed(run, 1)
    more = min(max(math.ceil(seconds / again), 1), max(epochs - 1, 1))
    longer, _ = timed(run, 1 + more)
    return result | {"again": again, "longer": longer, "longer_epochs": 1 + more}


def timed(run, epochs: int) -> tuple[float, list[float]]:
    """Seconds that a run of so many epochs took, and its result."""
    started = time.perf_counter()
    errors = run(epochs)
    return time.perf_counter() - started, errors


if __name__ == "__main__":
    main()
