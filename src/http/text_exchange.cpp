#include "http/text_exchange.hpp"

namespace archy::http {

Post json_post(Secret<std::string> body) { return {"application/json", std::move(body)}; }

rt::Task<TextReply> exchange_text(Client& client, Request request, std::stop_token stop) {
  CO_TRY(response, co_await client.send(std::move(request), stop));
  TextReply out{response->head().status, {}};
  for (;;) {
    CO_TRY(piece, co_await response->read());
    if (piece.empty()) co_return out;
    out.body += as_text(piece);
  }
}

}  // namespace archy::http
