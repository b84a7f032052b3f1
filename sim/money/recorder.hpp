// What a wallet has sent that moves money: for asking afterwards whether any of it could still.
#pragma once

#include <functional>
#include <set>
#include <string>

#include "http/client.hpp"

namespace archy::sim {

// Lifetime: within that of the client below.
class Recorder final : public http::Client {
 public:
  explicit Recorder(http::Client& below) : below_(below) {}

  rt::Task<std::unique_ptr<http::Response>> send(http::Request request,
                                                 std::stop_token stop) override;

  // Called with each before it goes on its way.
  void on_sent(std::function<void(const std::string& url, const std::string& body)> hook) {
    on_sent_ = std::move(hook);
  }
  // Blinded messages that stand in two different bodies: a counter was used twice.
  std::size_t outputs_used_twice() const;
  // Every body once more, to those who were meant. What they answer does not matter.
  rt::Task<> replay(std::stop_token stop);

 private:
  struct Sent {
    std::string url, body;
    auto operator<=>(const Sent&) const = default;
  };
  http::Client& below_;
  std::set<Sent> sent_;
  std::function<void(const std::string& url, const std::string& body)> on_sent_;
};

}  // namespace archy::sim
