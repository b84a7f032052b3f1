#!/usr/bin/env bash
# Installs the Debian packages that building and testing need. Does nothing, quickly, when they are there.
set -euo pipefail

PACKAGES="clang-19 clang-tidy-19 clang-format-19 lld-19 llvm-19 libclang-rt-19-dev cmake ninja-build ccache pkg-config
  libngtcp2-dev libngtcp2-crypto-gnutls-dev libgnutls28-dev libboost1.81-dev libcurl4-openssl-dev libsodium-dev libsecp256k1-dev
  libssl-dev libsqlite3-dev nlohmann-json3-dev libcli11-dev libtomlplusplus-dev libfmt-dev librust-blake3-dev libqrencode-dev
  libgtest-dev libbenchmark-dev git python3 iproute2 strace b3sum nginx-light curl wget aria2 chromium-headless-shell ca-certificates"

missing=""
for package in $PACKAGES; do
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root() { if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi; }
printf '+ apt-get install%s\n' "$missing"
export DEBIAN_FRONTEND=noninteractive
as_root apt-get update -q
# shellcheck disable=SC2086  # a list of words
as_root apt-get install -y -q --no-install-recommends $missing
