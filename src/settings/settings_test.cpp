#include "settings/settings.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "rt/posix/posix_files.hpp"
#include "settings/config_file.hpp"
#include "settings/pages.hpp"
#include "settings/toml_text.hpp"

namespace archy::settings {
namespace {

using Words = std::vector<std::string>;

TEST(Table, EveryDefaultIsWithinItsOwnRangeAndEveryNameIsOnce) {
  std::set<std::string_view> names;
  for (const Setting& setting : table()) {
    EXPECT_TRUE(check(setting, setting.default_value)) << setting.name;
    EXPECT_TRUE(names.insert(setting.name).second) << setting.name;
    EXPECT_EQ(std::ranges::count(setting.name, '.'), 1) << setting.name;
    EXPECT_FALSE(setting.help.empty()) << setting.name;
  }
}

TEST(Table, EveryKeyHasARowOfItsType) {
  const Settings settings;
  EXPECT_EQ(settings.get(kLogLevel), "info");
  EXPECT_EQ(settings.get(kLogFormat), "text");
  EXPECT_EQ(settings.get(kNodeDrainMs), 5000);
  EXPECT_EQ(settings.get(kControlPort), 4920);
  EXPECT_TRUE(settings.get(kControlHosts).empty());
  EXPECT_EQ(settings.get(kFetchJobsAtOnce), 4);
  EXPECT_EQ(settings.get(kFetchKeepFreePercent), 5);
  EXPECT_EQ(settings.get(kFetchKeepFreeMib), 2048);
  EXPECT_FALSE(settings.get(kSwarmEnabled));
  EXPECT_EQ(settings.get(kSwarmBind), Words{"0.0.0.0:4919"});
  EXPECT_EQ(settings.get(kSwarmCongestion), "cubic");
}

TEST(Table, SuggestsTheNearestName) {
  EXPECT_EQ(nearest("swarm.enable"), "swarm.enabled");
  EXPECT_EQ(nearest("swarm_enabled"), "swarm.enabled");
  EXPECT_EQ(nearest("enabled"), "swarm.enabled");
  EXPECT_EQ(nearest("control.prot"), "control.port");
  EXPECT_EQ(nearest("wallet.seed_words"), "");
}

TEST(Settings, LaterSourcesWinAndSayWhereTheyCameFrom) {
  Settings settings;
  ASSERT_TRUE(settings.apply_toml("[swarm]\nenabled = true\n[control]\nport = 0\n", "config.toml"));
  EXPECT_TRUE(settings.get(kSwarmEnabled));
  EXPECT_EQ(settings.from("swarm.enabled"), From::file);
  EXPECT_EQ(settings.from("swarm.bind"), From::defaults);
  ASSERT_TRUE(settings.apply_environment(
      Environment{{"ARCHIPELAGO_SWARM_ENABLED", "false"},
                  {"ARCHIPELAGO_SWARM_BIND", "127.0.0.1:1,[::1]:2"},
                  {"ARCHIPELAGO_DATA_DIR", "/somewhere"},  // not a module of ours
                  {"HOME", "/root"}}));
  EXPECT_FALSE(settings.get(kSwarmEnabled));
  EXPECT_EQ(settings.from("swarm.enabled"), From::environment);
  EXPECT_EQ(settings.get(kSwarmBind), (Words{"127.0.0.1:1", "[::1]:2"}));
  const auto refused = settings.set("swarm.enabled", true);
  EXPECT_EQ(refused.error().code, Code::denied);
}

TEST(Settings, WhatIsUnknownOrOutOfRangeIsAnErrorThatHelps) {
  struct Case {
    std::string_view toml, says;
  };
  for (const Case& one : {
           Case{"[swarm]\nenable = true\n",
                "config.toml:2: unknown setting 'swarm.enable'; did "
                "you mean 'swarm.enabled'?"},
           Case{"swarm_enabled = true\n", "did you mean 'swarm.enabled'?"},
           Case{"[swarn]\nenabled = true\n", "did you mean 'swarm.enabled'?"},
           Case{"[wallet]\nseed = \"x\"\n", "unknown setting 'wallet.seed'"},
           Case{"[swarm]\nenabled = 1\n", "wants true or false"},
           Case{"[swarm]\nenabled = \"true\"\n", "wants true or false"},
           Case{"[control]\nport = 65536\n", "wants a whole number from 0 to 65535"},
           Case{"[control]\nport = -1\n", "wants"},
           Case{"[control]\nport = 1.0\n", "settings are"},
           Case{"[log]\nlevel = \"loud\"\n", "one of error, warn"},
           Case{"[swarm]\nbind = []\n", "list of IP:PORT"},
           Case{"[swarm]\nbind = [\"localhost:1\"]\n", "list of IP:PORT"},
           Case{"[swarm]\nbind = [1]\n", "list may hold text only"},
           Case{"[swarm.enabled]\nx = 1\n", "is a setting, not a section"},
           Case{"[swarm\n", "config.toml:1"},
           Case{"[swarm]\nenabled = true\nenabled = false\n", "config.toml:3"},
       }) {
    Settings settings;
    const auto done = settings.apply_toml(one.toml, "config.toml");
    ASSERT_FALSE(done) << one.toml;
    EXPECT_EQ(done.error().code, Code::bad_input);
    EXPECT_NE(done.error().detail.find(one.says), std::string::npos)
        << one.toml << " -> " << done.error().detail;
    EXPECT_FALSE(settings.get(kSwarmEnabled));
  }
}

TEST(Settings, OneRefusedKeyAppliesNothing) {
  Settings settings;
  EXPECT_FALSE(settings.apply_toml("[control]\nport = 1\n[swarm]\nnope = 1\n", "config.toml"));
  EXPECT_EQ(settings.get(kControlPort), 4920);
}

TEST(Settings, AMisspeltVariableOfAModuleOfOursIsAnError) {
  Settings settings;
  const auto done = settings.apply_environment(Environment{{"ARCHIPELAGO_SWARM_ENABLE", "true"}});
  ASSERT_FALSE(done);
  EXPECT_NE(done.error().detail.find("did you mean ARCHIPELAGO_SWARM_ENABLED?"), std::string::npos)
      << done.error().detail;
  EXPECT_FALSE(settings.apply_environment(Environment{{"ARCHIPELAGO_CONTROL_PORT", "4920x"}}));
  EXPECT_FALSE(settings.apply_environment(Environment{{"ARCHIPELAGO_CONTROL_PORT", ""}}));
}

TEST(TomlText, AValueIsChangedAndTheRestStaysAsItWasWritten) {
  struct Case {
    std::string_view before, name;
    Value value;
    std::string_view after;
  };
  for (const Case& one : {
           Case{"", "swarm.enabled", true, "[swarm]\nenabled = true\n"},
           Case{"# mine\n[swarm] # peers\nenabled=false # for now\nbind = [\"1.2.3.4:5\"]\n",
                "swarm.enabled", true,
                "# mine\n[swarm] # peers\nenabled=true # for now\nbind = [\"1.2.3.4:5\"]\n"},
           Case{"[swarm]\n# comment\n[control]\nport = 7\n", "swarm.enabled", true,
                "[swarm]\nenabled = true\n# comment\n[control]\nport = 7\n"},
           Case{"[control]\nport = 7", "log.level", std::string("debug"),
                "[control]\nport = 7\n\n[log]\nlevel = \"debug\"\n"},
           Case{"swarm.enabled = false\n", "swarm.enabled", true, "swarm.enabled = true\n"},
           Case{"[swarm]\nbind = [\n  \"1.2.3.4:5\", # gr\u00fc\u00df\n]\n", "swarm.bind",
                Words{"127.0.0.1:0"}, "[swarm]\nbind = [\"127.0.0.1:0\"]\n"},
           Case{"[control]", "control.port", std::int64_t{9}, "[control]\nport = 9\n"},
       }) {
    const auto edited = edit_toml(one.before, one.name, one.value);
    ASSERT_TRUE(edited) << one.before << edited.error().detail;
    EXPECT_EQ(*edited, one.after);
  }
}

TEST(TomlText, WhatIsNotTomlIsRefusedWhateverTheParserThinksOfIt) {
  for (const std::string_view text :
       {"[?]", "[+", "[[.a]]", "[ ,]", "x", "x = ", "[a", "\x01", "\u01ac=1"}) {
    const auto read = read_toml(text, "config.toml");
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code, Code::bad_input);
    EXPECT_TRUE(read.error().detail.starts_with("config.toml:")) << read.error().detail;
  }
}

TEST(TomlText, AnEditThatCannotBePlacedIsRefusedInsteadOfGuessed) {
  // A second [swarm] after dotted keys would not be TOML.
  const auto edited = edit_toml("swarm.enabled = false\n", "swarm.congestion", std::string("bbr"));
  if (edited) {
    Settings settings;
    ASSERT_TRUE(settings.apply_toml(*edited, "config.toml"));
    EXPECT_EQ(settings.get(kSwarmCongestion), "bbr");
  } else {
    EXPECT_NE(edited.error().detail.find("write it there yourself"), std::string::npos);
  }
}

class ConfigFileTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/archy-config-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    folder_ = name;
    places_.data_dir = folder_ / "data";
    places_.system = folder_ / "system.toml";
    std::filesystem::create_directories(places_.data_dir);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  static void write(const rt::Path& path, std::string_view text) { std::ofstream(path) << text; }

