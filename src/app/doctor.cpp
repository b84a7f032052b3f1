#include "app/doctor.hpp"

#include <fmt/core.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>

#include "app/core.hpp"
#include "app/peer_door.hpp"
#include "http/listener.hpp"
#include "rt/posix/posix_files.hpp"
#include "rt/whole_file.hpp"
#include "settings/config_file.hpp"

namespace archy::app {
namespace {

class Examination {
 public:
  explicit Examination(const DoctorOptions& options) : options_(options) {}

  std::vector<Finding> run() {
    if (!data_dir()) return std::move(out_);
    const auto settings = this->settings();
    socket();
    store();
    disk();
    out_.push_back(judge_clock(clock()));
    descriptors();
    udp();
    if (settings) ports(*settings);
    return std::move(out_);
  }

 private:
  void say(std::string_view check, Health health, std::string text) {
    out_.push_back({check, health, std::move(text)});
  }

  bool data_dir() {
    struct stat status{};
    if (::stat(options_.data_dir.c_str(), &status) != 0) {
      say("data_dir", Health::failure,
          fmt::format("{} is not there: archipelago init", options_.data_dir.string()));
      return false;
    }
    if (status.st_uid != ::geteuid()) {
      say("data_dir", Health::failure,
          fmt::format("{} belongs to another user", options_.data_dir.string()));
    } else if ((status.st_mode & 077) != 0) {
      say("data_dir", Health::warning,
          fmt::format("{0} can be entered by others: chmod 700 {0}", options_.data_dir.string()));
    } else {
      say("data_dir", Health::ok, options_.data_dir.string());
    }
    return true;
  }

  std::optional<settings::Settings> settings() {
    settings::ConfigPlaces places;
    places.data_dir = options_.data_dir;
    places.given = options_.config;
    auto loaded = settings::ConfigFile::load(files_, places, settings::process_environment());
    if (!loaded) {
      say("settings", Health::failure, loaded.error().detail);
      return std::nullopt;
    }
    say("settings", Health::ok, loaded->path().string());
    return loaded->settings();
  }

  void socket() {
    auto asked = options_.ask_node();
    if (!asked) return say("node", Health::failure, to_string(asked.error()));
    node_ = std::move(*asked);
    std::error_code ignored;
    if (node_) {
      say("node", Health::ok, fmt::format("runs, version {}", node_->version));
    } else if (std::filesystem::exists(options_.data_dir / "run" / "sock", ignored)) {
      say("node", Health::warning,
          "none runs, and one before did not end by itself (run/sock was left)");
    } else {
      say("node", Health::ok, "none runs");
    }
  }

  // A running node has the lock, the key and the store open: it vouches for them.
  void store() {
    if (node_) return;
    auto core = Core::open({options_.data_dir, DataDir::Create::never});
    if (!core && core.error().code == Code::locked)
      return say("store", Health::failure, "another process uses the data directory");
    if (!core) return say("store", Health::failure, to_string(core.error()));
    auto blobs = (*core)->store().list();
    if (!blobs) return say("store", Health::failure, to_string(blobs.error()));
    say("store", Health::ok, fmt::format("opens, {} blobs", blobs->size()));
    core_ = std::move(*core);
  }

  void disk() {
    struct statvfs status{};
    if (::statvfs(options_.data_dir.c_str(), &status) != 0) {
      say("disk_space", Health::failure, "the file system does not answer");
    } else {
      Space space;
      space.free_bytes = std::uint64_t{status.f_bavail} * status.f_frsize;
      space.total_bytes = std::uint64_t{status.f_blocks} * status.f_frsize;
      space.free_files = status.f_favail;
      out_.push_back(judge_space(space));
    }
    const rt::Path probe = options_.data_dir / "tmp" / "doctor";
    auto written = rt::write_whole_file(files_, probe, as_bytes("written by archipelago doctor\n"));
    if (written) written = files_.remove(probe);
    if (written) {
      say("disk_write", Health::ok, "a file can be written, made durable and removed");
    } else {
      say("disk_write", Health::failure, to_string(written.error()));
    }
  }

