#include "settings/config_file.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include "crypto/sha256.hpp"
#include "rt/whole_file.hpp"
#include "settings/toml_text.hpp"

namespace archy::settings {

Environment process_environment() {
  Environment out;
  for (char** entry = environ; entry && *entry; ++entry) {
    const std::string_view text = *entry;
    const auto equals = text.find('=');
    if (!text.starts_with("ARCHIPELAGO_") || equals == std::string_view::npos) continue;
    out.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return out;
}

Result<std::string> ConfigFile::text() const {
  auto file = files_->open(path_, rt::Open::read);
  if (!file) {
    if (file.error().code == Code::not_found) return std::string();
    return fail(file.error());
  }
  Bytes bytes(kTomlBytes + 1);
  TRY(length, (*file)->read_at(0, bytes));
  if (length > kTomlBytes)
    return fail(Code::bad_input, fmt::format("{} is too long for a configuration", path_.string()));
  return std::string(as_text(ByteView(bytes).first(length)));
}

Result<ConfigFile> ConfigFile::load(rt::Files& files, const ConfigPlaces& places,
                                    const Environment& environment) {
  const rt::Path own = places.data_dir / "config.toml";
  rt::Path path = places.given ? *places.given : own;
  if (!files.kind(path)) {
    if (places.given)
      return fail(Code::not_found, fmt::format("no configuration at {}", path.string()));
    if (files.kind(places.system)) path = places.system;
  }
  ConfigFile out(files, path);
  TRY(text, out.text());
  TRY_OK(out.settings_.apply_toml(text, path.string()));
  TRY_OK(out.settings_.apply_environment(environment));
  return out;
}

Result<std::string> ConfigFile::revision() const {
  TRY(now, text());
  return crypto::sha256(as_bytes(now)).hex().substr(0, 16);
}

Result<> ConfigFile::set(std::string_view name, const Value& value,
                         std::string_view expected_revision) {
  Settings next = settings_;
  TRY_OK(next.set(name, value));
  TRY(before, text());
  if (crypto::sha256(as_bytes(before)).hex().substr(0, 16) != expected_revision) {
    return fail(Code::try_later,
                "the configuration has changed since; read it again and look before you set");
  }
  TRY(after, edit_toml(before, name, value));
  TRY_OK(rt::write_whole_file(*files_, path_, as_bytes(after)));
  settings_ = std::move(next);
  return {};
}

}  // namespace archy::settings
