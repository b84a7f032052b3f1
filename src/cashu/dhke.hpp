// Blind signatures: Alice blinds a hashed secret, the mint signs what it cannot read, Alice
// unblinds. Numbers only; what a wallet may take for money is decided in checked_proof.hpp.
// Source: NUT-00.
#pragma once

#include "base/bytes.hpp"
#include "crypto/point.hpp"

namespace archy::cashu {

// Y of a message. A proof's message is the UTF-8 text of its secret, never the bytes that a secret
// of hex digits stands for. Cost: 20 us, twice that for one message in four.
crypto::Point hash_to_curve(ByteView message);

// B_ = Y + rG. Errors: bad_input when it is infinity, which no random r brings about.
Result<crypto::Point> blind(const crypto::Point& y, const crypto::Scalar& r);
// C = C_ - rK. Errors: bad_input when it is infinity: a C_ made for this.
Result<crypto::Point> unblind(const crypto::Point& c_blinded, const crypto::Scalar& r,
                              const crypto::Point& mint_key);

// The mint's side: C_ = kB_, and C == kY.
crypto::Point sign_blinded(const crypto::Scalar& k, const crypto::Point& b_blinded);
bool is_signed_by(const crypto::Scalar& k, ByteView message, const crypto::Point& c);

}  // namespace archy::cashu
