#!/bin/sh
# Brings both databases of Temporal to the shape of this version's server; on databases that have it nothing is done.
# The tool's own settings: SQL_PLUGIN, SQL_HOST, SQL_PORT, SQL_USER, SQL_PASSWORD (or SQL_PASSWORD_FILE).
set -eu
if [ -n "${SQL_PASSWORD_FILE:-}" ]; then
  SQL_PASSWORD=$(cat "$SQL_PASSWORD_FILE")
  export SQL_PASSWORD
fi
for pair in temporal:temporal temporal_visibility:visibility; do
  SQL_DATABASE=${pair%%:*}
  export SQL_DATABASE
  # Fails on a database that has a schema already: then only updates are due.
  temporal-sql-tool setup-schema --version 0.0 || echo "$SQL_DATABASE has a schema already"
  temporal-sql-tool update-schema --schema-name "postgresql/v12/${pair##*:}"
done
