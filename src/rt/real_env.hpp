// The real outside world on one loop, for tests, benches and tools. In the product app::Core is the
// only constructor of real things.
#pragma once

#include <boost/asio/io_context.hpp>

#include "rt/asio/asio_clock.hpp"
#include "rt/asio/asio_datagram.hpp"
#include "rt/env.hpp"
#include "rt/posix/os_random.hpp"
#include "rt/posix/posix_files.hpp"

namespace archy::rt {

// Declaration order is construction order: the loop goes last. Thread: one runs `loop`.
struct RealEnv {
  RealEnv() = default;
  RealEnv(const RealEnv&) = delete;
  RealEnv& operator=(const RealEnv&) = delete;

  boost::asio::io_context loop{1};
  AsioClock clock{loop.get_executor()};
  OsRandom random;
  PosixFiles files;
  AsioDatagramNetwork network{loop.get_executor()};
  Env env{loop.get_executor(), clock, random, files, network};
};

}  // namespace archy::rt
