# shellcheck shell=bash
# For the scripts beside this one: a program of Debian's packages, unpacked into a cache, not installed.

# debian_program PROGRAM PATH PACKAGE...: print where it is, the one on PATH first; PATH is its place in
# the first package. Exit code 75 where it cannot be had.
debian_program() {
    local program=$1 path=$2 cache=${XDG_CACHE_HOME:-$HOME/.cache}/chirodb/$1
    shift 2
    if command -v "$program"; then return 0; fi
    if [ ! -x "$cache/$path" ]; then
        mkdir -p "$(dirname "$cache")"
        local new
        new=$(mktemp -d "$cache.XXXXXX")
        # shellcheck disable=SC2064  # its name as it is now
        trap "rm -rf '$new'" EXIT
        cd "$new"
        if ! timeout 120 apt-get download -qq "$@" >apt.log 2>&1; then
            timeout 300 apt-get update -qq >>apt.log 2>&1 || true
            timeout 120 apt-get download -qq "$@" >>apt.log 2>&1 || {
                echo "$program: cannot be had: $(tail -n 1 apt.log)" >&2
                exit 75
            }
        fi
        local archive
        for archive in ./*.deb; do dpkg-deb -x "$archive" .; done
        rm -f ./*.deb apt.log
        [ -e "$cache" ] || mv "$new" "$cache"
    fi
    echo "$cache/$path"
}
