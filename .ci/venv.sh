# shellcheck shell=bash
# For the scripts beside this one, which run from the top of the checkout.

# choose_venv: set `venv` to .venv of the checkout, or CHIRODB_VENV; where that cannot be written,
# to one in the user's cache.
choose_venv() {
    venv=${CHIRODB_VENV:-$PWD/.venv}
    if [ ! -w "$([ -e "$venv" ] && echo "$venv" || dirname "$venv")" ]; then
        venv=${XDG_CACHE_HOME:-$HOME/.cache}/chirodb/venv-$(pwd -P | cksum | cut -d ' ' -f 1)
        mkdir -p "$(dirname "$venv")"
    fi
}

# install_into VENV EXTRA: make or complete a virtual environment of this checkout with the extra
# `embedded` (what a user needs) or `dev` (what the tests need; it has the other one too).
install_into() {
    local venv=$1 extra=$2 stamp
    stamp=$(pwd -P && cat pyproject.toml)
    if ! "$venv/bin/python" -c '' 2>/dev/null; then
        python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
            echo "chirodb needs Python 3.11 or newer; python3 is $(python3 --version 2>&1)" >&2
            return 1
        }
        if python3 -c 'import ensurepip' 2>/dev/null; then
            python3 -m venv --clear "$venv"
        else # which some distributions leave out: the pip outside serves
            python3 -m venv --clear --without-pip "$venv"
        fi
    elif [ "$(cat "$venv/.installed-$extra" 2>/dev/null)" = "$stamp" ]; then
        return 0
    fi
    local pip=("$venv/bin/python" -m pip)
    "${pip[@]}" --version >/dev/null 2>&1 || pip=(python3 -m pip --python "$venv/bin/python")
    "${pip[@]}" install --quiet --disable-pip-version-check -e ".[$extra]"
    printf '%s\n' "$stamp" >"$venv/.installed-$extra"
    [ "$extra" != dev ] || printf '%s\n' "$stamp" >"$venv/.installed-embedded"
}
