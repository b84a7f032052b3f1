// One fmcd over HTTP. A request that can move money goes out of the book alone; what comes back is
// told by what it means for that request.
#pragma once

#include "fedimint/federation_book.hpp"
#include "http/text_exchange.hpp"
#include "rt/files.hpp"

namespace archy::fedimint {

struct FmcdReply {
  enum class Outcome : unsigned char {
    answered,  // by `body`, which is still to be read
    refused,   // before anything was done: the password, too many requests
    gave_up,   // the daemon's own error: it works on this copy no more, but may have begun
    unknown,   // a lost answer, a proxy's page: it may have been executed, or still be
    not_sent,  // no byte has left
  };
  Outcome outcome = Outcome::unknown;
  std::string body;
  std::string why;  // all but answered: for people, without secrets
};

// The first line of the file. Errors: not_found, denied, io; bad_input: empty, more than 1 KiB, a
// control character.
Result<Secret<std::string>> read_fmcd_password(rt::Files& files, const rt::Path& path);

// Thread: the loop. Lifetime: what it refers to outlives its calls.
class FmcdClient {
 public:
  // `url`: without a slash at the end. Redirects are not followed: the password is for one host.
  FmcdClient(http::Client& http, std::string url, const Secret<std::string>& password);

  // Sends the stored bytes, once, and counts that before the first of them leaves. `patience`: for
  // the answer. Errors: what the book met: then nothing has left; cancelled.
  rt::Task<FmcdReply> send(FederationBook& book, FederationOperation& operation, rt::Clock& clock,
                           rt::Duration patience, std::stop_token stop);
  // Questions that change nothing there. The body of a 200 answer. Errors: unreachable, timed_out,
  // cancelled, denied (the password), try_later (too many requests), not_found and bad_input (the
  // daemon's words), peer_fault (anything else).
  rt::Task<std::string> get(std::string path, std::stop_token stop);
  rt::Task<std::string> post(std::string path, Secret<std::string> body, std::stop_token stop);

 private:
  using Reply = http::TextReply;
  http::Request request_to(std::string_view path) const;
  rt::Task<std::string> ask(http::Request request, std::stop_token stop);

  http::Client& http_;
  const std::string url_;
  const Secret<std::string> authorization_;
};

}  // namespace archy::fedimint
