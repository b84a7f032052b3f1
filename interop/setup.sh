#!/usr/bin/env bash
# Installs the programs others wrote that ./dev interop runs against: setup.sh [npm|sendme|peer|http|s3|cashu|all]...
# cashu is redis, cashu_ts, nutshell, cdk_mintd and linked (the fake Lightning that joins two mints), each a word too.
# Everything lands in $ARCHIPELAGO_CACHE/interop, keyed by version; a second run is quick.
# Exit 3 with one line when a part could not be had.
set -euo pipefail

IROH_NPM_VERSION=1.1.0
NODE_NPM_VERSION=22.23.3
NODE_NEEDED=20.3
SENDME_VERSION=0.34.0
VERSITYGW_VERSION=1.8.0
NUTSHELL_VERSION=0.20.3
CASHU_TS_VERSION=4.8.0
CASHU_TS_NODE_NEEDED=22.4
CDK_MINTD_VERSION=0.17.5
GO_NEEDED=1.25

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${ARCHIPELAGO_CACHE:-$HOME/.cache/archipelago}/interop
logs=$cache/logs
mkdir -p "$logs"

missing() { # part, reason
  echo "interop setup: $1 could not be had: $2" >&2
  exit 3
}

run_logged() { # name, command...: output goes to a log file only
  local name=$1
  shift
  echo "\$ $*"
  "$@" >"$logs/$name.log" 2>&1
}

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }

apt_install() { # package...
  command -v apt-get >/dev/null || return 1
  run_logged "apt-$1" as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y --no-install-recommends "$@" && return 0
  run_logged apt-update as_root apt-get update || return 1
  run_logged "apt-$1" as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y --no-install-recommends "$@"
}

node_is_enough() { # path of a node, version needed
  "$1" -e 'const [a, b] = process.versions.node.split(".").map(Number);
    const [c, d] = process.argv[1].split(".").map(Number);
    process.exit(a > c || (a === c && b >= d) ? 0 : 1)' "$2" 2>/dev/null
}

setup_npm() {
  local prefix=$cache/npm-$IROH_NPM_VERSION
  if [ ! -e "$prefix/.done" ]; then
    command -v npm >/dev/null || apt_install npm || missing npm "no npm and apt-get has none"
    mkdir -p "$prefix"
    local packages=("@number0/iroh@$IROH_NPM_VERSION")
    local node
    node=$(command -v node || true)
    if [ -z "$node" ] || ! node_is_enough "$node" "$NODE_NEEDED"; then
      packages+=("node@$NODE_NPM_VERSION")
    fi
    run_logged npm npm install --no-audit --no-fund --ignore-scripts=false \
      --prefix "$prefix" "${packages[@]}" || missing npm "npm install failed, see $logs/npm.log"
    if [ -x "$prefix/node_modules/node/bin/node" ]; then
      node=$prefix/node_modules/node/bin/node
    fi
    ln -sfn "$node" "$prefix/node"
    (cd "$prefix" && ./node --no-deprecation -e 'require("@number0/iroh").SecretKey.generate()') ||
      missing npm "the installed package does not load"
    touch "$prefix/.done"
  fi
  echo "npm     $prefix"
}

cargo_bin=
find_cargo() { # part
  [ -z "$cargo_bin" ] || return 0
  local candidate
  for candidate in "$HOME/.cargo/bin/cargo" "$(command -v cargo || true)" /usr/bin/cargo; do
    if [ -n "$candidate" ] && cargo_is_enough "$candidate"; then
      cargo_bin=$candidate
      return 0
    fi
  done
  apt_install rustc-web cargo-web || missing "$1" "no cargo and apt-get has no rustc-web, cargo-web"
  if cargo_is_enough /usr/bin/cargo; then
    cargo_bin=/usr/bin/cargo
    export RUSTC=/usr/bin/rustc # an older one may come first in PATH
    return 0
  fi
  missing "$1" "no cargo of version 1.91 or newer"
}

cargo_is_enough() {
  local version
  version=$("$1" --version 2>/dev/null | sed -n 's/^cargo \([0-9]*\)\.\([0-9]*\).*/\1 \2/p')
  [ -n "$version" ] || return 1
  # shellcheck disable=SC2086
  set -- $version
  [ "$1" -gt 1 ] || [ "$2" -ge 91 ]
}

setup_sendme() {
  local root=$cache/sendme-$SENDME_VERSION
  if [ ! -x "$root/bin/sendme" ]; then
    find_cargo sendme
    run_logged sendme env CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
      nice -n 10 "$cargo_bin" install sendme --version "$SENDME_VERSION" --locked --root "$root" ||
      missing sendme "cargo install failed, see $logs/sendme.log"
  fi
  echo "sendme  $root/bin/sendme"
}

