// Watches what a peer holds of a blob.
#pragma once

#include "blobs/getter.hpp"
#include "blobs/observe_item.hpp"

namespace archy::blobs {

class AnswerReader;

// Thread: the loop. Lifetime: dropping it ends the watch. Untrusted: a peer may claim anything.
class Observer {
 public:
  static rt::Task<std::unique_ptr<Observer>> open(std::shared_ptr<quic::Connection> connection,
                                                  Blake3Hash hash, GetOptions options);
  ~Observer();
  // The state after the next item: the first comes at once, the others when something changed.
  // Errors: as in getter.hpp; timed_out after `limit` (and the watch has ended then); not_found
  // when it ended.
  rt::Task<ObserveItem> next(rt::Duration limit);

 private:
  explicit Observer(std::unique_ptr<AnswerReader> answer);
  std::unique_ptr<AnswerReader> answer_;
  ObserveItem state_;
};

}  // namespace archy::blobs
