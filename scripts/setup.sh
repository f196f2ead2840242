#!/bin/sh
# Makes .venv with Python 3.13 and exactly the packages of requirements.txt, each checked by its hash.
# Called by make when requirements.txt is newer than .venv/installed. Needs the network only when something is missing.
set -eu
cd "$(dirname "$0")/.."
wanted=$(cat .python-version)
trap 'rm -rf .bootstrap' EXIT

say() { printf 'orderloom: %s\n' "$*" >&2; }

is_wanted() { # is_wanted PROGRAM: it runs, and is the Python that we want
    "$1" -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$wanted')" 2>/dev/null
}

find_python() {
    for program in "python$wanted" python3 python "${PYENV_ROOT:-$HOME/.pyenv}/versions/$wanted".*/bin/python; do
        if is_wanted "$program"; then command -v "$program" && return; fi
    done
    return 1
}

find_uv() { # uv installs a hundred packages in seconds; it is one of them itself, so a whole .venv has it
    if [ -x .venv/bin/uv ]; then echo .venv/bin/uv && return; fi
    command -v uv
}

bootstrap_uv() { # bootstrap_uv PYTHON FOLDER: a virtual environment with uv, its hash checked against the lock
    mkdir -p "$2"
    "$1" -m venv "$2" || return 1
    awk '/^uv==/ {in_uv = 1} in_uv {print} in_uv && !/\\$/ {exit}' requirements.txt >"$2/uv.txt"
    "$2/bin/python" -m pip install -qq --disable-pip-version-check --require-hashes --no-deps -r "$2/uv.txt"
}

install_apt() { # install_apt PACKAGE…: on Debian and as root; else false
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
    say "Installing $* …"
    { apt-get install -y -qq --no-install-recommends "$@" || { apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@"; }; } >/dev/null
}

make_venv() {
    rm -rf .venv
    if python=$(find_python) && "$python" -m venv .venv 2>/dev/null; then return; fi
    rm -rf .venv
    # No Python of that version: uv brings one.
    if ! uv=$(find_uv); then
        if ! command -v python3 >/dev/null || ! python3 -c 'import ensurepip' 2>/dev/null; then
            install_apt python3 python3-venv ca-certificates || true
        fi
        bootstrap_uv python3 .bootstrap || {
            say "Python $wanted is needed, and uv to bring it: install either of them (Debian: apt-get install python3-venv)."
            exit 1
        }
        uv=.bootstrap/bin/uv
    fi
    "$uv" venv --quiet --seed --python "$wanted" .venv || {
        say "Python $wanted is needed: install it, or let uv download it."
        exit 1
    }
}

# pip's own settings of where packages come from hold for uv, too.
if [ -n "${PIP_INDEX_URL:-}" ] && [ -z "${UV_DEFAULT_INDEX:-}" ]; then export UV_DEFAULT_INDEX="$PIP_INDEX_URL"; fi
export UV_SYSTEM_CERTS="${UV_SYSTEM_CERTS:-true}" # a company's own certificates are in the system's store

if ! is_wanted .venv/bin/python; then
    say "Making .venv with Python $wanted …"
    make_venv
fi
say "Installing the packages of requirements.txt …"
if ! find_uv >/dev/null; then bootstrap_uv .venv/bin/python .venv || true; fi
if uv=$(find_uv) && "$uv" pip install --quiet --python .venv/bin/python --require-hashes -r requirements.txt; then :; else
    say "uv could not install them; trying pip."
    .venv/bin/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements.txt
fi
touch .venv/installed
