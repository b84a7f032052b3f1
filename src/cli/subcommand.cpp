#include "cli/subcommand.hpp"

#include <CLI/App.hpp>

namespace archy::cli {

Subcommand::Subcommand(CLI::App& app, const std::string& name, const std::string& help)
    : command_(*app.add_subcommand(name, help)) {}

Subcommand Subcommand::below(const std::string& name, const std::string& help) {
  command_.require_subcommand(1);
  return {command_, name, help};
}

void Subcommand::required(const std::string& names, std::string& into, const std::string& help) {
  command_.add_option(names, into, help)->required();
}
void Subcommand::required(const std::string& names, std::vector<std::string>& into,
                          const std::string& help) {
  command_.add_option(names, into, help)->required();
}
void Subcommand::option(const std::string& names, std::string& into, const std::string& help) {
  command_.add_option(names, into, help);
}
void Subcommand::option(const std::string& names, std::vector<std::string>& into,
                        const std::string& help) {
  command_.add_option(names, into, help);
}
void Subcommand::option(const std::string& names, std::uint64_t& into, const std::string& help) {
  command_.add_option(names, into, help);
}
void Subcommand::flag(const std::string& names, bool& into, const std::string& help) {
  command_.add_flag(names, into, help);
}
void Subcommand::footer(std::function<std::string()> text) { command_.footer(std::move(text)); }
void Subcommand::run(std::function<void()> command) { command_.callback(std::move(command)); }

}  // namespace archy::cli