  ClockFacts clock() const {
    ClockFacts facts;
    facts.unix_s = static_cast<std::int64_t>(::time(nullptr));
    for (const char* name : {"db", "run", "blobs", "tmp"}) {
      struct stat status{};
      if (::stat((options_.data_dir / name).c_str(), &status) == 0)
        facts.newest_file_s = std::max<std::int64_t>(facts.newest_file_s, status.st_mtim.tv_sec);
    }
    timex state{};
    facts.synchronized = ::adjtimex(&state) != TIME_ERROR;
    return facts;
  }

  void descriptors() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) out_.push_back(judge_descriptors(limit.rlim_cur));
  }

  void udp() {
    const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return say("udp", Health::failure, "no UDP socket is to be had");
    const int one = 1;
    int segment = 0;
    socklen_t length = sizeof segment;
    const bool gso = ::getsockopt(fd, SOL_UDP, UDP_SEGMENT, &segment, &length) == 0;
    const bool gro = ::setsockopt(fd, SOL_UDP, UDP_GRO, &one, sizeof one) == 0;
    const int wanted = static_cast<int>(rt::DatagramOptions().buffer_bytes);
    int granted = 0;
    length = sizeof granted;
    (void)::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &wanted, sizeof wanted);
    (void)::getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &granted, &length);
    ::close(fd);
    if (!gso || !gro) {
      return say("udp", Health::warning,
                 fmt::format("the kernel has no {}: peers are served more slowly",
                             !gso ? "UDP segmentation offload" : "UDP receive offload"));
    }
    // The kernel says twice what it was asked for.
    if (granted / 2 < wanted) {
      return say("udp", Health::warning,
                 fmt::format("receive buffers of {} KiB instead of {}: sysctl net.core.rmem_max={}",
                             granted / 2048, wanted / 1024, wanted));
    }
    say("udp", Health::ok, "segmentation and receive offload, large buffers");
  }

  // Those that need the port to be free, so only while no node has it.
  void ports(const settings::Settings& settings) {
    if (node_) {
      say("ports", Health::ok,
          fmt::format("control {}, content {}", node_->control, node_->content));
      out_.push_back(judge_reach(node_->swarm_running, node_->swarm_addresses));
      return;
    }
    const auto free = [&](std::string_view check, std::int64_t port) {
      const auto at = rt::Address::loopback(static_cast<std::uint16_t>(port));
      auto listener = http::Listener::open_tcp(at);
      say(check, listener ? Health::ok : Health::failure,
          listener ? fmt::format("{} is free", rt::to_string(at)) : to_string(listener.error()));
    };
    free("control_port", settings.get(settings::kControlPort));
    free("content_port", settings.get(settings::kContentPort));
    swarm(settings);
  }

  void swarm(const settings::Settings& settings) {
    const bool enabled = settings.get(settings::kSwarmEnabled);
    std::vector<rt::Address> told;
    if (!core_) return;
    for (const std::string& text : settings.get(settings::kSwarmBind)) {
      const auto at = rt::parse_address(text);
      if (!enabled || !at) continue;
      auto bound = core_->env().network.bind(*at, {});
      say("swarm_port", bound ? Health::ok : Health::failure,
          bound ? fmt::format("{} (UDP) is free", text) : to_string(bound.error()));
      for (const rt::Address& one : advertised_addresses(core_->env().network, *at))
        told.push_back(one);
    }
    out_.push_back(judge_reach(enabled, told));
  }

  const DoctorOptions& options_;
  rt::PosixFiles files_;
  std::optional<NodeReport> node_;
  std::unique_ptr<Core> core_;  // while no node runs
  std::vector<Finding> out_;
};

}  // namespace

std::vector<Finding> examine(const DoctorOptions& options) { return Examination(options).run(); }

}  // namespace archy::app
