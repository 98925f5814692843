"""TR2, TR4: what a program may say about transfers, and where it is wrong."""

from __future__ import annotations

import pytest

from router.programs.reading import EXAMPLES, ProgramFileError, read_file, read_text, to_program

AUSTIN = (EXAMPLES / "austin.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["austin", "phoenix", "durham"])
def test_tr2_every_shipped_program_names_whom_a_caller_can_be_transferred_to(name: str) -> None:
    program = to_program(read_file(EXAMPLES / f"{name}.toml"), 1)
    assert {"desk:supervisors", "directory:interpreter", "team"} <= set(
        program.transfers.targets.values()
    )
    assert program.directory["interpreter"].is_helper
    assert program.desks["supervisors"].role == "supervisor"


@pytest.mark.parametrize(
    ("usual", "wrong", "said"),
    [
        ('2 = "desk:supervisors"', '2 = "desk:nobody"', 'names "nobody", which is not among'),
        ('5 = "directory:warm_line"', '5 = "directory:x"', "which is not in the directory"),
        ('6 = "team"', '6 = "desk:911"', "which key 3 stands for"),
        ('6 = "team"', '6 = "+15125550199"', 'should be "desk:NAME"'),
        ('6 = "team"', '9 = "team"', "should be a key from 1 to 7"),
        ('number = "+15125550127"', 'number = "+15125550100"', 'is our own line "direct"'),
    ],
)
def test_tr2_a_target_that_leads_nowhere_is_a_fault_with_its_line(
    usual: str, wrong: str, said: str
) -> None:
    assert usual in AUSTIN
    with pytest.raises(ProgramFileError) as refused:
        read_text(AUSTIN.replace(usual, wrong), "wrong.toml")
    assert said in str(refused.value)
    assert "line " in str(refused.value)
