// The one folder a node lives in (0700): config.toml, keys/, db/, blobs/, tmp/, run/. Locked by one
// process at a time.
#pragma once

#include <memory>

#include "crypto/ed25519.hpp"
#include "rt/env.hpp"

namespace archy::app {

class DataDir {
 public:
  enum class Create : unsigned char { if_missing, never };

  // Opens and locks. if_missing also makes the folders and the endpoint key.
  // Errors: not_found (never, and it is not there), locked (another process has it), corrupt (the
  // endpoint key is gone or damaged although the folder was in use: it is never silently replaced),
  // io, denied, no_space.
  static Result<DataDir> open(rt::Files& files, rt::Random& random, rt::Path root, Create create);

  const rt::Path& root() const { return root_; }
  const crypto::Ed25519Seed& endpoint_seed() const { return seed_; }

 private:
  DataDir(rt::Path root, std::shared_ptr<void> lock, crypto::Ed25519Seed seed)
      : root_(std::move(root)), lock_(std::move(lock)), seed_(std::move(seed)) {}

  rt::Path root_;
  std::shared_ptr<void> lock_;
  crypto::Ed25519Seed seed_;
};

// $ARCHIPELAGO_DATA_DIR, else $XDG_DATA_HOME/archipelago, else ~/.local/share/archipelago.
rt::Path default_data_dir();

}  // namespace archy::app
