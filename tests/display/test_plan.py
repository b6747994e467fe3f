from __future__ import annotations

import copy
import json
import pickle

from s3sql.display.plan_tree import PlanTree
from tests.display.markup import elements, harmless, texts

LINES = ("Limit 3", 'Project _2 AS "<b>"', "Filter _1 = '\n'", "Scan csv, columns _1")


def described(*work: tuple[int, float]) -> dict[str, object]:
    node: dict[str, object] | None = None
    for number, name in reversed(list(enumerate(("limit", "project", "filter", "scan")))):
        done = {"rows": work[number][0], "seconds": work[number][1]} if work else {}
        node = {"node": name, **done, **({} if node is None else {"source": node})}
    assert node is not None
    return node


RAN = PlanTree(described((3, 0.0), (3, 0.0005), (1234, 0.002), (10_000, 0.001)), LINES)


def test_it_is_a_dictionary() -> None:
    tree = PlanTree(described(), LINES)
    assert tree == described()
    assert json.loads(json.dumps(RAN))["source"]["rows"] == 3
    assert str(copy.copy(RAN)) == str(pickle.loads(pickle.dumps(RAN))) == str(RAN)


def test_text_before_and_after() -> None:
    assert str(PlanTree(described(), LINES)).splitlines() == [
        "Limit 3",
        '└─ Project _2 AS "<b>"',
        "   └─ Filter _1 = '\\n'",
        "      └─ Scan csv, columns _1",
    ]
    assert str(RAN).splitlines() == [
        "  rows    time",
        "     3     0 s              Limit 3",
        '     3  500 µs ███          └─ Project _2 AS "<b>"',
        " 1,234  2.0 ms ████████████    └─ Filter _1 = '\\n'",
        "10,000  1.0 ms ██████             └─ Scan csv, columns _1",
    ]


def test_explained() -> None:
    assert PlanTree(described(), LINES).explained().splitlines()[0] == "Limit 3"
    assert RAN.explained().splitlines()[-1] == "      Scan csv, columns _1 (10,000 rows, 1.0 ms)"


def test_nothing_took_any_time() -> None:
    idle = PlanTree(described(*[(0, 0.0)] * 4), LINES)
    assert "█" not in str(idle)
    assert "width" not in str([e.attributes for e in elements(idle._repr_html_()) if e.tag == "div"][2:])


def test_html() -> None:
    html = RAN._repr_html_()
    assert harmless(html)
    assert texts(html, "th") == ["stage", "rows", "time"]
    assert texts(html, "b") == ["Limit", "Project", "Filter", "Scan"]
    bars = [e.attributes["style"] for e in elements(html) if e.attributes.get("class") == "s3sql-bar"]
    assert bars == ["width: 25.0%", "width: 100.0%", "width: 50.0%"]
    before = PlanTree(described(), LINES)._repr_html_()
    assert texts(before, "th") == ["stage"]
    assert "Filter" in texts(before, "b")
