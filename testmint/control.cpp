#include "testmint/control.hpp"

#include <nlohmann/json.hpp>

#include "cashu/bolt11.hpp"
#include "cashu/json.hpp"

namespace archy::testmint {
namespace {

Reply failed(const Error& error) {
  const int status = error.code == Code::not_found ? 404 : 400;
  return json_reply(status, Json{{"error", to_string(error)}}.dump());
}

Result<std::optional<std::uint64_t>> optional_number(const Json& body, std::string_view name) {
  const Json* member = cashu::optional_member(body, name);
  if (member == nullptr) return std::nullopt;
  TRY(number, cashu::number_of(*member, name));
  return number;
}

Result<KeysetPlan> plan_of(const Json& body, KeysetPlan out) {
  if (const Json* version = cashu::optional_member(body, "version")) {
    TRY(text, cashu::string_of(*version, "version"));
    TRY(parsed, keyset_version(text));
    out.version = parsed;
  }
  TRY(fee, optional_number(body, "input_fee_ppk"));
  out.input_fee_ppk = fee.value_or(out.input_fee_ppk);
  TRY(expiry, optional_number(body, "final_expiry"));
  out.final_expiry = expiry;
  return out;
}

Result<std::set<int>> nuts_of(const Json& body) {
  TRY(list, cashu::object_member(body, "nuts"));
  std::set<int> out;
  for (const Json& each : *list) {
    TRY(number, cashu::number_of(each, "nuts"));
    out.insert(static_cast<int>(number));
  }
  return out;
}

}  // namespace

Result<cashu::KeysetId::Version> keyset_version(std::string_view text) {
  if (text == "v1") return cashu::KeysetId::Version::v1;
  if (text == "v2") return cashu::KeysetId::Version::v2;
  return fail(Code::bad_input, "a keyset's version is v1 or v2");
}

Reply Control::handle(Mint& mint, const PortRequest& request, std::string_view name,
                      std::int64_t now_ms) {
  if (auto faults = control_faults(mint.faults(), request, name)) return *faults;
  if (request.method == "GET") {
    if (name != "report" && name != "report-all") return json_reply(404, "{}");
    auto report = name == "report" ? mint.report(now_ms) : mints_.report(now_ms);
    return report ? json_reply(200, std::move(*report)) : failed(report.error());
  }
  if (request.method != "POST") return json_reply(405, "{}");
  Json body = Json::object();
  if (!request.body.empty()) {
    auto read = cashu::read_json(request.body);
    if (!read) return failed(read.error());
    body = std::move(*read);
  }
  auto done = run(mint, name, body, now_ms);
  return done ? json_reply(200, done->dump()) : failed(done.error());
}

Result<Json> Control::run(Mint& mint, std::string_view name, const Json& body,
                          std::int64_t now_ms) {
  if (name == "rotate") {
    TRY(plan, plan_of(body, mint.active_plan()));
    TRY_OK(mint.rotate(plan));
    return Json{{"id", mint.active().id().text()}};
  }
  if (name == "expire-keysets") {
    TRY_OK(mint.expire_keysets());
    return Json{{"id", mint.active().id().text()}};
  }
  if (name == "clock") {
    const Json* ms = cashu::optional_member(body, "ms");
    if (ms == nullptr || !ms->is_number_integer()) return fail(Code::bad_input, "ms: no number");
    mint.set_clock_offset(ms->get<std::int64_t>());
    return Json::object();
  }
  if (name == "without") {
    TRY(nuts, nuts_of(body));
    mint.options().without = nuts;
    return Json::object();
  }
  if (name == "restart") {
    mint.restart();
    return Json::object();
  }
  if (name == "shutdown") {
    shut_down_();
    return Json::object();
  }
  return run_lightning(name, body, now_ms);
}

Result<Json> Control::run_lightning(std::string_view name, const Json& body, std::int64_t now_ms) {
  Lightning& lightning = mints_.lightning();
  if (name == "pay") {
    TRY(invoice, cashu::string_member(body, "request"));
    TRY(amount, optional_number(body, "amount_msat"));
    TRY_OK(lightning.pay_from_outside(invoice, amount, now_ms));
    return Json::object();
  }
  if (name == "invoice") {
    TRY(sat, cashu::number_member(body, "amount"));
    TRY(expiry, optional_number(body, "expiry_s"));
    TRY(invoice, lightning.invoice(kOutside, sat * 1000, "outside", expiry.value_or(3600), now_ms));
    return Json{{"request", invoice.text}, {"hash", invoice.hash.hex()}};
  }
  if (name == "resolve") {
    TRY(text, cashu::string_member(body, "request"));
    TRY(invoice, cashu::parse_invoice(text));
    TRY(paid, cashu::object_member(body, "paid"));
    if (!paid->is_boolean()) return fail(Code::bad_input, "paid: neither true nor false");
    TRY_OK(lightning.resolve(invoice.payment_hash, paid->get<bool>(), now_ms));
    return Json::object();
  }
  if (name == "fees") {
    TRY(base, cashu::number_member(body, "base"));
    TRY(ppm, cashu::number_member(body, "ppm"));
    lightning.set_fees({base, ppm});
    return Json::object();
  }
  return fail(Code::not_found, "no such control");
}

}  // namespace archy::testmint
