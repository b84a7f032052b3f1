// token: credentials for the control port that reach less far than the node's own.
#include <fmt/core.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <nlohmann/json.hpp>

#include "cli/caller.hpp"
#include "cli/exit_code.hpp"
#include "rpc/message.hpp"

namespace archy::cli {
namespace {

struct NewToken {
  std::string scope, method;
  std::optional<std::uint64_t> lives_s, cap_sats, day_cap_sats;
};

int call_token(const GlobalOptions& global, std::string_view method, const rpc::Json& params,
               const char* shown) {
  const Output out = global.output();
  auto caller = Caller::open(global, {});
  if (!caller) return out.error(caller.error());
  auto answer = (*caller)->call(method, params);
  if (!answer) return out.error(answer.error());
  out.raw(global.json ? rpc::to_text(*answer)
                      : (shown ? answer->at(shown).get<std::string>() : std::string("revoked")));
  return kOk;
}

int create(const GlobalOptions& global, const NewToken& asked) {
  rpc::Json params{{"scope", asked.scope}};
  if (!asked.method.empty()) params["method"] = asked.method;
  if (asked.lives_s) params["lives_s"] = *asked.lives_s;
  if (asked.cap_sats) params["cap_sats"] = *asked.cap_sats;
  if (asked.day_cap_sats) params["day_cap_sats"] = *asked.day_cap_sats;
  return call_token(global, "token.create", params, "token");
}

}  // namespace

void register_token(CLI::App& app, const GlobalOptions& global, int& exit) {
  auto* token = app.add_subcommand("token", "bearer tokens of the running node");
  token->require_subcommand(1);
  auto asked = std::make_shared<NewToken>();
  auto* made =
      token->add_subcommand("new", "make one; it ends by itself, at the latest with the node");
  made->add_option("--scope", asked->scope, "read, operate, spend or admin")->required();
  made->add_option("--cap-sats", asked->cap_sats,
                   "of scope spend: what it may spend in all, fees counted");
  made->add_option("--day-cap-sats", asked->day_cap_sats, "the same for one day");
  made->add_option("--lives", asked->lives_s, "seconds (default 3600)");
  made->add_option("--method", asked->method, "only this method");
  made->callback([&global, &exit, asked] { exit = create(global, *asked); });

  auto id = std::make_shared<std::uint64_t>(0);
  auto* revoke = token->add_subcommand("revoke", "end one, and all that were narrowed from it");
  revoke->add_option("id", *id, "as token new --json gave it")->required();
  revoke->callback([&global, &exit, id] {
    exit = call_token(global, "token.revoke", rpc::Json{{"id", *id}}, nullptr);
  });
}

}  // namespace archy::cli
