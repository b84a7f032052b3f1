#include "testmint/serving.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <charconv>
#include <csignal>

#include "rt/scope.hpp"

namespace archy::testmint {
namespace {

// A file or a terminal never says that whoever started us has gone.
bool is_pipe(int fd) {
  struct stat facts{};
  return ::fstat(fd, &facts) == 0 && (S_ISFIFO(facts.st_mode) || S_ISSOCK(facts.st_mode));
}

}  // namespace

// What ends the program from outside.
struct Serving::Ends {
  explicit Ends(Serving& of)
      : serving(of), signals(of.env_.loop, SIGTERM, SIGINT), input(of.env_.loop) {
    signals.async_wait([this](const boost::system::error_code& error, int) {
      if (!error) serving.stop();
    });
    if (!is_pipe(STDIN_FILENO)) return;
    boost::system::error_code failed;
    input.assign(::dup(STDIN_FILENO), failed);
    if (!failed) read();
  }

  void read() {
    input.async_read_some(boost::asio::buffer(bytes),
                          [this](const boost::system::error_code& error, std::size_t) {
                            if (error == boost::asio::error::operation_aborted) return;
                            if (error) return serving.stop();
                            read();
                          });
  }

  Serving& serving;
  boost::asio::signal_set signals;
  boost::asio::posix::stream_descriptor input;
  std::array<char, 256> bytes{};
};

Serving::Serving() : ends_(std::make_unique<Ends>(*this)) {}
Serving::~Serving() = default;

Result<std::string> Serving::listen(FaultPort& handler, std::uint16_t port) {
  TRY(server, http::listen_tcp(env_.loop.get_executor(), env_.clock, rt::Address::loopback(port),
                               handler, {.max_connections = 256}));
  const std::uint16_t given = server->address()->port;
  listening_.push_back({std::move(server), &handler});
  return "http://127.0.0.1:" + std::to_string(given);
}

boost::asio::awaitable<void> Serving::close_all() {
  for (auto& each : listening_) each.port->stop();
  for (auto& each : listening_) co_await each.server->close();
  listening_.clear();
}

void Serving::stop() {
  if (std::exchange(stopping_, true)) return;
  env_.loop.stop();
}

void Serving::run() {
  env_.loop.run();
  // Their call-backs run now, while there is something that they could run against.
  boost::system::error_code ignored;
  ends_->signals.cancel(ignored);
  ends_->input.close(ignored);
  rt::Scope scope(env_.loop.get_executor());
  scope.start(close_all());
  env_.loop.restart();
  env_.loop.run();
}

bool Arguments::has(std::string_view name) const {
  return std::ranges::find(given, name, &std::pair<std::string, std::string>::first) != given.end();
}

std::vector<std::string> Arguments::all(std::string_view name) const {
  std::vector<std::string> out;
  for (const auto& [key, value] : given) {
    if (key == name) out.push_back(value);
  }
  return out;
}

std::string Arguments::text(std::string_view name, std::string fallback) const {
  const auto values = all(name);
  if (values.empty()) return fallback;
  return values.back();
}

Result<std::uint64_t> Arguments::number(std::string_view name, std::uint64_t fallback) const {
  if (!has(name)) return fallback;
  const std::string value = text(name);
  std::uint64_t out = 0;
  const auto parsed = std::from_chars(value.data(), value.data() + value.size(), out);
  if (value.empty() || parsed.ec != std::errc{} || parsed.ptr != value.data() + value.size())
    return fail(Code::bad_input, "--" + std::string(name) + ": not a number");
  return out;
}

Result<Arguments> read_arguments(int argc, char** argv, const std::vector<std::string>& flags,
                                 const std::vector<std::string>& values) {
  Arguments out;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (!word.starts_with("--")) {
      out.words.push_back(word);
      continue;
    }
    const auto equals = word.find('=');
    const std::string name = word.substr(2, equals == std::string::npos ? equals : equals - 2);
    if (std::ranges::find(flags, name) != flags.end() && equals == std::string::npos) {
      out.given.emplace_back(name, "");
    } else if (std::ranges::find(values, name) == values.end()) {
      return fail(Code::bad_input, "no such option: " + word);
    } else if (equals != std::string::npos) {
      out.given.emplace_back(name, word.substr(equals + 1));
    } else if (i + 1 < argc) {
      out.given.emplace_back(name, argv[++i]);
    } else {
      return fail(Code::bad_input, word + " needs a value");
    }
  }
  return out;
}

}  // namespace archy::testmint
