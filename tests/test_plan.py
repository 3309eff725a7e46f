"""The plan: every network once, within cache and memory, balanced over the workers, fast."""

import time

import pandas as pd
import pytest
import torch

from overparam.architectures import alone, stacked
from overparam.data.load import digits
from overparam.data.synthetic import mnist1d
from overparam.engine import plan, sweep
from overparam.engine.settings import Settings

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def images():
    return digits()


def grid(widths, seeds, **changes):
    settings = {"n": 40, "epochs": 5, "lr": 0.1} | changes
    return [Settings(stacked.MLP(w), init_seed=s, **settings) for w in widths for s in range(seeds)]


def test_every_network_is_planned_once_longest_stack_first(images):
    nets = grid((2, 3, 50, 400), 30) + grid((2, 3), 5, epochs=9) + grid((8,), 3, dtype="bfloat16")
    nets += [Settings(alone.CNN(4), 40, 1, 0.1, init_seed=s) for s in range(2)]
    stacks = plan.plan(nets, images, CPU)
    assert sorted(i for stack in stacks for i in stack.members) == list(range(len(nets)))
    assert all(len({nets[i].signature() for i in stack.members}) == 1 for stack in stacks)
    assert max(len(stack.members) for stack in stacks) <= plan.MAX_STACK["cpu"]
    assert [s.seconds for s in stacks] == sorted((s.seconds for s in stacks), reverse=True)
    single = [s for s in stacks if isinstance(nets[s.members[0]].architecture, alone.CNN)]
    assert [len(s.members) for s in single] == [1, 1]


def test_a_stack_stays_in_the_cache(images, monkeypatch):
    nets = grid((400,), 60, dropout=0.1)  # compiled functions take one network after another
    weights = 4 * nets[0].architecture.parameters((64,), 10)
    monkeypatch.setattr(plan, "CACHE_BYTES", 5 * weights)
    assert max(len(s.members) for s in plan.plan(nets, images, CPU)) == 5


def test_neighbours_in_width_share_a_stack(images):
    nets = grid((4, 6, 300), 4, n=1000, dropout=0.1)
    stacks = plan.plan(nets, images, CPU)
    widths = [{nets[i].architecture.width for i in s.members} for s in stacks]
    assert {300} in widths
    assert not any(300 in w and len(w) > 1 for w in widths)


def test_workers_are_kept_busy(images, monkeypatch):
    monkeypatch.setattr(plan, "workers", lambda device: 4)
    stacks = plan.plan(grid((20,), 40, n=1000, epochs=500), images, CPU)
    assert len(stacks) >= 4
    assert max(s.seconds for s in stacks) < 0.3 * sum(s.seconds for s in stacks)


def test_stacks_are_cut_to_the_memory_limit_and_one_network_above_it_is_refused(images, monkeypatch):
    nets = grid((64,), 60, n=1000)
    whole = max(s.bytes for s in plan.plan(nets, images, CPU))
    monkeypatch.setattr(plan, "memory_limit", lambda device: whole // 2)
    assert max(s.bytes for s in plan.plan(nets, images, CPU)) <= whole // 2
    monkeypatch.setattr(plan, "memory_limit", lambda device: 1000)
    with pytest.raises(
        ValueError, match=r"MLP\(width=64, depth=1.*\) takes about .* GiB to train but one process may take"
    ):
        plan.plan(nets, images, CPU)


@pytest.mark.parametrize("architecture", [stacked.MLP(300), alone.Conv(4)])
def test_a_second_gradient_and_the_initial_outputs_are_paid_for(images, architecture):
    seconds = lambda **s: plan.plan([Settings(architecture, 100, 5, 0.1, loss="squared", **s)], images, CPU)[0].seconds  # noqa: E731
    assert seconds(sam=0.1) == pytest.approx(2 * seconds())
    assert seconds(output_scale=2.0) == pytest.approx(4 / 3 * seconds())


def test_one_large_network_gets_all_threads(images, monkeypatch):
    large = Settings(stacked.MLP(1000, 3), n=1000, epochs=1, lr=0.1)
    assert plan.plan([large], images, CPU)[0].threads == torch.get_num_threads()
    assert plan.plan(grid((4,), 1), images, CPU)[0].threads == 1


def test_ten_thousand_networks_are_planned_in_seconds():
    data = mnist1d()
    started = time.process_time()  # not of the other programs on a busy machine
    table = sweep.sweep(
        stacked.mlp(list(range(2, 102)), 2),
        data,
        seed=range(100),
        epochs=50,
        batch_size=100,
        lr=0.1,
        device="cpu",
        explain=True,
    )
    assert table.networks.sum() == 10_000
    assert time.process_time() - started < 10  # about 1.5 on a quiet one: what grows with the square would take minutes


def test_explain_says_what_and_why_and_trains_nothing(images):
    table = sweep.sweep(stacked.mlp([4, 8, 300]), images, n=100, epochs=10, lr=0.1, seed=range(3), explain=True)
    assert isinstance(table, pd.DataFrame)
    assert table.networks.sum() == 9
    assert {"width", "seconds", "megabytes", "threads", "device", "dtype", "why"} <= set(table.columns)
    assert table.why.str.contains("one matrix product per layer for").any()
