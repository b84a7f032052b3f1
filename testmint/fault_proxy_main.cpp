// The program `fault_proxy`: faults on the way to a mint that somebody else runs. See README.md.
#include <iostream>
#include <nlohmann/json.hpp>

#include "testmint/proxy_port.hpp"
#include "testmint/serving.hpp"

namespace archy::testmint {
namespace {

constexpr const char* kUsage = R"(usage: fault_proxy URL [--port N] [--keep-alive] [--faults JSON]

Forwards GET and POST to the mint at URL. Prints {"ready":true,"url":"http://127.0.0.1:PORT"}.
Faults on the way only; POST, GET, DELETE /_test/faults; GET /_test/requests; POST /_test/cut,
/_test/shutdown.
Stops at SIGTERM, or when its standard input, a pipe, ends.
)";

Result<> serve(const Arguments& arguments) {
  if (arguments.words.size() != 1) return fail(Code::bad_input, "one URL, please");
  std::string upstream = arguments.words.front();
  if (upstream.ends_with('/')) upstream.pop_back();
  TRY(port, arguments.number("port", 0));
  if (port > 65535) return fail(Code::bad_input, "--port: too big");
  Serving serving;
  rt::RealEnv& env = serving.env();
  const auto client = http::make_curl_client(env.loop.get_executor(), env.clock);
  ProxyPort proxy(env.loop.get_executor(), env.clock, {arguments.has("keep-alive")}, *client,
                  upstream, [&serving] { serving.stop(); });
  for (const auto& script : arguments.all("faults")) TRY_OK(proxy.add_faults(script));
  TRY(url, serving.listen(proxy, static_cast<std::uint16_t>(port)));
  std::cout << nlohmann::ordered_json{{"ready", true}, {"url", url}}.dump() << std::endl;
  serving.run();
  return {};
}

}  // namespace
}  // namespace archy::testmint

int main(int argc, char** argv) {
  using namespace archy::testmint;
  const auto arguments = read_arguments(argc, argv, {"help", "keep-alive"}, {"port", "faults"});
  if (arguments && arguments->has("help")) {
    std::cout << kUsage;
    return 0;
  }
  archy::Result<> done;
  done = arguments ? serve(*arguments) : archy::Result<>(archy::fail(arguments.error()));
  if (done) return 0;
  std::cerr << "fault_proxy: " << archy::to_string(done.error()) << "\n";
  return done.error().code == archy::Code::bad_input ? 2 : 1;
}
