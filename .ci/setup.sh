# Sourced by ./run and ./check: makes .venv from locked wheels and finds what the system lacks.
# setup LOCKFILE: installs requirements/LOCKFILE.txt and Guanjian itself into .venv.
# need_screen, install_missing: names the system packages that are absent and installs them where it may.

venv=.venv
missing=()

say() { printf '%s\n' "$*" >&2; }

find_python() {
    local candidate
    for candidate in python3.13 python3.12 python3.11 python3; do
        if command -v "$candidate" >/dev/null && "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            printf '%s' "$candidate"
            return
        fi
    done
    say "Guanjian needs Python 3.11 or newer. On Debian or Ubuntu: sudo apt-get install python3 python3-venv"
    exit 1
}

apt_install() {
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null || ! sudo -n true 2>/dev/null; then return 1; fi
        as_root=(sudo -n)
    fi
    command -v apt-get >/dev/null || return 1
    say "Installing system packages: $*"
    "${as_root[@]}" apt-get update -qq &&
        DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

has_library() { "$venv/bin/python" -c "import ctypes, sys; ctypes.CDLL(sys.argv[1])" "$1" 2>/dev/null; }

# need_library LIBRARY PACKAGE: remembers the package when the shared library cannot be loaded.
need_library() { has_library "$1" || missing+=("$2"); }
need_command() { command -v "$1" >/dev/null || missing+=("$2"); }

# The tests start a server of their own; Debian keeps its programs beside the path.
need_postgres() { command -v initdb >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || missing+=(postgresql); }

need_screen() {
    need_library libEGL.so.1 libegl1
    need_library libGL.so.1 libgl1
    need_library libfontconfig.so.1 libfontconfig1
    need_library libdbus-1.so.3 libdbus-1-3
    need_library libxkbcommon-x11.so.0 libxkbcommon-x11-0
    need_library libxcb-cursor.so.0 libxcb-cursor0
    need_library libxcb-icccm.so.4 libxcb-icccm4
    need_library libxcb-image.so.0 libxcb-image0
    need_library libxcb-keysyms.so.1 libxcb-keysyms1
    need_library libxcb-randr.so.0 libxcb-randr0
    need_library libxcb-render-util.so.0 libxcb-render-util0
    need_library libxcb-shape.so.0 libxcb-shape0
    need_library libxcb-xkb.so.1 libxcb-xkb1
    need_library libzbar.so.0 libzbar0
    need_command fc-list fontconfig
    if ! fc-list :lang=zh 2>/dev/null | grep -q .; then missing+=(fonts-noto-cjk); fi
}

install_missing() {
    [ ${#missing[@]} -eq 0 ] && return
    if ! apt_install "${missing[@]}"; then
        say "These system packages are missing and could not be installed from here. Type:"
        say "    sudo apt-get install ${missing[*]}"
        say "Going on without them; what needs them will say so."
    fi
    missing=()
}

make_venv() {
    local python
    python=$(find_python)
    [ -x "$venv/bin/pip" ] && return
    rm -rf "$venv"
    if ! "$python" -m venv "$venv" 2>/dev/null; then
        rm -rf "$venv"
        local version
        version=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
        apt_install "$version" || apt_install python3-venv || {
            say "Python cannot make a virtual environment. Type: sudo apt-get install $version"
            exit 1
        }
        "$python" -m venv "$venv"
    fi
}

setup() {
    local lock="requirements/$1.txt" stamp
    make_venv
    stamp=$(cat "$lock" pyproject.toml | sha256sum)
    if [ "$(cat "$venv/guanjian-$1.stamp" 2>/dev/null)" != "$stamp" ]; then
        say "Setting up Guanjian in $venv (once; wheels are checked against their hashes) ..."
        "$venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r "$lock"
        "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
        printf '%s' "$stamp" >"$venv/guanjian-$1.stamp"
    fi
}

# setup_beside NAME: installs requirements/NAME.txt into .venv/NAME, where only PYTHONPATH finds it.
setup_beside() {
    local lock="requirements/$1.txt" stamp
    stamp=$(sha256sum <"$lock")
    if [ "$(cat "$venv/guanjian-$1.stamp" 2>/dev/null)" != "$stamp" ]; then
        rm -rf "${venv:?}/$1"
        "$venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes --no-deps \
            --target "$venv/$1" -r "$lock"
        printf '%s' "$stamp" >"$venv/guanjian-$1.stamp"
    fi
}
