// Every method of the table against every attack, over the real server of a real node.
//
// The table of attacks is below, the rows of methods in vectors/rpc_matrix.txt. In a build with
// planted bugs each check of the guard is taken away in turn, and the matrix has to notice.
#include <arpa/inet.h>
#include <fmt/core.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <thread>

#include "app/daemon.hpp"
#include "base/test_hooks.hpp"
#include "rpc/answer.hpp"
#include "rpc/message.hpp"
#include "rpc/method.hpp"
#include "rpc/token.hpp"

namespace archy::app {
namespace {

using rpc::Json;
using rpc::Scope;

struct Row {
  std::string method, params, outcome;
  Scope scope = Scope::read;
};

struct HttpRequest {
  std::string verb = "POST", target = "/rpc/v1";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;

  void set(const std::string& name, const std::string& value) {
    remove(name);
    headers.emplace_back(name, value);
  }
  void remove(const std::string& name) {
    std::erase_if(headers, [&](const auto& header) { return header.first == name; });
  }
  std::string text() const {
    std::string out = fmt::format("{} {} HTTP/1.1\r\n", verb, target);
    bool has_length = false;
    for (const auto& [name, value] : headers) {
      out += fmt::format("{}: {}\r\n", name, value);
      has_length = has_length || name == "Content-Length";
    }
    if (!has_length) out += fmt::format("Content-Length: {}\r\n", body.size());
    return out + "Connection: close\r\n\r\n" + body;
  }
};

struct HttpAnswer {
  int status = 0;
  std::string head, body;
};

int send_request(std::uint16_t port, const std::string& text) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return fd;
  (void)::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
  return fd;
}

HttpAnswer read_answer(int fd) {
  std::string all;
  char piece[8192];
  for (ssize_t n = 0; (n = ::recv(fd, piece, sizeof piece, 0)) > 0;)
    all.append(piece, static_cast<std::size_t>(n));
  ::close(fd);
  HttpAnswer out;
  const auto end = all.find("\r\n\r\n");
  if (all.size() < 12 || end == std::string::npos) return out;
  out.status = std::atoi(all.c_str() + 9);
  out.head = all.substr(0, end);
  out.body = all.substr(end + 4);
  return out;
}

// What the matrix is run against.
struct Target {
  std::uint16_t port = 0;
  std::string root, read, operate, spend, one_method, expired, forged;

