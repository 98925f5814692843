"""Everything on one machine, with nothing but Python: servers, processes, six calls."""
