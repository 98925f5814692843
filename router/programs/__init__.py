"""Programs: one TOML file each, and what turns them into settings the flows and policies follow."""