  HttpRequest good(const std::string& method, const std::string& params,
                   const std::string& token) const {
    HttpRequest out;
    out.headers = {{"Host", fmt::format("127.0.0.1:{}", port)},
                   {"Authorization", "Bearer " + token},
                   {"Content-Type", "application/json"}};
    out.body = rpc::call_text(method, params);
    return out;
  }
  HttpAnswer ask(const HttpRequest& request) const {
    return read_answer(send_request(port, request.text()));
  }
  Json call(const std::string& method, const std::string& params) const {
    return rpc::parse_trusted(ask(good(method, params, root)).body);
  }
};

struct Attack {
  std::string_view name;
  int status;
  std::string_view says;  // in the body
  std::function<void(const Target&, HttpRequest&)> change;
};

std::function<void(const Target&, HttpRequest&)> header(std::string name, std::string value) {
  return [=](const Target&, HttpRequest& request) { request.set(name, value); };
}
std::function<void(const Target&, HttpRequest&)> verb(std::string verb) {
  return [=](const Target&, HttpRequest& request) { request.verb = verb; };
}
std::function<void(const Target&, HttpRequest&)> host(std::string name) {
  return [=](const Target& target, HttpRequest& request) {
    request.set("Host", fmt::format("{}:{}", name, target.port));
  };
}
std::function<void(const Target&, HttpRequest&)> token(std::string Target::* which) {
  return [=](const Target& target, HttpRequest& request) {
    request.set("Authorization", "Bearer " + target.*which);
  };
}

const std::vector<Attack>& attacks() {
  static const std::vector<Attack> all{
      {"GET", 405, "method", verb("GET")},
      {"PUT", 405, "method", verb("PUT")},
      {"DELETE", 405, "method", verb("DELETE")},
      {"preflight", 405, "method",
       [](const Target&, HttpRequest& request) {
         request.verb = "OPTIONS";
         request.set("Origin", "http://evil.example");
         request.set("Access-Control-Request-Method", "POST");
       }},
      {"rebound host", 421, "host", host("evil.example")},
      {"host in another notation", 421, "host", host("2130706433")},
      {"host without port", 421, "host", header("Host", "127.0.0.1")},
      {"0.0.0.0", 421, "host", host("0.0.0.0")},
      {"rebound host and wrong token", 421, "host",
       [](const Target& target, HttpRequest& request) {
         request.set("Host", fmt::format("evil.example:{}", target.port));
         request.set("Authorization", "Bearer 00");
       }},
      {"cross-site", 403, "fetch_site", header("Sec-Fetch-Site", "cross-site")},
      {"same-site", 403, "fetch_site", header("Sec-Fetch-Site", "same-site")},
      {"foreign origin", 403, "origin", header("Origin", "http://evil.example")},
      {"null origin", 403, "origin", header("Origin", "null")},
      {"no token", 401, "token",
       [](const Target&, HttpRequest& request) { request.remove("Authorization"); }},
      {"wrong token", 401, "token", header("Authorization", "Bearer " + std::string(64, '0'))},
      {"expired token", 401, "token", token(&Target::expired)},
      {"forged token", 401, "token", token(&Target::forged)},
      {"token as cookie", 401, "token",
       [](const Target& target, HttpRequest& request) {
         request.remove("Authorization");
         request.set("Cookie", "token=" + target.root);
       }},
      {"token in the URL", 401, "token",
       [](const Target& target, HttpRequest& request) {
         request.remove("Authorization");
         request.target += "?token=" + target.root;
       }},
      {"oversize, and of another type", 413, "size",
       [](const Target&, HttpRequest& request) {
         request.set("Content-Length", "1048577");
         request.set("Content-Type", "text/plain");
       }},
      {"text/plain", 415, "content_type", header("Content-Type", "text/plain")},
      {"form", 415, "content_type", header("Content-Type", "application/x-www-form-urlencoded")},
      {"no content type", 415, "content_type",
       [](const Target&, HttpRequest& request) { request.remove("Content-Type"); }},
      {"too deep", 200, "nested deeper",
       [](const Target&, HttpRequest& request) {
         const std::string nest(16, '['), end(16, ']');
         request.body.insert(request.body.size() - 1, ",\"deep\":" + nest + end);
       }},
      {"a batch too long", 200, "invalid_request",
       [](const Target&, HttpRequest& request) {
         std::string batch = request.body;
         for (int i = 0; i < 20; ++i) batch += "," + request.body;
         request.body = "[" + batch + "]";
       }},
  };
  return all;
}

class Matrix {
 public:
  Matrix(const Target& target, std::vector<Row> rows) : target_(target), rows_(std::move(rows)) {}

  // One line for each cell that is not as it should be.
  std::vector<std::string> run() {
    for (const Row& row : rows_) attack(row);
    one_call_opens_no_stream();
    nothing_ran();
    return std::move(complaints_);
  }

 private:
  void attack(const Row& row) {
    struct Cell {
      std::string name;
      int status;
      std::string_view says;
      int fd;
    };
    // All at once: a wrong token is answered late, on purpose.
    std::vector<Cell> cells;
    for (const Attack& attack : attacks()) {
      HttpRequest request = target_.good(row.method, row.params, target_.root);
      attack.change(target_, request);
      cells.push_back({std::string(attack.name), attack.status, attack.says,
                       send_request(target_.port, request.text())});
    }
    auto refused_call = [&](std::string name, const std::string& token) {
      const HttpRequest request = target_.good(row.method, row.params, token);
      cells.push_back({std::move(name), 200, "\"code\":\"denied\"",
                       send_request(target_.port, request.text())});
    };
    if (row.scope > Scope::read) refused_call("a token to read", target_.read);
    if (row.scope > Scope::operate) refused_call("a token to operate", target_.operate);
    if (row.scope > Scope::spend) refused_call("a token to spend", target_.spend);
    if (row.method != "node.info") refused_call("a token for node.info", target_.one_method);
    for (const Cell& cell : cells)
      judge(row.method, cell.name, cell.status, cell.says, read_answer(cell.fd));
  }

  void judge(const std::string& method, const std::string& attack, int status,
             std::string_view says, const HttpAnswer& answer) {
    const std::string where = method + " x " + attack;
    if (answer.status != status)
      complaints_.push_back(fmt::format("{}: {} instead of {}", where, answer.status, status));
    if (answer.body.find(says) == std::string::npos)
      complaints_.push_back(fmt::format("{}: '{}' is not in '{}'", where, says, answer.body));
    if (answer.body.find("\"result\"") != std::string::npos)
      complaints_.push_back(where + ": a result came back");
    for (const char* never : {"Access-Control", "access-control", "Set-Cookie", "set-cookie"}) {
      if (answer.head.find(never) != std::string::npos) complaints_.push_back(where + ": " + never);
    }
  }