  rt::PosixFiles files_;
  rt::Path folder_;
  ConfigPlaces places_;
};

TEST_F(ConfigFileTest, IsTheGivenOneElseTheDataDirectorysElseTheSystems) {
  EXPECT_EQ(ConfigFile::load(files_, places_, {})->path(), places_.data_dir / "config.toml");
  write(places_.system, "[control]\nport = 1\n");
  EXPECT_EQ(ConfigFile::load(files_, places_, {})->settings().get(kControlPort), 1);
  write(places_.data_dir / "config.toml", "[control]\nport = 2\n");
  EXPECT_EQ(ConfigFile::load(files_, places_, {})->settings().get(kControlPort), 2);
  places_.given = folder_ / "given.toml";
  EXPECT_EQ(ConfigFile::load(files_, places_, {}).error().code, Code::not_found);
  write(*places_.given, "[control]\nport = 3\n");
  EXPECT_EQ(ConfigFile::load(files_, places_, {})->settings().get(kControlPort), 3);
}

TEST_F(ConfigFileTest, AChangeIsMadeOnlyToWhatTheCallerHasSeen) {
  auto config = ConfigFile::load(files_, places_, {});
  ASSERT_TRUE(config);
  const std::string seen = *config->revision();
  ASSERT_TRUE(config->set("log.level", std::string("debug"), seen));
  EXPECT_EQ(config->settings().get(kLogLevel), "debug");
  EXPECT_EQ(ConfigFile::load(files_, places_, {})->settings().get(kLogLevel), "debug");
  const auto again = config->set("log.level", std::string("trace"), seen);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Code::try_later);
  EXPECT_EQ(config->settings().get(kLogLevel), "debug");
  ASSERT_TRUE(config->set("log.level", std::string("trace"), *config->revision()));
}

