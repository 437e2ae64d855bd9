# shellcheck shell=bash
# For the scripts beside this one: `install_into VENV` makes or completes a virtual environment
# of this checkout with everything that its tests need, as the README has it.

install_into() {
    local venv=$1 stamp
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
    elif [ "$(cat "$venv/.installed" 2>/dev/null)" = "$stamp" ]; then
        return 0
    fi
    local pip=("$venv/bin/python" -m pip)
    "${pip[@]}" --version >/dev/null 2>&1 || pip=(python3 -m pip --python "$venv/bin/python")
    "${pip[@]}" install --quiet --disable-pip-version-check -e '.[dev]'
    printf '%s\n' "$stamp" >"$venv/.installed"
}
