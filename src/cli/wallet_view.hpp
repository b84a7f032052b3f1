// How the wallet's answers look: JSON as the method gave it, or lines for people.
#pragma once

#include <cstdint>
#include <string>

#include "cli/output.hpp"
#include "rpc/json.hpp"

namespace archy::cli {

// `row` with --json, else `text`.
void show(const Output& out, const rpc::Json& row, std::string_view text);
// For people only, on standard error: what stands beside the result.
void note(const Output& out, std::string_view text);

// One operation that a command waited for. Shows `text` when it is done, and returns the exit code;
// when it failed or is open still, one line on standard error says why and what to do.
int show_ended(const Output& out, const rpc::Json& operation, const std::string& text);
// What an operation that is not done means for a command; ok for one that is.
Result<> judge(const rpc::Json& operation);

// A member that every answer of its method has; text with nothing in it that a terminal obeys.
std::string string_of(const rpc::Json& row, const char* name);
std::uint64_t number_of(const rpc::Json& row, const char* name);

std::string operation_line(const rpc::Json& operation);
std::string operation_page(const rpc::Json& operation);
// All of one wallet.mints or wallet.balance.
void show_mints(const Output& out, const rpc::Json& answer);
void show_balance(const Output& out, const rpc::Json& answer);

// Error line and exit code of a wallet's command: what a cap, a fee limit or missing trust forbids
// is no bad input.
int wallet_error(const Output& out, const Error& error);

}  // namespace archy::cli
