#include "blobs/observer.hpp"

#include "blobs/answer_reader.hpp"

namespace archy::blobs {

Observer::Observer(std::unique_ptr<AnswerReader> answer) : answer_(std::move(answer)) {}

Observer::~Observer() = default;

rt::Task<std::unique_ptr<Observer>> Observer::open(std::shared_ptr<quic::Connection> connection,
                                                   Blake3Hash hash, GetOptions options) {
  Request request = ObserveRequest{hash, bao::ChunkRanges::all()};
  CO_TRY(answer, co_await AnswerReader::ask(std::move(connection), std::move(request), options));
  co_return std::unique_ptr<Observer>(new Observer(std::move(answer)));
}

rt::Task<ObserveItem> Observer::next(rt::Duration limit) {
  answer_->deadline().set_in(limit);
  for (;;) {
    const ByteView view = answer_->stream().buffered();
    auto read = read_observe_item(view);
    if (!read) co_return fail(Code::peer_fault, read.error().detail);
    if (*read) {
      answer_->stream().consume((*read)->length);
      state_.size = (*read)->item.size;
      state_.ranges = state_.ranges ^ (*read)->item.ranges;
      answer_->deadline().clear();
      co_return state_;
    }
    const std::size_t wanted = view.size() + 1;
    CO_TRY_OK(co_await answer_->need(wanted));
  }
}

}  // namespace archy::blobs
