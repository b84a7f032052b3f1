// A subcommand and the words it takes. The one way to CLI11 beside main.cpp, whose header costs
// seconds in every file that includes it. Lifetime: what is read into outlives the parsing.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace archy::cli {

// Of --class, wherever something is offered.
inline constexpr const char* kClassHelp =
    "how it is offered: public (free, whatever is sold), metered, paid, or standard (as the "
    "services say); default: standard, or the class it has already";

class Subcommand {
 public:
  Subcommand(CLI::App& app, const std::string& name, const std::string& help);

  // One below it; one of those has to be chosen.
  Subcommand below(const std::string& name, const std::string& help);

  // `names`: "path", or "-o,--output".
  void required(const std::string& names, std::string& into, const std::string& help);
  void required(const std::string& names, std::vector<std::string>& into, const std::string& help);
  void option(const std::string& names, std::string& into, const std::string& help);
  void option(const std::string& names, std::vector<std::string>& into, const std::string& help);
  void option(const std::string& names, std::uint64_t& into, const std::string& help);
  void flag(const std::string& names, bool& into, const std::string& help);
  // What --help says below the rest; made when it is asked for.
  void footer(std::function<std::string()> text);
  // When it is the one that was chosen.
  void run(std::function<void()> command);

 private:
  CLI::App& command_;
};

}  // namespace archy::cli
