// One mint over HTTP. Requests that can move money go out of the journal alone, and what comes back
// is told in the three ways that matter: an answer, a refusal by the mint itself, or not known.
#pragma once

#include "cashu/mint_answers.hpp"
#include "http/text_exchange.hpp"
#include "wallet/ledger/journal.hpp"
#include "wallet/mint_breaker.hpp"

namespace archy::wallet {

// What came of sending a stored request once.
struct Sending {
  enum class Outcome : unsigned char {
    answered,  // by `body`, which is still to be checked
    refused,   // by the mint, with a code that says so of this very request
    unknown,   // it may have been executed: a lost answer, a proxy's page, any other status
    not_sent,  // no byte has left
  };
  Outcome outcome = Outcome::unknown;
  std::string body;
  cashu::MintRefusal refusal;
  std::string why;  // unknown, not_sent: for the log and the operator
};

// Longest answer that is taken. Units: bytes.
inline constexpr std::size_t kMintAnswerBytes = 4u << 20;

// Thread: the loop. Lifetime: what it refers to outlives its calls.
class MintClient {
 public:
  // `url`: normalised.
  MintClient(http::Client& http, Journal& journal, rt::Clock& clock, std::string url)
      : http_(http), journal_(journal), clock_(clock), url_(std::move(url)) {}

  // While it does not let through, every call fails as unreachable, and nothing leaves.
  MintBreaker& breaker() { return breaker_; }
  MintBreaker::State breaker_state() const { return breaker_.state(clock_.now()); }

  // Marks the request as sent before the first byte leaves, every time. `patience`: for the answer;
  // a melt may take minutes. Errors: what the journal's row met: then nothing has left.
  rt::Task<Sending> send(StoredRequest& request, rt::Duration patience, std::stop_token stop);

  // Questions that change nothing there: as often as one likes. The body of a 200 answer.
  // Errors: unreachable, timed_out, cancelled, denied (the connector), peer_fault (another status),
  // not_found and bad_input (a refusal by the mint, with its words).
  rt::Task<std::string> get(std::string path, std::stop_token stop);
  rt::Task<std::string> post(std::string path, std::string body, std::stop_token stop);

 private:
  using Reply = http::TextReply;
  rt::Task<Reply> exchange(http::Request request, std::stop_token stop);
  rt::Task<std::string> ask(http::Request request, std::stop_token stop);

  http::Client& http_;
  Journal& journal_;
  rt::Clock& clock_;
  MintBreaker breaker_;
  const std::string url_;
};

}  // namespace archy::wallet