  void one_call_opens_no_stream() {
    for (const char* path : {"/metrics", "/events"}) {
      HttpRequest request = target_.good("", "{}", target_.one_method);
      request.verb = "GET";
      request.target = path;
      request.body.clear();
      // An event stream that did open would not end: look at its first bytes only.
      const int fd = send_request(target_.port, request.text());
      char first[64] = {};
      (void)::recv(fd, first, sizeof first - 1, 0);
      ::close(fd);
      if (std::string_view(first).find(" 403 ") == std::string_view::npos)
        complaints_.push_back(fmt::format("{} x a token for node.info: {}", path, first));
    }
  }

  void nothing_ran() {
    HttpRequest request = target_.good("", "{}", target_.read);
    request.verb = "GET";
    request.target = "/metrics";
    request.body.clear();
    const HttpAnswer answer = target_.ask(request);
    if (answer.status != 200) complaints_.push_back("metrics with a token to read are refused");
    for (const Row& row : rows_) {
      const std::string sample =
          fmt::format("rpc_calls_total{{method=\"{}\",outcome=\"ok\"}} ", row.method);
      const auto at = answer.body.find(sample);
      // Making the tokens of the matrix is all that has run.
      const std::string_view allowed = row.method == "token.create" ? "4\n" : "0\n";
      if (at != std::string::npos && !answer.body.substr(at + sample.size()).starts_with(allowed))
        complaints_.push_back(row.method + " ran");
    }
  }

  const Target& target_;
  std::vector<Row> rows_;
  std::vector<std::string> complaints_;
};

std::vector<Row> read_rows(const std::string& file) {
  std::vector<Row> out;
  std::ifstream lines(ARCHY_VECTORS "/rpc_matrix.txt");
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line.starts_with('#')) continue;
    std::vector<std::string> cells;
    for (std::size_t at = 0; at <= line.size();) {
      const auto end = std::min(line.find(" | ", at), line.size());
      cells.push_back(line.substr(at, end - at));
      at = end + 3;
    }
    if (cells.size() != 4) {
      ADD_FAILURE() << "not a row: " << line;
      continue;
    }
    if (const auto at = cells[2].find("$FILE"); at != std::string::npos)
      cells[2].replace(at, 5, file);
    Row row{cells[0], cells[2], cells[3]};
    row.scope = rpc::scope_named(cells[1]).value_or(Scope::admin);
    out.push_back(row);
  }
  return out;
}

Target prepare(std::uint16_t port, const rt::Path& data_dir) {
  Target out;
  out.port = port;
  std::getline(std::ifstream(data_dir / "run" / "token") >> std::ws, out.root);
  auto create = [&](const char* params) {
    return out.call("token.create", params)["result"]["token"].get<std::string>();
  };
  out.read = create(R"({"scope":"read"})");
  out.operate = create(R"({"scope":"operate"})");
  out.spend = create(R"({"scope":"spend","cap_sats":1000})");
  out.one_method = create(R"({"scope":"admin","method":"node.info"})");
  rpc::Caveats past;
  past.until_unix_s = 1;
  out.expired = rpc::narrow(out.operate, past).value_or("");
  out.forged = out.operate;
  out.forged.replace(out.forged.find("operate"), 7, "admin");
  return out;
}

// A node in a temporary folder; `client` runs on a thread of its own while it serves.
void with_node(const std::function<void(const Target&, const rt::Path& folder)>& client) {
  char name[] = "/tmp/archy-matrix-XXXXXX";
  ASSERT_NE(mkdtemp(name), nullptr);
  const rt::Path folder = name;
  std::ofstream(folder / "hello.txt") << "hello world";
  {
    auto core = Core::open({folder / "node"});
    ASSERT_TRUE(core) << core.error().detail;
    settings::ConfigPlaces places;
    places.data_dir = folder / "node";
    places.system = folder / "none";
    const settings::Environment environment{{"ARCHIPELAGO_CONTROL_PORT", "0"},
                                            {"ARCHIPELAGO_CONTENT_PORT", "0"}};
    auto config = settings::ConfigFile::load((*core)->env().files, places, environment);
    ASSERT_TRUE(config);
    std::thread thread;
    auto ready = [&](const NodeAddresses& addresses) {
      thread = std::thread([&, port = addresses.control.port] {
        client(prepare(port, folder / "node"), folder);
        ::kill(::getpid(), SIGINT);
      });
    };
    const auto done = (*core)->run(run_node(**core, *config, ready));
    if (thread.joinable()) thread.join();
    EXPECT_TRUE(done);
    EXPECT_FALSE(std::filesystem::exists(folder / "node" / "run" / "token"));
  }
  std::filesystem::remove_all(folder);
}

