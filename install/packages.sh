# shellcheck shell=bash disable=SC2034
# Sourced by install/setup and tests/run: the Debian packages each of them needs, and how to get them.

build_packages=(g++ cmake make ninja-build pkg-config libcurl4-openssl-dev libssl-dev libpugixml-dev libboost-dev
                libcli11-dev libfmt-dev nlohmann-json3-dev libexpected-dev)
demo_packages=(python3 openssl)
test_packages=(libgtest-dev python3 python3-jsonschema openssl nftables iptables ipset ufw nmap iproute2 util-linux
               libxml2-utils dpkg-dev file rpm lintian rpmlint systemd debootstrap g++-11 python3-yaml groff-base mandoc zsh
               fish)

is_installed() {
    [ "$(dpkg-query -W -f '${db:Status-Abbrev}' "$1" 2>/dev/null)" = "ii " ]
}

# need_packages NAME...: installs those that are missing; fails, naming them, where that is not possible.
need_packages() {
    local missing=() package as_root=()
    for package in "$@"; do
        is_installed "$package" || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return 0
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null; then
            echo "missing packages: as root, run: apt-get install ${missing[*]}" >&2
            return 1
        fi
        as_root=(sudo)
    fi
    echo "installing ${missing[*]}"
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" \
        >/dev/null
}
