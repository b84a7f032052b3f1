// SHA-256, streaming (OpenSSL's, with SHA instructions where the machine has them).
#pragma once

#include <memory>

#include "base/fixed_bytes.hpp"

namespace archy::crypto {

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  void update(ByteView data);
  // Ends the stream: no update after it.
  Sha256Digest finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

Sha256Digest sha256(ByteView data);

}  // namespace archy::crypto