std::vector<std::string> complaints_of(std::size_t rows) {
  std::vector<std::string> out;
  with_node([&](const Target& target, const rt::Path& folder) {
    std::vector<Row> some = read_rows((folder / "hello.txt").string());
    if (rows < some.size()) some.resize(rows);
    out = Matrix(target, std::move(some)).run();
  });
  return out;
}

TEST(ControlMatrix, HasARowForEveryMethodAndNoOther) {
  const auto rows = read_rows("x");
  EXPECT_EQ(rows.size(), rpc::methods().size());
  for (const rpc::Method& method : rpc::methods()) {
    const auto row = std::ranges::find(rows, method.name, &Row::method);
    ASSERT_NE(row, rows.end()) << method.name << " has no row in vectors/rpc_matrix.txt";
    EXPECT_EQ(row->scope, method.scope) << method.name;
  }
}

TEST(ControlMatrix, EveryAttackOnEveryMethodIsRefused) {
  for (const std::string& complaint : complaints_of(SIZE_MAX)) ADD_FAILURE() << complaint;
}

// The names of a result as the table documents them: "blobs[].blake3" is blake3 in each of blobs.
std::set<std::string> documented(const rpc::Method& method) {
  std::set<std::string> out;
  for (const rpc::ResultField& field : method.result) {
    const std::string_view name = field.name;
    out.insert(std::string(
        name.substr(0, name.find("[].") == name.npos ? name.size() : name.find("[]."))));
  }
  return out;
}

TEST(ControlMatrix, WithTheRightTokenEveryMethodAnswersWhatItsRowSaysInTheFieldsItDocuments) {
  with_node([&](const Target& target, const rt::Path& folder) {
    for (const Row& row : read_rows((folder / "hello.txt").string())) {
      const Json answer = target.call(row.method, row.params);
      if (row.outcome != "ok") {
        EXPECT_EQ(answer.value("/error/data/code"_json_pointer, ""), row.outcome) << row.method;
        continue;
      }
      ASSERT_TRUE(answer.contains("result")) << row.method << ": " << answer.dump();
      const auto expected = documented(*rpc::find_method(row.method));
      std::set<std::string> got;
      for (const auto& [name, value] : answer["result"].items()) got.insert(name);
      EXPECT_EQ(got, expected) << row.method;
    }
  });
}

TEST(ControlMatrix, TheDataDirectoryIsNoContentAndErrorsTellTheNetworkNothingOfIt) {
  with_node([&](const Target& target, const rt::Path& folder) {
    for (const rt::Path& path : {folder / "node" / "keys" / "endpoint.key", folder / "node", folder,
                                 folder / "node" / "db" / ".." / "keys"}) {
      const Json answer = target.call("blob.add", Json{{"path", path.string()}}.dump());
      EXPECT_EQ(answer.value("/error/data/code"_json_pointer, ""), "denied") << path;
      EXPECT_EQ(answer.dump().find("/node"), std::string::npos) << answer.dump();
    }
    std::filesystem::create_symlink(folder / "node" / "keys" / "endpoint.key", folder / "link");
    const Json answer = target.call("blob.add", Json{{"path", (folder / "link").string()}}.dump());
    EXPECT_EQ(answer.value("/error/data/code"_json_pointer, ""), "denied");
    EXPECT_TRUE(target.call("node.info", "{}")["result"]["data_dir"].is_null());
  });
}

#ifdef ARCHY_TEST_HOOKS
TEST(ControlMatrix, NoticesEveryCheckThatIsTakenAway) {
  for (const char* mutant :
       {"guard_skips_method", "guard_skips_host", "guard_skips_fetch_site", "guard_skips_origin",
        "guard_skips_token", "guard_skips_scope", "guard_skips_size", "guard_skips_content_type",
        "guard_token_before_host", "token_seal_unchecked", "rpc_scope_unchecked",
        "rpc_depth_unchecked", "rpc_batch_unbounded"}) {
    test_hooks::plant(mutant);
    const auto complaints = complaints_of(3);
    test_hooks::plant("");
    EXPECT_FALSE(complaints.empty()) << mutant << " was not noticed";
    std::printf("planted %s: %.160s\n", mutant, complaints.empty() ? "-" : complaints[0].c_str());
  }
}
#endif

}  // namespace
}  // namespace archy::app
