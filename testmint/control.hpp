// What /_test/ does at a mint's port: the operator of the mint, of Lightning and of the script.
//
//   GET    report, report-all            the mint's book, or all of them and Lightning's
//   GET    faults   POST faults   DELETE faults
//   GET    requests   POST cut            of every port: fault_port.hpp
//   POST   pay       {"request", "amount_msat"?}         somebody outside pays the invoice
//   POST   invoice   {"amount", "expiry_s"?}             somebody outside asks for sat
//   POST   resolve   {"request", "paid"}                 ends a payment that is open
//   POST   fees      {"base", "ppm"}                     of Lightning
//   POST   rotate    {"version"?, "input_fee_ppk"?, "final_expiry"?}
//   POST   expire-keysets, restart, shutdown
//   POST   clock     {"ms"}                              the mint's offset
//   POST   without   {"nuts": [8, 19]}                   what it does not have from now on
#pragma once

#include <functional>

#include "testmint/fault_port.hpp"
#include "testmint/linked_mints.hpp"

namespace archy::testmint {

// Thread and lifetime: as LinkedMints.
class Control {
 public:
  Control(LinkedMints& mints, std::function<void()> shut_down)
      : mints_(mints), shut_down_(std::move(shut_down)) {}

  Reply handle(Mint& mint, const PortRequest& request, std::string_view name, std::int64_t now_ms);

 private:
  Result<Json> run(Mint& mint, std::string_view name, const Json& body, std::int64_t now_ms);
  Result<Json> run_lightning(std::string_view name, const Json& body, std::int64_t now_ms);

  LinkedMints& mints_;
  std::function<void()> shut_down_;
};

// "v1" or "v2". Errors: bad_input.
Result<cashu::KeysetId::Version> keyset_version(std::string_view text);

}  // namespace archy::testmint
