// A test tool over the QUIC layer, with settings the product never uses. See README.md for its
// command line and events. One JSON object a line on standard output.

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <charconv>
#include <cstdio>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "quic/tuning.hpp"
#include "rt/real_env.hpp"
#include "rt/scope.hpp"
#include "rt/signal.hpp"

namespace archy {
namespace {

using quic::CloseInfo;
using Json = nlohmann::ordered_json;

constexpr std::chrono::seconds kHold{10};

void say(const Json& event) {
  std::cout << event.dump(-1, ' ', false, Json::error_handler_t::replace) << std::endl;
}

void say_closed(const CloseInfo& close) {
  say({{"event", "closed"},
       {"kind", close.application ? "application" : "transport"},
       {"code", close.code},
       {"reason", close.reason},
       {"by", static_cast<int>(close.by)}});
}

// --name VALUE and --flag, checked against the lists.
struct Options {
  std::map<std::string, std::string, std::less<>> values;
  bool has(std::string_view name) const { return values.contains(name); }
  std::string text(std::string_view name, std::string fallback = {}) const {
    const auto at = values.find(name);
    return at == values.end() ? std::move(fallback) : at->second;
  }
  std::uint64_t number(std::string_view name) const {
    const std::string value = text(name, "0");
    std::uint64_t out = 0;
    std::from_chars(value.data(), value.data() + value.size(), out);
    return out;
  }
};

bool parse(int argc, char** argv, Options& out) {
  static const std::vector<std::string_view> kFlags = {"--no-rawpk", "--no-cert", "--retry",
                                                       "--refuse",   "--echo",    "--hold"};
  static const std::vector<std::string_view> kValues = {
      "--id",    "--addr", "--alpn", "--sni",    "--group", "--idle-ms",
      "--reset", "--stop", "--bind", "--secret", "--echo",  "--request-hex"};
  const bool listening = std::string_view(argv[1]) == "listen";
  for (int i = 2; i < argc; ++i) {
    const std::string_view name = argv[i];
    const bool flag = std::ranges::count(kFlags, name) > 0 && (name != "--echo" || listening);
    if (flag) {
      out.values[argv[i]] = "1";
    } else if (std::ranges::count(kValues, name) > 0 && i + 1 < argc) {
      out.values[argv[i]] = argv[i + 1];
      ++i;
    } else {
      return false;
    }
  }
  return true;
}

struct World : rt::RealEnv {
  rt::Scope scope{loop.get_executor()};
  bool said_close = false;
  std::string group = "x25519";
};

rt::Task<> pause(World& world, rt::Duration time) {
  co_return co_await rt::sleep_until(world.loop.get_executor(), world.clock,
                                     world.clock.now() + time);
}

Result<std::unique_ptr<quic::Endpoint>> endpoint(World& world, const Options& options,
                                                 bool listening) {
  std::array<std::uint8_t, 32> secret;
  world.random.fill(secret);
  if (options.has("--secret")) TRY_OK(from_hex_into(options.text("--secret"), secret));
  TRY(bind, rt::parse_address(options.text("--bind", "127.0.0.1:0")));
  quic::Config config;
  config.bind = {bind};
  config.always_retry = options.has("--retry");
  if (listening) config.alpns = {options.text("--alpn")};
  quic::EndpointTuning tuning;
  tuning.refuse_all = options.has("--refuse");
  tuning.tls.no_raw_key = options.has("--no-rawpk");
  tuning.tls.no_certificate = options.has("--no-cert");
  tuning.tls.p256_only = options.text("--group") == "p256";
  tuning.tls.server_name = options.text("--sni");
  tuning.attempt_failed = [&world](const CloseInfo& close) {
    world.said_close = true;
    say_closed(close);
  };
  tuning.negotiated = [&world](std::string_view group) { world.group = group; };
  return quic::make_tuned_endpoint(world.env, crypto::Ed25519Seed(secret), std::move(config),
                                   std::move(tuning));
}

void say_connected(const World& world, const quic::Connection& connection) {
  say({{"event", "connected"},
       {"peer", connection.peer().hex()},
       {"alpn", connection.alpn()},
       {"group", world.group}});
}

Bytes counting_bytes(std::size_t size) {
  Bytes out(size);
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::uint8_t>(i % 251);
  return out;
}

// Reads to the end. False when the peer reset the stream or the connection went.
rt::Task<Bytes> read_to_end(std::shared_ptr<quic::Stream> stream) {
  Bytes out;
  for (;;) {
    CO_TRY(got, co_await stream->fill(1));
    if (got == 0) co_return out;
    append(out, stream->buffered());
    stream->consume(got);
  }
}

boost::asio::awaitable<void> write_all(std::shared_ptr<quic::Stream> stream, Bytes bytes,
                                       bool finish) {
  for (std::size_t at = 0; at < bytes.size(); at += 65536) {
    const std::size_t n = std::min<std::size_t>(65536, bytes.size() - at);
    Bytes piece = to_bytes(ByteView(bytes).subspan(at, n));
    auto written = co_await stream->write(std::move(piece));
    if (!written) co_return;
  }
  if (finish) stream->finish();
}

void say_stream_end(const quic::Stream& stream) {
  if (stream.reset_code()) say({{"event", "stream_reset"}, {"code", *stream.reset_code()}});
  if (stream.stop_code()) say({{"event", "stream_stopped"}, {"code", *stream.stop_code()}});
}

boost::asio::awaitable<void> echo_client(World& world, std::shared_ptr<quic::Connection> connection,
                                         std::size_t count, bool hold) {
  auto opened = co_await connection->open_bi();
  if (!opened) co_return;
  auto stream = std::move(*opened);
  const Bytes bytes = counting_bytes(count);
  world.scope.start(write_all(stream, bytes, !hold));
  if (hold) {
    const auto deadline = world.clock.now() + kHold;
    while (!stream->stop_code() && !stream->reset_code() && !connection->closed() &&
           world.clock.now() < deadline) {
      (void)co_await pause(world, std::chrono::milliseconds(5));
    }
  } else {
    auto back = co_await read_to_end(stream);
    if (back) say({{"event", "echo"}, {"bytes", back->size()}, {"ok", *back == bytes}});
  }
  say_stream_end(*stream);
}

boost::asio::awaitable<void> abandon_client(World& world,
                                            std::shared_ptr<quic::Connection> connection,
                                            const Options& options) {
  auto opened = co_await connection->open_bi();
  if (!opened) co_return;
  auto stream = std::move(*opened);
  Bytes one{0};
  (void)co_await stream->write(std::move(one));
  // The first byte is on its way before the stream is given up, so that the peer accepts it.
  while (stream->acked_bytes() == 0 && !connection->closed()) {
    (void)co_await pause(world, std::chrono::milliseconds(1));
  }
  if (options.has("--stop")) stream->stop(options.number("--stop"));
  if (options.has("--reset")) stream->reset(options.number("--reset"));
  (void)co_await pause(world, std::chrono::milliseconds(200));
  say_stream_end(*stream);
}

// What happens on an established connection before it is closed.
boost::asio::awaitable<void> client_actions(World& world,
                                            std::shared_ptr<quic::Connection> connection,
                                            const Options& options) {
  if (options.has("--idle-ms")) {
    (void)co_await pause(world, std::chrono::milliseconds(options.number("--idle-ms")));
  }
  if (options.has("--echo")) {
    co_await echo_client(world, connection, options.number("--echo"), options.has("--hold"));
  }
  if (options.has("--reset") || options.has("--stop")) {
    co_await abandon_client(world, connection, options);
  }
  if (options.has("--request-hex")) {
    auto request = from_hex(options.text("--request-hex"));
    auto opened = co_await connection->open_bi();
    if (!request || !opened) co_return;
    auto stream = std::move(*opened);
    (void)co_await stream->write(std::move(*request));
    stream->finish();
    auto answer = co_await read_to_end(stream);
    Json event{{"event", "answer"}, {"bytes", 0}, {"hex", ""}, {"fin", answer.has_value()}};
    if (answer) {
      event["bytes"] = answer->size();
      event["hex"] = to_hex(*answer);
    }
    event["reset"] = stream->reset_code() ? Json(*stream->reset_code()) : Json(nullptr);
    say(event);
  }
}

Result<std::vector<rt::Address>> addresses_of(std::string text) {
  std::vector<rt::Address> out;
  for (std::size_t at = 0; at <= text.size();) {
    const auto comma = std::min(text.find(',', at), text.size());
    TRY(address, rt::parse_address(text.substr(at, comma - at)));
    out.push_back(address);
    at = comma + 1;
  }
  return out;
}

boost::asio::awaitable<void> run_connect(World& world, quic::Endpoint& endpoint,
                                         const Options& options, int& exit_code) {
  auto id = EndpointId::parse_hex(options.text("--id"));
  auto addresses = addresses_of(options.text("--addr"));
  if (!id || !addresses) {
    exit_code = 2;
    co_return;
  }
  auto connected = co_await endpoint.connect(*id, std::move(*addresses),
                                             options.text("--alpn", "/iroh-bytes/4"));
  if (!connected) {
    say({{"event", "failed"},
         {"code", std::string(to_string(connected.error().code))},
         {"detail", connected.error().detail}});
    exit_code = 1;
    co_return;
  }
  auto connection = std::move(*connected);
  say_connected(world, *connection);
  co_await client_actions(world, connection, options);
  if (options.has("--no-cert")) (void)co_await connection->wait_closed();
  if (connection->closed()) {
    say_closed(*connection->closed());
    exit_code = 1;
  }
  connection->close(0, {});
}

boost::asio::awaitable<void> serve_stream(std::shared_ptr<quic::Stream> stream,
                                          const Options& options) {
  if (options.has("--stop")) {
    stream->stop(options.number("--stop"));
    (void)co_await stream->drained();
    co_return;
  }
  auto all = co_await read_to_end(stream);
  if (stream->reset_code()) say({{"event", "stream_reset"}, {"code", *stream->reset_code()}});
  if (options.has("--reset")) {
    stream->reset(options.number("--reset"));
  } else if (all && options.has("--echo")) {
    co_await write_all(stream, std::move(*all), true);
    (void)co_await stream->drained();
  }
  if (stream->stop_code()) say({{"event", "stream_stopped"}, {"code", *stream->stop_code()}});
}

boost::asio::awaitable<void> serve_connection(World& world,
                                              std::shared_ptr<quic::Connection> connection,
                                              const Options& options) {
  for (;;) {
    auto stream = co_await connection->accept_bi();
    if (!stream) break;
    world.scope.start(serve_stream(std::move(*stream), options));
  }
  if (connection->closed()) say_closed(*connection->closed());
}

boost::asio::awaitable<void> run_listen(World& world, quic::Endpoint& endpoint,
                                        const Options& options) {
  say({{"event", "listening"},
       {"id", endpoint.id().hex()},
       {"addr", rt::to_string(endpoint.bound_addresses().front())}});
  for (;;) {
    auto connection = co_await endpoint.accept();
    if (!connection) co_return;
    say_connected(world, **connection);
    world.scope.start(serve_connection(world, std::move(*connection), options));
  }
}

int run(int argc, char** argv) {
  Options options;
  const std::string_view command = argc > 1 ? argv[1] : "";
  const bool listening = command == "listen";
  const bool known = listening || command == "connect" || command == "blobs-get";
  if (!known || !parse(argc, argv, options) || (command != "blobs-get" && !options.has("--alpn"))) {
    std::cerr << "usage: quic_probe connect|listen|blobs-get ... (interop/README.md)\n";
    return 2;
  }
  World world;
  auto made = endpoint(world, options, listening);
  if (!made) {
    std::cerr << "quic_probe: " << to_string(made.error()) << "\n";
    return 2;
  }
  int exit_code = 0;
  auto flow = listening ? run_listen(world, **made, options)
                        : run_connect(world, **made, options, exit_code);
  boost::asio::co_spawn(world.loop, std::move(flow), [&](std::exception_ptr thrown) {
    if (thrown) std::rethrow_exception(thrown);
    world.loop.stop();
  });
  world.loop.run();
  made->reset();
  world.loop.restart();
  world.loop.poll();
  return exit_code;
}

}  // namespace
}  // namespace archy

int main(int argc, char** argv) { return archy::run(argc, argv); }