setup_peer() {
  local bin
  bin=$("$here/peer_path.py")
  if [ ! -x "$bin" ]; then
    find_cargo peer
    run_logged peer env CARGO_TARGET_DIR="$cache/peer-target" nice -n 10 "$cargo_bin" build \
      --release --locked --manifest-path "$here/rust_peer/Cargo.toml" ||
      missing peer "cargo build failed, see $logs/peer.log"
    install -D "$cache/peer-target/release/archy-peer" "$bin"
  fi
  echo "peer    $bin"
}

setup_http() {
  local program packages=()
  for program in curl:curl wget:wget aria2c:aria2 ffmpeg:ffmpeg chromium-headless-shell:chromium-headless-shell; do
    command -v "${program%:*}" >/dev/null || packages+=("${program#*:}")
  done
  [ ${#packages[@]} -eq 0 ] || apt_install "${packages[@]}" || missing http "apt-get has not all of: ${packages[*]}"
  echo "http    curl wget aria2c ffmpeg chromium-headless-shell"
}

go_is_enough() { # path of a go
  local version
  version=$("$1" env GOVERSION 2>/dev/null) || return 1
  printf 'go%s\n%s\n' "$GO_NEEDED" "$version" | sort -V -C
}

# Debian 12's Go is too old to build it and cannot fetch a newer one.
setup_s3() {
  local root=$cache/versitygw-$VERSITYGW_VERSION candidate
  if [ ! -x "$root/versitygw" ]; then
    for candidate in "$(command -v go || true)" /usr/local/go/bin/go; do
      if [ -n "$candidate" ] && go_is_enough "$candidate"; then
        run_logged s3 env GOBIN="$root" nice -n 10 "$candidate" install \
          "github.com/versity/versitygw/cmd/versitygw@v$VERSITYGW_VERSION" ||
          missing s3 "go install failed, see $logs/s3.log"
        break
      fi
    done
    [ -x "$root/versitygw" ] || missing s3 "no Go of version $GO_NEEDED or newer"
  fi
  echo "s3      $root/versitygw"
}

# Each of the five is worth having without the others.
setup_cashu() {
  local lacking=0 program
  for program in redis cashu_ts nutshell cdk_mintd linked; do
    ("setup_$program") || lacking=3
  done
  return $lacking
}

setup_nutshell() {
  local prefix=$cache/nutshell-$NUTSHELL_VERSION requirements=$here/nutshell_requirements.txt
  if ! cmp -s "$requirements" "$prefix/.done"; then
    rm -rf "$prefix"
    run_logged nutshell-venv python3 -m venv "$prefix" ||
      { apt_install python3-venv && run_logged nutshell-venv python3 -m venv "$prefix"; } ||
      missing nutshell "no python3-venv, see $logs/nutshell-venv.log"
    run_logged nutshell nice -n 10 "$prefix/bin/python" -m pip install --no-deps -r "$requirements" ||
      missing nutshell "pip install failed, see $logs/nutshell.log"
    (cd "$prefix" && env HOME="$prefix" bin/python -c 'import cashu.core.settings, coincurve') ||
      missing nutshell "the installed package does not load"
    ln -sfn mint "$prefix/bin/ready-mint"
    cp "$requirements" "$prefix/.done"
  fi
  echo "nutshell $prefix/bin/mint"
}

setup_cashu_ts() {
  local prefix=$cache/cashu-ts-$CASHU_TS_VERSION node
  if [ ! -e "$prefix/.done" ]; then
    command -v npm >/dev/null || apt_install npm || missing cashu-ts "no npm and apt-get has none"
    mkdir -p "$prefix"
    cp "$here"/cashu_npm/package*.json "$prefix"
    run_logged cashu-ts npm ci --no-audit --no-fund --ignore-scripts --prefix "$prefix" ||
      missing cashu-ts "npm ci failed, see $logs/cashu-ts.log"
    node=$(command -v node || true)
    if [ -z "$node" ] || ! node_is_enough "$node" "$CASHU_TS_NODE_NEEDED"; then
      run_logged cashu-ts-node npm install --no-audit --no-fund --ignore-scripts=false \
        --prefix "$prefix/runtime" "node@$NODE_NPM_VERSION" ||
        missing cashu-ts "no node of version $CASHU_TS_NODE_NEEDED or newer, see $logs/cashu-ts-node.log"
      node=$prefix/runtime/node_modules/node/bin/node
    fi
    (cd "$prefix" && "$node" -e 'import("@cashu/cashu-ts").then(m => new m.Wallet("http://127.0.0.1"))') ||
      missing cashu-ts "the installed package does not load"
    ln -sfn "$node" "$prefix/node"
    touch "$prefix/.done"
  fi
  echo "cashu-ts $prefix"
}

# Debian's redis-tools holds the whole server under another name; redis-server would start a service.
setup_redis() {
  local server
  server=$(command -v redis-server || true)
  if [ -z "$server" ]; then
    [ -x /usr/bin/redis-check-rdb ] || apt_install redis-tools || missing redis "apt-get has no redis-tools"
    server=/usr/bin/redis-check-rdb
  fi
  mkdir -p "$cache/redis"
  ln -sfn "$server" "$cache/redis/redis-server"
  "$cache/redis/redis-server" --version | grep -q '^Redis server' || missing redis "$server is no server"
  echo "redis   $server"
}

setup_cdk_mintd() {
  local root=$cache/cdk-mintd-$CDK_MINTD_VERSION-grpc # one of before has no payment processor
  if [ ! -x "$root/bin/cdk-mintd" ]; then
    find_cargo cdk-mintd
    command -v protoc >/dev/null || apt_install protobuf-compiler || # its build calls it, whatever the features
      missing cdk-mintd "apt-get has no protobuf-compiler"
    run_logged cdk-mintd env CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
      CARGO_PROFILE_RELEASE_OPT_LEVEL=1 nice -n 10 "$cargo_bin" install cdk-mintd \
      --version "$CDK_MINTD_VERSION" --locked --no-default-features \
      --features fakewallet,sqlite,management-rpc,grpc-processor --root "$root" ||
      missing cdk-mintd "cargo install failed, see $logs/cdk-mintd.log"
  fi
  echo "cdk     $root/bin/cdk-mintd"
}

# What CDK's mints need to be joined by linked_lightning.py. The .proto file is the one in the crate that cargo keeps.
setup_linked() {
  local prefix=$cache/linked-$CDK_MINTD_VERSION requirements=$here/linked_requirements.txt
  local crate=cdk-payment-processor-$CDK_MINTD_VERSION registry=${CARGO_HOME:-$HOME/.cargo}/registry/src proto
  if ! cmp -s "$requirements" "$prefix/.done"; then
    rm -rf "$prefix"
    find_cargo linked # cargo info downloads the crate
    run_logged linked-crate "$cargo_bin" info "${crate%-*}@$CDK_MINTD_VERSION" ||
      missing linked "cargo has no $crate, see $logs/linked-crate.log"
    proto=$(find "$registry" -path "*/$crate/src/proto/payment_processor.proto" | head -1)
    [ -n "$proto" ] || missing linked "no payment_processor.proto in the source of $crate"
    run_logged linked-venv python3 -m venv "$prefix" ||
      { apt_install python3-venv && run_logged linked-venv python3 -m venv "$prefix"; } ||
      missing linked "no python3-venv, see $logs/linked-venv.log"
    run_logged linked nice -n 10 "$prefix/bin/python" -m pip install --no-deps -r "$requirements" ||
      missing linked "pip install failed, see $logs/linked.log"
    mkdir -p "$prefix/stubs"
    run_logged linked-stubs "$prefix/bin/python" -m grpc_tools.protoc -I "$(dirname "$proto")" \
      --python_out="$prefix/stubs" --grpc_python_out="$prefix/stubs" "$proto" ||
      missing linked "the stubs could not be made, see $logs/linked-stubs.log"
    (cd "$here" && "$prefix/bin/python" -B -c 'import linked_lightning') ||
      missing linked "the installed packages do not load"
    ln -sfn python "$prefix/bin/ready-python"
    cp "$requirements" "$prefix/.done"
  fi
  echo "linked  $prefix"
}

# Words may come as one argument ("npm peer").
# shellcheck disable=SC2068
set -- $@
[ $# -gt 0 ] || set -- all
[ "$*" != all ] || set -- npm peer sendme http s3 cashu
lacking=0
for part in "$@"; do
  case $part in
    npm | sendme | peer | http | s3 | cashu | redis | cashu_ts | nutshell | cdk_mintd | linked) ("setup_$part") || lacking=1 ;;
    *)
      echo "usage: setup.sh [npm|sendme|peer|http|s3|cashu|all]..." >&2
      exit 2
      ;;
  esac
done
[ "$lacking" = 0 ] || exit 3
