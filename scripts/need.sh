#!/bin/sh
# need.sh PROGRAM[=PACKAGE]…: makes sure that these programs are there. On Debian and as root by apt, else by saying what to install.
set -eu
missing=""
for program in "$@"; do
    command -v "${program%%=*}" >/dev/null || missing="$missing ${program#*=}"
done
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "orderloom: Installing$missing …" >&2
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2086 # a list of packages
    { apt-get install -y -qq --no-install-recommends $missing || { apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing; }; } >/dev/null
else
    echo "orderloom: Please install$missing (Debian: sudo apt-get install$missing)." >&2
    exit 1
fi
