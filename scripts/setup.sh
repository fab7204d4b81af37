#!/usr/bin/env bash
# Brings a machine to the point where Highwater can be built and can start a database: a Rust
# toolchain and a Docker daemon that answers. Says what it does; does nothing that is done already.
#
# On Debian and Ubuntu, as root, it installs the Docker engine from the distribution's packages and
# starts it. It never installs a Rust toolchain, and elsewhere it installs nothing: it says what to
# install.
set -euo pipefail

readonly DOCKERD_LOG=/var/log/highwater-dockerd.log
readonly START_SECONDS=60

say() { printf 'setup: %s\n' "$*"; }
fail() {
    printf 'setup: %s\n' "$*" >&2
    exit 1
}

daemon_answers() { timeout 10 docker info >/dev/null 2>&1; }
is_debian() { grep -qE '^ID(_LIKE)?=.*(debian|ubuntu)' /etc/os-release 2>/dev/null; }

check_rust() {
    command -v cargo >/dev/null ||
        fail "no Rust toolchain: install one from https://rustup.rs, then run this again"
    local wanted found
    root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
    wanted="$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$root/Cargo.toml")"
    found="$(rustc --version | cut -d ' ' -f 2)"
    [ "$(printf '%s\n' "$wanted" "$found" | sort -V | head -n 1)" = "$wanted" ] ||
        fail "Rust $found is too old, $wanted is needed: run 'rustup update'"
    say "Rust $found"
}

# The client and the engine are two packages since Debian 13.
install_docker() {
    say "installing the Docker engine: apt-get install docker.io docker-cli iptables"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    local packages=(docker.io iptables ca-certificates)
    if apt-cache show docker-cli >/dev/null 2>&1; then
        packages+=(docker-cli)
    fi
    apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
}

start_docker() {
    if [ -d /run/systemd/system ]; then
        say "starting the Docker engine: systemctl start docker"
        systemctl start docker || true
    else
        say "starting the Docker engine: service docker start"
        service docker start >/dev/null 2>&1 || true
    fi
    wait_for_daemon 15 && return
    say "starting the Docker engine: dockerd in the background, its log is $DOCKERD_LOG"
    # Without systemd there may be no service; the daemon must outlive this script and its stdin.
    setsid nohup dockerd >"$DOCKERD_LOG" 2>&1 </dev/null &
    wait_for_daemon "$START_SECONDS" ||
        fail "the Docker engine does not answer; the end of $DOCKERD_LOG:
$(tail -n 10 "$DOCKERD_LOG")"
}

wait_for_daemon() {
    local end=$((SECONDS + $1))
    while [ "$SECONDS" -lt "$end" ]; do
        if daemon_answers; then return 0; fi
        sleep 0.5
    done
    return 1
}

main() {
    check_rust
    if command -v docker >/dev/null && daemon_answers; then
        say "Docker $(docker version --format '{{.Server.Version}}') answers"
        return
    fi
    local why="no Docker daemon answers"
    if command -v docker >/dev/null && [ "$(id -u)" != 0 ]; then
        fail "$why: start it, and let this user use it (group 'docker'), or run 'sudo make setup'"
    fi
    is_debian || fail "$why: install Docker for your system (https://docs.docker.com/engine/install) and start it"
    [ "$(id -u)" = 0 ] || fail "$why and installing it needs root: run 'sudo make setup'"
    say "$why"
    if ! command -v dockerd >/dev/null || ! command -v docker >/dev/null; then
        install_docker
    fi
    start_docker
    say "Docker $(docker version --format '{{.Server.Version}}') answers"
}

main "$@"
