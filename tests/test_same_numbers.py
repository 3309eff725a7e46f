"""Two builds are compared number by number."""

import json

import pytest

import same_numbers

RECORD = {
    "id": "old/name",
    "verdict": "supported",
    "statement": "It is so.",
    "interval": [0.1, 0.2],
    "estimates": {"gain": [0.1, 0.2]},
}


@pytest.fixture
def compare(tmp_path, monkeypatch, capsys):
    """Compare RECORD with a changed one: (exit status, what was said)."""
    monkeypatch.setattr(same_numbers.protocols, "entries", lambda: [{"id": "name", "formerly": ["old/name"]}])

    def compare(**changes):
        for folder, record in (("before", RECORD), ("after", RECORD | {"id": "name"} | changes)):
            (tmp_path / folder).mkdir(exist_ok=True)
            (tmp_path / folder / "chapter.json").write_text(json.dumps([record]), encoding="utf-8")
        status = same_numbers.main([str(tmp_path / "before"), str(tmp_path / "after")])
        return status, capsys.readouterr().out

    return compare


def test_rounding_and_words_do_not_count(compare):
    changes = {"interval": [0.1 + 1e-12, 0.2], "statement": "So it is."}
    assert compare(**changes) == (0, "1 of 1 claims have the same numbers\n")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"interval": [0.1001, 0.2]}, "name: interval: 0: 0.1 before, 0.1001 after"),
        ({"verdict": "contradicted"}, "name: verdict: supported before, contradicted after"),
        ({"estimates": {"gain": [0.1, 0.3]}}, "name: estimates: gain: 1: 0.2 before, 0.3 after"),
        ({"estimates": {"gain": []}}, "name: estimates: gain: "),
    ],
)
def test_a_number_that_changed_is_named(compare, changes, said):
    status, text = compare(**changes)
    assert status == 1
    assert said in text
    assert text.endswith("0 of 1 claims have the same numbers\n")


def test_builds_without_a_common_claim_are_not_called_the_same(compare):
    status, text = compare(id="another")
    assert status == 1
    assert text == "another is only after\nname is only before\n0 of 0 claims have the same numbers\n"
