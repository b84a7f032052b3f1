// A program that serves on loopback until it is told to stop: by SIGTERM, SIGINT, the end of a pipe
// that is its standard input, or by itself.
#pragma once

#include <list>
#include <memory>
#include <string>
#include <vector>

#include "rt/real_env.hpp"
#include "testmint/fault_port.hpp"

namespace archy::testmint {

// Thread: one. Lifetime: outlives what runs on its loop.
class Serving {
 public:
  // From here on a signal stops it.
  Serving();
  ~Serving();
  Serving(const Serving&) = delete;

  rt::RealEnv& env() { return env_; }
  // The URL without a slash at its end. `port` 0: any. Lifetime: `handler` outlives run().
  Result<std::string> listen(FaultPort& handler, std::uint16_t port);
  // Returns once everything has ended.
  void run();
  void stop();

 private:
  struct Listening {
    std::unique_ptr<http::Server> server;
    FaultPort* port;
  };
  struct Ends;
  boost::asio::awaitable<void> close_all();

  rt::RealEnv env_;
  std::unique_ptr<Ends> ends_;
  std::vector<Listening> listening_;
  bool stopping_ = false;
};

// --name VALUE, --name=VALUE and --flag.
struct Arguments {
  std::vector<std::pair<std::string, std::string>>
      given;  // without the dashes; flags have no value
  std::vector<std::string> words;

  bool has(std::string_view name) const;
  std::string text(std::string_view name, std::string fallback = {}) const;
  std::vector<std::string> all(std::string_view name) const;
  // Errors: bad_input.
  Result<std::uint64_t> number(std::string_view name, std::uint64_t fallback) const;
};
// Errors: bad_input: a name that is in neither list, or one without its value.
Result<Arguments> read_arguments(int argc, char** argv, const std::vector<std::string>& flags,
                                 const std::vector<std::string>& values);

}  // namespace archy::testmint
