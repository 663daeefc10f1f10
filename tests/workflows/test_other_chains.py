"""Where several chains lead through a transcoder, its report tells how good each is."""

from pathlib import Path

from tests.tiny_world import write_tiny_world
from tests.workflows.conftest import tiny_config
from transcoder.workflows import train

SECOND_SINK = """  C.english:
    type: decoder
    source: logits<Cleo>
    target: text<en>
    entry_point: transcoder.oracles:GreedyDecoder
    version: "1"
    parameters: {alphabet: abcdefghijklmnopqrstuvwxyz}
dataset_types:
"""


def test_every_judged_chain_is_told_in_the_report(tmp_path: Path) -> None:
    world = write_tiny_world(tmp_path / "world")
    text = world.read_text("utf-8").replace("dataset_types:\n", SECOND_SINK, 1)
    world.write_text(text, "utf-8")
    result = train(tiny_config(tmp_path))
    assert result is not None
    (report,) = tmp_path.glob("registry/runs/*/report.md")
    _, _, told = report.read_text("utf-8").partition("## Every judged chain\n")
    first, second = [x.split(" | ") for x in told.splitlines() if " to " in x][:2]
    assert [each[0].partition(":")[0] for each in (first, second)] == [
        "| english to english",
        "| english to german",
    ]
    assert [each[2].partition(" ")[0] for each in (first, second)] == ["1.000", "1.000"]
    assert all("[" in each[3] for each in (first, second))
