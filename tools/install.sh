# What tools/demo and tools/check share: installing Debian packages that are missing. Sourced.

# To build and run.
build_packages="gcc libc6-dev pkg-config meson ninja-build libyaml-dev libuv1-dev libmosquitto-dev libmicrohttpd-dev libcurl4-openssl-dev libsqlite3-dev liblua5.4-dev
  libical-dev ca-certificates tzdata"

# To test: unit tests and their oracles, real peers, the second compiler, the checks of the meta tests.
test_packages="libcmocka-dev libmodbus-dev libmsgpack-dev libjansson-dev libcbor-dev libnova-dev libumockdev-dev umockdev lua5.4
  mbpoll python3-pymodbus python3-serial python3-serial-asyncio
  mosquitto mosquitto-clients ow-shell owserver openssl graphviz python3-jsonschema python3-yaml
  clang libclang-rt-14-dev clang-format git"

# install_missing PACKAGE…: installs those that are not there; says so, and asks nothing.
install_missing() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' ||
      missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  echo "installing: ${missing[*]}" >&2
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
      echo "these packages are missing and need root to install: ${missing[*]}" >&2
      return 1
    }
    as_root=(sudo)
  fi
  "${as_root[@]}" apt-get update -qq &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
      apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# configure DIRECTORY OPTION…: a build directory with these options, made anew when it is broken.
configure() {
  local dir=$1
  shift
  if [ -f "$dir/build.ninja" ]; then
    meson configure "$dir" "$@" >/dev/null && return 0
    rm -rf "$dir"
  fi
  meson setup "$dir" "$@" >"$dir.log" 2>&1 || {
    rm -rf "$dir"
    cat "$dir.log" >&2
    rm -f "$dir.log"
    return 1
  }
  rm -f "$dir.log"
}
