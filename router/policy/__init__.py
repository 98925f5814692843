"""Pure decisions: eligibility, rosters, order, queues, dispatch. Standard library alone."""
