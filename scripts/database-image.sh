#!/usr/bin/env bash
# Makes sure that an image of the database is on this machine: the public one if it is there, the
# built one if that is there, else the public one by a pull, else the built one by a build.
# HIGHWATER_IMAGE names another one, which must be there or be pulled.
set -euo pipefail

readonly PUBLIC=timescale/timescaledb:2.24.0-pg17
readonly BUILT=highwater/timescaledb:2.19-pg17
directory="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"

say() { printf 'database image: %s\n' "$*"; }
has_image() { docker image inspect "$1" >/dev/null 2>&1; }

pull() {
    say "pulling $1"
    local cause
    if cause="$(docker pull -q "$1" 2>&1 >/dev/null)"; then return 0; fi
    say "$1 cannot be pulled: $cause"
    return 1
}

wanted="${HIGHWATER_IMAGE:-$PUBLIC}"
if has_image "$wanted"; then
    say "$wanted is here"
elif [ -n "${HIGHWATER_IMAGE:-}" ]; then
    pull "$wanted" || { [ "$wanted" = "$BUILT" ] && "$directory/image.sh"; }
elif has_image "$BUILT"; then
    say "$BUILT is here"
else
    pull "$wanted" || "$directory/image.sh"
fi
