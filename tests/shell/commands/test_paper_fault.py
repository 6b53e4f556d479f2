"""paper fault, as typed."""

from __future__ import annotations

import pytest

from tests.shell.commands.desk import Desk


def test_a_fault_is_set_as_typed_and_listed(desk: Desk) -> None:
    said = desk.type("paper fault add lose after path=/fapi/* nth=2 --csv")

    assert said.lines == ["id,fault,met,struck", "1,lose after path=/fapi/* nth=2,0,0"]
    assert desk.type("paper fault --csv").lines == said.lines


def test_words_with_spaces_go_as_one(desk: Desk) -> None:
    desk.type("paper fault add code -2010 'text=No such luck'")

    assert desk.backroom.standing[0].fault == "code -2010 text=No%20such%20luck"


def test_faults_are_cleared_one_or_all(desk: Desk) -> None:
    for line in ("clock +2s", "lag 20s", "clock -500ms"):
        desk.type(f"paper fault add {line}")

    one = desk.type("paper fault clear 2 --csv --columns fault")
    rest = desk.type("paper fault clear")

    assert (one.lines, one.err) == (["fault", "clock +2s", "clock -500ms"], "1 fault cleared\n")
    assert (rest.out, rest.err) == ("", "2 faults cleared\n")


def test_the_words_are_explained(desk: Desk) -> None:
    assert desk.type("paper fault words --csv").lines == [
        "action,value,befalls,about",
        "cut,BYTES,requests,it ends early",
    ]


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("paper fault add", "paper fault add needs a fault"),
        ("paper fault mend", "fault 'mend' is not one of add, list, clear, words"),
        ("paper fault clear x", "fault 'x' is not a whole number"),
        ("paper fault clear 1 2", "'2' is one argument too many for paper fault clear"),
        ("paper fault list 1", "'1' is one argument too many for paper fault list"),
    ],
)
def test_what_makes_no_sense_is_refused(desk: Desk, line: str, error: str) -> None:
    said = desk.type(line)

    assert (said.code, said.err.splitlines()[0]) == (2, f"error: {error}")
