-- The one database of an embedded cluster; run once, connected to `postgres`.
CREATE DATABASE ronda;
