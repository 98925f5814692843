"""The networks of the failure matrix, and the table of its cells at the end of the run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from pydantic import SecretStr

from router.config import Settings
from router.demo.seed import PROGRAM, write_external
from tests.conftest import a_database
from tests.matrix.network import Network


@pytest.fixture(scope="session")
def network_of(
    settings: Settings, servers: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[bool], Network]]:
    """A network whose 911 is a desk of ours (True) or a centre outside; made when first needed."""
    made: dict[bool, Network] = {}
    with ExitStack() as stack:

        def find(hosted: bool) -> Network:
            if hosted not in made:
                state_dir = tmp_path_factory.mktemp("matrix")
                program = PROGRAM if hosted else write_external(state_dir / "external.toml")
                url = SecretStr(stack.enter_context(a_database(servers)))
                own = settings.model_copy(update={"database_url": url})
                network = made[hosted] = Network(own, state_dir, program)
                stack.callback(network.close)
            made[hosted].clear()
            return made[hosted]

        yield find
