#!/bin/sh
# Run once by the PostgreSQL image, on an empty volume: a role and databases each for Temporal and for Vesper.
set -eu
psql -v ON_ERROR_STOP=1 -v temporal="$(cat /run/secrets/temporal_password)" -v vesper="$(cat /run/secrets/vesper_password)" \
  --username "$POSTGRES_USER" --dbname postgres <<'SQL'
create role temporal login password :'temporal';
create role vesper login password :'vesper';
create database temporal owner temporal;
create database temporal_visibility owner temporal;
create database vesper owner vesper;
SQL
