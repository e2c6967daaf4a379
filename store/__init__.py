"""The only room that knows Valkey and Postgres."""
