// Where the configuration is, reading it, and changing one value of it.
#pragma once

#include <optional>

#include "rt/files.hpp"
#include "settings/settings.hpp"

namespace archy::settings {

// What a process was started with.
struct ConfigPlaces {
  std::optional<rt::Path> given;  // --config: must exist
  rt::Path data_dir;
  rt::Path system = "/etc/archipelago/config.toml";
};

using Environment = std::vector<std::pair<std::string, std::string>>;
// Every ARCHIPELAGO_* variable of this process.
Environment process_environment();

// Thread: one. The file may be edited by hand meanwhile: a change is made to what is there now.
class ConfigFile {
 public:
  // Errors: not_found (`given` is not there), bad_input, io, denied.
  static Result<ConfigFile> load(rt::Files& files, const ConfigPlaces& places,
                                 const Environment& environment);

  const Settings& settings() const { return settings_; }
  // The file in use; the one a change would make when none is there yet.
  const rt::Path& path() const { return path_; }
  // Names what the file says now, so that two editors do not overwrite each other unseen.
  // Shape: 16 hex digits. Errors: io, denied, bad_input (too long).
  Result<std::string> revision() const;
  // Written whole or not at all; in force in settings() afterwards (live settings only mean
  // something before a restart).
  // Errors: try_later (`expected` is not the revision any more), bad_input, denied, io, no_space.
  Result<> set(std::string_view name, const Value& value, std::string_view expected_revision);

 private:
  ConfigFile(rt::Files& files, rt::Path path) : files_(&files), path_(std::move(path)) {}
  Result<std::string> text() const;

  rt::Files* files_;
  rt::Path path_;
  Settings settings_;
};

}  // namespace archy::settings
