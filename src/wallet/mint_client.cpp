#include "wallet/mint_client.hpp"

#include "base/test_hooks.hpp"

namespace archy::wallet {
namespace {

constexpr rt::Duration kQuestionPatience = std::chrono::seconds(20);

}  // namespace

rt::Task<MintClient::Reply> MintClient::exchange(http::Request request, std::stop_token stop) {
  if (!breaker_.lets_through(clock_.now())) {
    const auto state = breaker_state();
    const auto left = std::chrono::ceil<std::chrono::seconds>(state.left_alone).count();
    co_return fail(Code::unreachable,
                   url_ + " has not answered " + std::to_string(state.unanswered) +
                       " times; it is asked again in " + std::to_string(left) + " s");
  }
  request.max_body_bytes = kMintAnswerBytes;
  auto reply = co_await http::exchange_text(http_, std::move(request), std::move(stop));
  const bool silent =
      reply ? reply->status >= 500
            : reply.error().code == Code::unreachable || reply.error().code == Code::timed_out;
  if (silent) breaker_.note_silence(clock_.now());
  if (!silent && reply) breaker_.note_answer();
  co_return reply;
}

rt::Task<Sending> MintClient::send(StoredRequest& request, rt::Duration patience,
                                   std::stop_token stop) {
  bool leaving = false;
  std::optional<Error> no_row;
  http::Request post{.url = url_ + request.path()};
  post.post = http::json_post(request.body());
  post.no_progress_timeout = patience;
  if (request.was_sent() && test_hooks::planted("wallet_body_made_anew"))
    post.post = http::json_post(cashu::SpendingBody(request.body().reveal() + ' '));
  post.before_sending = [&]() -> Result<> {
    if (test_hooks::planted("wallet_mark_after_send")) {
      leaving = true;
      return {};
    }
    if (auto marked = journal_.mark_sent(request); !marked) {
      no_row = marked.error();
      return marked;
    }
    leaving = true;
    return {};
  };
  auto reply = co_await exchange(std::move(post), stop);
  if (test_hooks::planted("wallet_mark_after_send")) CO_TRY_OK(journal_.mark_sent(request));
  if (no_row && !leaving) co_return fail(*no_row);
  Sending out;
  if (!reply) {
    out.outcome = leaving ? Sending::Outcome::unknown : Sending::Outcome::not_sent;
    out.why = to_string(reply.error());
    co_return out;
  }
  out.body = std::move(reply->body);
  if (reply->status == 200) {
    out.outcome = Sending::Outcome::answered;
    co_return out;
  }
  auto refusal = cashu::parse_refusal(out.body);
  // The NUTs have one status for refusals; any other is a server or a proxy that gave up.
  if (reply->status == 400 && refusal) {
    CO_TRY_OK(journal_.note_answer(request));
    out.outcome = Sending::Outcome::refused;
    out.refusal = std::move(*refusal);
    co_return out;
  }
  out.why = "status " + std::to_string(reply->status);
  co_return out;
}

rt::Task<std::string> MintClient::ask(http::Request request, std::stop_token stop) {
  request.no_progress_timeout = kQuestionPatience;
  CO_TRY(reply, co_await exchange(std::move(request), stop));
  if (reply.status == 200) co_return std::move(reply.body);
  if (auto refusal = cashu::parse_refusal(reply.body)) {
    co_return fail(
        reply.status == 404 ? Code::not_found : Code::bad_input,
        "the mint refuses: " + refusal->detail + " (" + std::to_string(refusal->code) + ")");
  }
  co_return fail(Code::peer_fault, "the mint answers with status " + std::to_string(reply.status));
}

rt::Task<std::string> MintClient::get(std::string path, std::stop_token stop) {
  co_return co_await ask(http::Request{.url = url_ + path}, stop);
}

rt::Task<std::string> MintClient::post(std::string path, std::string body, std::stop_token stop) {
  http::Request request{.url = url_ + path};
  request.post = http::json_post(cashu::SpendingBody(std::move(body)));
  co_return co_await ask(std::move(request), stop);
}

}  // namespace archy::wallet
