#!/bin/bash
# Run once by PostgreSQL's image, in a database that was just made: an owner each for what Roomlog and the schema
# registry keep. Neither may more than its own database.
set -euo pipefail

# make_database NAME: owned by a role of that name, whose password is the secret NAME_password.
make_database() {
    psql -v ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres \
        -v role="$1" -v password="$(cat "/run/secrets/$2")" <<-'SQL'
	CREATE ROLE :"role" LOGIN PASSWORD :'password';
	CREATE DATABASE :"role" OWNER :"role";
	REVOKE ALL ON DATABASE :"role" FROM PUBLIC;
	SQL
}

make_database roomlog postgres_password
make_database registry registry_password
