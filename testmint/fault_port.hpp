// An HTTP port whose requests meet a script of faults on their way. What stands behind it, a mint
// or the way to a real one, executes them. Requests below /_test/ are for the script and its
// operator: they meet no fault, and no mint has such a place. GET /_test/requests counts the
// others, {"arrived", "executed", "under_way"}: what became of one whose client has died. POST
// /_test/cut ends all delays: such a request goes no further, and its connection is lost.
#pragma once

#include <stop_token>

#include "http/server.hpp"
#include "testmint/faults.hpp"
#include "testmint/reply.hpp"

namespace archy::testmint {

struct PortRequest {
  std::string method;
  std::string target;
  std::string path;  // the target up to the question mark
  std::string body;
};

struct PortOptions {
  // False: each answer ends its connection, so that no client meets a dead one and sends again by
  // itself: each request is one request of the script.
  bool keep_alive = false;
};

// Thread: the loop. Lifetime: outlives the server that was given it.
class FaultPort : public http::Handler {
 public:
  FaultPort(rt::Executor executor, rt::Clock& clock, PortOptions options)
      : executor_(std::move(executor)), clock_(clock), options_(options) {}

  rt::Task<> handle(http::ServerExchange& exchange) final;
  // Delays end at once, unexecuted; for when the server closes.
  void stop() { delays_.request_stop(); }

 protected:
  virtual FaultScript& script() = 0;
  // Errors: what the client sees as a lost connection.
  virtual rt::Task<Reply> execute(const PortRequest& request, const Carriage& carriage) = 0;
  // POST and GET of /_test/...; `name`: what comes after.
  virtual Reply control(const PortRequest& request, std::string_view name) = 0;

  rt::Executor executor_;
  rt::Clock& clock_;

 private:
  rt::Task<Reply> carry(const PortRequest& request, const Carriage& carriage);
  Reply control_here(const PortRequest& request);
  rt::Task<> pause(std::int64_t ms);
  rt::Task<> answer(http::ServerExchange& exchange, Reply reply,
                    std::optional<std::size_t> truncate_at);

  const PortOptions options_;
  std::uint64_t arrived_ = 0, executed_ = 0, under_way_ = 0;
  std::stop_source delays_;
};

// "faults" of /_test/: POST adds what the body says, DELETE takes all away, GET counts. None for
// any other name.
std::optional<Reply> control_faults(FaultScript& script, const PortRequest& request,
                                    std::string_view name);
Reply json_reply(int status, std::string body);

}  // namespace archy::testmint
