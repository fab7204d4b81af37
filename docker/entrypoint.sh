#!/bin/bash
# Creates the cluster on the first start, then becomes the server.
#
# Variables, as in the official image:
#   POSTGRES_PASSWORD          password of the superuser; required unless the method below is trust
#   POSTGRES_USER              name of the superuser, `postgres` unless given
#   POSTGRES_DB                database to create, named as the user unless given
#   POSTGRES_INITDB_ARGS       further words for initdb
#   POSTGRES_HOST_AUTH_METHOD  method for connections over TCP, scram-sha-256 unless given
#   PGDATA                     the data directory
# Files in /docker-entrypoint-initdb.d (*.sql, *.sh) run once, in order, in the created database.
#
# Unlike the official image there is no init-time server that listens on the final socket: the
# database is created in single-user mode, so the first server that answers is the final one.
# Only files in /docker-entrypoint-initdb.d need a server; theirs listens in a private directory.
set -Eeuo pipefail

# A first word that is an option belongs to the server.
if [ "${1:-}" = "" ] || [ "${1:0:1}" = "-" ]; then
    set -- postgres "$@"
fi
if [ "$1" != postgres ]; then
    exec "$@"
fi

PGDATA="${PGDATA:-/var/lib/postgresql/data}"
export PGDATA

if [ "$(id -u)" = 0 ]; then
    mkdir -p "$PGDATA" /var/run/postgresql
    chmod 0700 "$PGDATA"
    chmod 3775 /var/run/postgresql
    chown postgres:postgres "$PGDATA" /var/run/postgresql
    exec setpriv --reuid=postgres --regid=postgres --init-groups "${BASH_SOURCE[0]}" "$@"
fi

user="${POSTGRES_USER:-postgres}"
database="${POSTGRES_DB:-$user}"
method="${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}"

# Quotes a word as an SQL identifier.
identifier() { printf '"%s"' "${1//\"/\"\"}"; }

create_cluster() {
    if [ -z "${POSTGRES_PASSWORD:-}" ] && [ "$method" != trust ]; then
        echo "entrypoint: POSTGRES_PASSWORD is not set; pass -e POSTGRES_PASSWORD=..." >&2
        exit 1
    fi
    local words=()
    read -r -a words <<<"${POSTGRES_INITDB_ARGS:-}"
    # The password reaches initdb through a pipe and so never stands in a file or an argument.
    if [ -n "${POSTGRES_PASSWORD:-}" ]; then
        initdb --username="$user" --encoding=UTF8 --locale=C.UTF-8 \
            --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") "${words[@]}"
    else
        initdb --username="$user" --encoding=UTF8 --locale=C.UTF-8 "${words[@]}"
    fi
    printf '\nhost all all all %s\n' "$method" >>"$PGDATA/pg_hba.conf"
    sed -i "s/^#\?shared_preload_libraries.*/shared_preload_libraries = 'timescaledb'/" \
        "$PGDATA/postgresql.conf"
    sed -i "s/^#\?listen_addresses.*/listen_addresses = '*'/" "$PGDATA/postgresql.conf"
    if [ "$database" != postgres ]; then
        printf 'CREATE DATABASE %s;\n' "$(identifier "$database")" |
            postgres --single -j -c shared_preload_libraries= postgres >/dev/null
    fi
}

run_init_files() {
    local files=(/docker-entrypoint-initdb.d/*)
    [ -e "${files[0]}" ] || return 0
    local directory
    directory="$(mktemp -d)"
    pg_ctl start --wait --silent -o "-c listen_addresses='' -c unix_socket_directories='$directory'"
    local file
    for file in "${files[@]}"; do
        case "$file" in
            *.sql) psql -v ON_ERROR_STOP=1 -h "$directory" -U "$user" -d "$database" -f "$file" ;;
            *.sh) PGHOST="$directory" bash "$file" ;;
            *) echo "entrypoint: $file is neither .sql nor .sh and is ignored" ;;
        esac
    done
    pg_ctl stop --wait --silent --mode=fast
    rmdir "$directory"
}

if [ ! -s "$PGDATA/PG_VERSION" ]; then
    create_cluster
    run_init_files
fi

unset POSTGRES_PASSWORD
exec "$@"
