// A request whose whole answer is text, as APIs of JSON have it.
#pragma once

#include <string>

#include "http/client.hpp"

namespace archy::http {

Post json_post(Secret<std::string> body);

struct TextReply {
  int status = 0;
  std::string body;
};

// Errors: Client::send's and Response::read's. Requires: request.max_body_bytes, for what a
// stranger answers.
rt::Task<TextReply> exchange_text(Client& client, Request request, std::stop_token stop);

}  // namespace archy::http
