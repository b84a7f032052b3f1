#include "app/data_dir.hpp"

#include <fmt/core.h>

#include <array>
#include <cstdlib>

#include "base/hex.hpp"
#include "rt/whole_file.hpp"

namespace archy::app {
namespace {

constexpr std::string_view kFolders[] = {"", "keys", "db", "blobs", "tmp", "run"};

Result<crypto::Ed25519Seed> read_key(rt::Files& files, const rt::Path& path) {
  TRY(file, files.open(path, rt::Open::read));
  std::array<std::uint8_t, 80> text{};
  TRY(length, file->read_at(0, text));
  std::string_view hex = as_text(ByteView(text).first(length));
  while (hex.ends_with('\n')) hex.remove_suffix(1);
  std::array<std::uint8_t, 32> seed{};
  if (!from_hex_into(hex, seed)) {
    return fail(Code::corrupt, fmt::format("{} is not 64 hex digits", path.string()));
  }
  return crypto::Ed25519Seed(seed);
}

}  // namespace

Result<DataDir> DataDir::open(rt::Files& files, rt::Random& random, rt::Path root, Create create) {
  const bool exists = files.kind(root).has_value();
  if (!exists && create == Create::never) {
    return fail(Code::not_found,
                fmt::format("no data directory at {} (archipelago init makes one)", root.string()));
  }
  for (std::string_view folder : kFolders) {
    auto made = files.make_directories(root / folder);
    if (!made) return fail_in(fmt::format("data directory {}", root.string()), made.error());
  }
  auto lock = files.lock(root / "run" / "lock");
  if (!lock) {
    if (lock.error().code != Code::locked) return fail_in("data directory", lock.error());
    return fail(Code::locked,
                fmt::format("another archipelago uses {}; stop it first", root.string()));
  }
  const rt::Path key = root / "keys" / "endpoint.key";
  if (!files.kind(key)) {
    // A store without its key: the identity was lost, and making a new one silently would break
    // every ticket.
    if (files.kind(root / "db" / "store.db")) {
      return fail(
          Code::corrupt,
          fmt::format("{} is missing although the node was in use; put it back from your backup, "
                      "or write 64 hex digits there to start a new identity",
                      key.string()));
    }
    std::array<std::uint8_t, 32> fresh;
    random.fill(fresh);
    TRY_OK(rt::write_whole_file(files, key, as_bytes(to_hex(fresh) + "\n")));
    TRY_OK(files.sync_directory(root));
  }
  TRY(seed, read_key(files, key));
  return DataDir(std::move(root), std::move(*lock), std::move(seed));
}

rt::Path default_data_dir() {
  if (const char* given = std::getenv("ARCHIPELAGO_DATA_DIR"); given && *given) return given;
  if (const char* xdg = std::getenv("XDG_DATA_HOME"); xdg && *xdg)
    return rt::Path(xdg) / "archipelago";
  const char* home = std::getenv("HOME");
  return rt::Path(home && *home ? home : ".") / ".local" / "share" / "archipelago";
}

}  // namespace archy::app
