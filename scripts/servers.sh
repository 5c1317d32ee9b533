#!/usr/bin/env bash
# The lie this prevents: "every store was tested", said of a run in which a server did not answer.
# It starts PostgreSQL, MariaDB and Redis on loopback, those of them that are installed and do not answer already, and says of each what it found. It
# installs nothing, unless --install is given (Debian, as root), and stops nothing.
# Seen to fail: with a port that another program holds, and with a server that is not installed. Exit 1 when one of the three does not answer.
set -uo pipefail

# Not whether something listens there: whether it is that server.
answers() {
  case $1 in
    5432) pg_isready -q -h 127.0.0.1 -p 5432 ;;
    3306) mariadb-admin --host=127.0.0.1 --user=root --connect-timeout=2 ping ;;
    6379) [ "$(redis-cli -h 127.0.0.1 ping)" = PONG ] ;;
  esac >/dev/null 2>&1
}

# A server that was started answers a moment later; a minute is for a slow disk.
wait_for() {
  for _ in $(seq 1 240); do
    answers "$1" && return 0
    sleep 0.25
  done
  return 1
}

install_missing() {
  local packages=()
  command -v pg_ctlcluster >/dev/null || packages+=(postgresql)
  command -v mariadbd >/dev/null || packages+=(mariadb-server)
  command -v redis-server >/dev/null || packages+=(redis-server)
  # Started by the test that is about it, not here.
  command -v pgbouncer >/dev/null || packages+=(pgbouncer)
  [ "${#packages[@]}" -eq 0 ] && return 0
  echo "installing ${packages[*]} with apt-get"
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${packages[@]}" >/dev/null
}

start_postgres() {
  local version
  version=$(find /etc/postgresql -mindepth 1 -maxdepth 1 -printf '%f\n' 2>/dev/null | sort -V | tail -n 1)
  [ -n "$version" ] && pg_ctlcluster --skip-systemctl-redirect "$version" main start
}

start_mariadb() {
  command -v mariadbd >/dev/null || return 1
  install -d -o mysql -g mysql /run/mysqld
  start-stop-daemon --start --oknodo --background --exec "$(command -v mariadbd)"
}

start_redis() {
  command -v redis-server >/dev/null && redis-server --daemonize yes --bind 127.0.0.1 --port 6379 --save '' --appendonly no >/dev/null
}

missing=0
ensure() {
  local name=$1 port=$2 start=$3
  if answers "$port"; then
    echo "$name answers on 127.0.0.1:$port"
  elif "$start" && wait_for "$port"; then
    echo "$name was started and answers on 127.0.0.1:$port"
  else
    echo "$name does not answer on 127.0.0.1:$port: its tests will be skipped, or fail where CI=true" >&2
    missing=1
  fi
}

[ "${1:-}" = --install ] && install_missing
ensure PostgreSQL 5432 start_postgres
ensure MariaDB 3306 start_mariadb
ensure Redis 6379 start_redis
exit "$missing"
