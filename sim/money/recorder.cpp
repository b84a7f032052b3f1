#include "sim/money/recorder.hpp"

#include <map>
#include <nlohmann/json.hpp>

namespace archy::sim {
namespace {

bool moves_money(std::string_view url) {
  return url.ends_with("/v1/swap") || url.ends_with("/v1/mint/bolt11") ||
         url.ends_with("/v1/melt/bolt11");
}

}  // namespace

rt::Task<std::unique_ptr<http::Response>> Recorder::send(http::Request request,
                                                         std::stop_token stop) {
  if (request.post && moves_money(request.url)) {
    // Nothing has left before this was asked.
    request.before_sending = [this, sent = Sent{request.url, request.post->body.reveal()},
                              ask = std::move(request.before_sending)]() -> Result<> {
      if (ask) TRY_OK(ask());
      sent_.insert(sent);
      if (on_sent_) on_sent_(sent.url, sent.body);
      return {};
    };
  }
  co_return co_await below_.send(std::move(request), stop);
}

std::size_t Recorder::outputs_used_twice() const {
  std::map<std::string, std::size_t> bodies;
  for (const Sent& sent : sent_) {
    const auto json = nlohmann::json::parse(sent.body);
    if (!json.contains("outputs")) continue;
    for (const auto& output : json.at("outputs")) ++bodies[output.at("B_").get<std::string>()];
  }
  return static_cast<std::size_t>(
      std::ranges::count_if(bodies, [](const auto& each) { return each.second > 1; }));
}

rt::Task<> Recorder::replay(std::stop_token stop) {
  for (const Sent& sent : sent_) {
    http::Request request{.url = sent.url};
    request.post = http::Post{"application/json", Secret<std::string>(sent.body)};
    auto response = co_await below_.send(std::move(request), stop);
    (void)response;
  }
  co_return Result<>{};
}

}  // namespace archy::sim
