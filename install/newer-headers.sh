# shellcheck shell=bash
# Sourced by install/build-on-ubuntu.

# newer_headers FOLDER MIRROR SUITE COMPONENT PACKAGE...: unpacks packages of a later release of this distribution into the
# folder, and installs nothing: they must be of headers only. apt fetches them, and checks them with the keys it trusts
# already; its own lists and sources are not touched.
newer_headers() {
    local folder=$1 mirror=$2 suite=$3 component=$4
    shift 4
    mkdir -p "$folder"
    local absolute
    absolute=$(cd "$folder" && pwd)
    local apt=$absolute/apt
    mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
    echo "deb $mirror $suite $component" >"$apt/sources.list"
    local settings=(-o "Dir::Etc::SourceList=$apt/sources.list" -o "Dir::Etc::SourceParts=-" -o "Dir::State::Lists=$apt/lists"
                    -o "Dir::Cache=$apt/cache" -o "APT::Sandbox::User=root" -o "Debug::NoLocking=1")
    apt-get "${settings[@]}" -qq update
    local package
    for package in "$@"; do
        (cd "$apt" && apt-get "${settings[@]}" -qq download "$package")
        dpkg-deb -x "$apt/$package"_*.deb "$absolute"
    done
}
