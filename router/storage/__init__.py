"""Tables and queries on PostgreSQL. Functions take a Session and never commit."""
