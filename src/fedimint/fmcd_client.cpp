#include "fedimint/fmcd_client.hpp"

#include <algorithm>

#include "fedimint/fmcd_answers.hpp"
#include "wire/base64url.hpp"

namespace archy::fedimint {
namespace {

using Outcome = FmcdReply::Outcome;

constexpr rt::Duration kQuestionPatience = std::chrono::seconds(20);
constexpr std::size_t kPasswordBytes = 1024;
constexpr int kOk = 200;
constexpr int kUnauthorized = 401;
constexpr int kNotFound = 404;
constexpr int kTooManyRequests = 429;

// RFC 7617. The user's name is fixed in fmcd.
Secret<std::string> basic(const Secret<std::string>& password) {
  const Secret<std::string> both("fmcd:" + password.reveal());
  std::string text = wire::to_base64url(as_bytes(both.reveal()));
  std::ranges::replace(text, '-', '+');
  std::ranges::replace(text, '_', '/');
  text.append((4 - text.size() % 4) % 4, '=');
  return Secret<std::string>("Basic " + text);
}

}  // namespace

Result<Secret<std::string>> read_fmcd_password(rt::Files& files, const rt::Path& path) {
  TRY(file, files.open(path, rt::Open::read));
  std::string text(kPasswordBytes + 2, '\0');
  TRY(size, file->read_at(0, {reinterpret_cast<std::uint8_t*>(text.data()), text.size()}));
  text.resize(std::min(size, text.find_first_of("\r\n")));
  const bool has_control =
      std::ranges::any_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  if (text.empty() || text.size() > kPasswordBytes || has_control)
    return fail(Code::bad_input, path.native() + ": its first line is no password");
  return Secret<std::string>(std::move(text));
}

FmcdClient::FmcdClient(http::Client& http, std::string url, const Secret<std::string>& password)
    : http_(http), url_(std::move(url)), authorization_(basic(password)) {}

http::Request FmcdClient::request_to(std::string_view path) const {
  http::Request out{.url = url_ + std::string(path)};
  out.headers.emplace_back("Authorization", authorization_.reveal());
  out.max_body_bytes = kFmcdAnswerBytes;
  return out;
}

rt::Task<FmcdReply> FmcdClient::send(FederationBook& book, FederationOperation& operation,
                                     rt::Clock& clock, rt::Duration patience,
                                     std::stop_token stop) {
  CO_TRY(body, book.body(operation));
  http::Request request = request_to(operation.path);
  request.post = http::json_post(std::move(body));
  request.no_progress_timeout = patience;
  bool leaving = false;
  std::optional<Error> no_row;
  request.before_sending = [&]() -> Result<> {
    // The client would send the same bytes on a new connection when a kept one turns out to be
    // dead: whether they were executed is asked of the log first.
    if (leaving) return fail(Code::unreachable, "the connection ended without an answer");
    if (auto marked = book.mark_sent(operation, clock.unix_ms()); !marked) {
      no_row = marked.error();
      return marked;
    }
    leaving = true;
    return {};
  };
  auto reply = co_await http::exchange_text(http_, std::move(request), stop);
  if (no_row && !leaving) co_return fail(*no_row);
  if (!reply) {
    if (!leaving && reply.error().code == Code::cancelled) co_return fail(reply.error());
    co_return FmcdReply{
        leaving ? Outcome::unknown : Outcome::not_sent, {}, to_string(reply.error())};
  }
  if (reply->status == kOk) co_return FmcdReply{Outcome::answered, std::move(reply->body), {}};
  if (reply->status == kUnauthorized)
    co_return FmcdReply{Outcome::refused, {}, "the daemon does not take the password"};
  if (reply->status == kTooManyRequests)
    co_return FmcdReply{Outcome::refused, {}, "the daemon has too many requests"};
  if (auto refusal = parse_fmcd_refusal(reply->body); refusal && refusal->status == reply->status)
    co_return FmcdReply{
        Outcome::gave_up, {}, "the daemon says: " + refusal->message + " (" + refusal->code + ")"};
  co_return FmcdReply{Outcome::unknown, {}, "status " + std::to_string(reply->status)};
}

rt::Task<std::string> FmcdClient::ask(http::Request request, std::stop_token stop) {
  request.no_progress_timeout = kQuestionPatience;
  CO_TRY(reply, co_await http::exchange_text(http_, std::move(request), stop));
  if (reply.status == kOk) co_return std::move(reply.body);
  if (reply.status == kUnauthorized)
    co_return fail(Code::denied, "the daemon does not take the password");
  if (reply.status == kTooManyRequests)
    co_return fail(Code::try_later, "the daemon has too many requests");
  if (auto refusal = parse_fmcd_refusal(reply.body); refusal && reply.status < 500)
    co_return fail(reply.status == kNotFound ? Code::not_found : Code::bad_input,
                   "the daemon says: " + refusal->message + " (" + refusal->code + ")");
  co_return fail(Code::peer_fault,
                 "the daemon answers with status " + std::to_string(reply.status));
}

rt::Task<std::string> FmcdClient::get(std::string path, std::stop_token stop) {
  co_return co_await ask(request_to(path), stop);
}

rt::Task<std::string> FmcdClient::post(std::string path, Secret<std::string> body,
                                       std::stop_token stop) {
  http::Request request = request_to(path);
  request.post = http::json_post(std::move(body));
  co_return co_await ask(std::move(request), stop);
}

}  // namespace archy::fedimint
