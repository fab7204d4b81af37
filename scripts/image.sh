#!/usr/bin/env bash
# Builds highwater/timescaledb:2.19-pg17: PostgreSQL 17 with TimescaleDB 2.19 (Apache edition) from
# Debian 13's packages. Does nothing when the image exists; `scripts/image.sh --force` builds anew.
#
# The base is debian:trixie-slim where Docker Hub answers within PULL_SECONDS (20 unless set);
# elsewhere debootstrap makes one, from the Debian mirror that this machine's apt uses.
set -euo pipefail

readonly IMAGE=highwater/timescaledb:2.19-pg17
readonly LOCAL_BASE=highwater/debian:trixie
readonly HUB_BASE=debian:trixie-slim
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"

say() { printf 'image: %s\n' "$*"; }
fail() {
    printf 'image: %s\n' "$*" >&2
    exit 1
}
has_image() { docker image inspect "$1" >/dev/null 2>&1; }

# The first Debian mirror that apt is configured with; Debian's own default elsewhere.
mirror() {
    local found=""
    if [ -r /etc/os-release ] && grep -q '^ID=debian' /etc/os-release; then
        found="$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
            grep -E '/debian/?$' | head -n 1 || true)"
    fi
    printf '%s\n' "${found:-http://deb.debian.org/debian/}"
}

make_local_base() {
    [ "$(id -u)" = 0 ] || fail "debootstrap needs root: run 'sudo make image'"
    if ! command -v debootstrap >/dev/null; then
        command -v apt-get >/dev/null ||
            fail "Docker Hub cannot be reached and debootstrap is missing: install debootstrap"
        say "installing debootstrap"
        apt-get update -qq
        apt-get install -y -qq --no-install-recommends debootstrap
    fi
    local directory
    directory="$(mktemp -d)"
    # Expanded now, on purpose: the local variable is gone when the trap runs.
    # shellcheck disable=SC2064
    trap "rm -rf '$directory'" EXIT
    say "debootstrap of Debian 13 from $1 (about 1 minute)"
    debootstrap --variant=minbase trixie "$directory/root" "$1" >"$directory/log" 2>&1 ||
        { tail -n 20 "$directory/log" >&2; fail "debootstrap failed"; }
    rm -rf "$directory/root/var/cache/apt/archives" "$directory/root/var/lib/apt/lists"
    mkdir -p "$directory/root/var/cache/apt/archives/partial" "$directory/root/var/lib/apt/lists/partial"
    tar -C "$directory/root" --numeric-owner -c . | docker import - "$LOCAL_BASE" >/dev/null
    rm -rf "$directory"
    trap - EXIT
}

main() {
    docker info >/dev/null 2>&1 || fail "no Docker daemon answers: run 'make setup'"
    if has_image "$IMAGE" && [ "${1:-}" != --force ]; then
        say "$IMAGE exists"
        return
    fi
    local started=$SECONDS base="" from
    from="$(mirror)"
    if has_image "$LOCAL_BASE"; then
        base=$LOCAL_BASE
    elif has_image "$HUB_BASE" || timeout "${PULL_SECONDS:-20}" docker pull -q "$HUB_BASE" 2>/dev/null; then
        base=$HUB_BASE
    else
        say "$HUB_BASE cannot be pulled"
        make_local_base "$from"
        base=$LOCAL_BASE
    fi
    say "building $IMAGE on $base"
    # The host's network: a name server on the host's loopback is of no use to a bridge network.
    DOCKER_BUILDKIT=0 docker build --network host --build-arg "BASE=$base" \
        --build-arg "DEBIAN_MIRROR=$from" --tag "$IMAGE" "$root/docker"
    say "$IMAGE is ready after $((SECONDS - started)) s"
}

main "$@"