TEST_F(ConfigFileTest, TheSampleIsReadAsAllDefaults) {
  Settings settings;
  ASSERT_TRUE(settings.apply_toml(sample_toml(), "sample"));
  for (const Setting& setting : table())
    EXPECT_EQ(settings.at(setting.name), setting.default_value);
  // And with every # of a setting taken away it says the same aloud.
  std::istringstream lines(sample_toml());
  std::string text;
  for (std::string line; std::getline(lines, line);)
    text += (line.starts_with("#") && !line.starts_with("# ") ? line.substr(1) : line) + "\n";
  ASSERT_TRUE(settings.apply_toml(text, "sample"));
  for (const Setting& setting : table()) {
    EXPECT_EQ(settings.at(setting.name), setting.default_value);
    EXPECT_EQ(settings.from(setting.name), From::file) << setting.name;
  }
}

TEST(Pages, TheCommittedPageIsWhatTheTableSays) {
  const std::string path = ARCHY_VECTORS "/../doc/settings.md";
  if (std::getenv("ARCHY_WRITE_PAGES")) std::ofstream(path) << markdown_page();
  std::ostringstream committed;
  committed << std::ifstream(path).rdbuf();
  EXPECT_EQ(committed.str(), markdown_page())
      << "write it again: ARCHY_WRITE_PAGES=1 settings_test";
}

}  // namespace
}  // namespace archy::settings
