// One question of the engine to one source, from the asking to the end of the answer.
#pragma once

#include "fetch/engine.hpp"

namespace archy::fetch {

// Thread: the loop. Lifetime: within the engine's; until ask() has returned.
class Engine::Question final : public Delivery::Listener {
 public:
  Question(Engine& engine, std::size_t of, bao::ChunkRanges wanted, bool side)
      : source(of),
        is_side(side),
        delivery(std::make_shared<Delivery>(engine.target_, *this)),
        began(engine.env_.clock.now()),
        progress_at(began),
        epoch(engine.epoch_),
        engine_(engine) {
    attempt.hash = engine.report_.hash;
    attempt.wanted = std::move(wanted);
    attempt.target = delivery;
    attempt.no_progress_limit =
        side ? engine.options_.skeleton_limit : engine.options_.no_progress_limit;
    attempt.stop = stop_.get_token();
    attempt.over = engine.over_.get_token();
    attempt.on_received = [this] { engine_.received(*this); };
    attempt.on_loose = [this] {
      is_loose = true;
      if (!is_side) engine_.scheduler_.set_loose(source);
      engine_.poke();
    };
  }

  ~Question() override { delivery->shut(); }

  rt::Task<> ask(Source& of) { return of.fetch(attempt); }
  void call_off() {
    called_off = true;
    stop_.request_stop();
  }
  // It was silent for too long.
  void cut() {
    cut_off = true;
    stop_.request_stop();
  }

  const std::size_t source;
  const bool is_side;
  const std::shared_ptr<Delivery> delivery;
  Attempt attempt;
  GroupSet left;  // of what it was asked for, what did not come from it
  const rt::Instant began;
  rt::Instant progress_at;
  bool brought_nothing = true;
  bool called_off = false;
  bool cut_off = false;
  bool is_loose = false;
  const std::uint64_t epoch;

 private:
  void size_claimed() override { engine_.size_claimed(); }
  void size_proven() override { engine_.poke(); }
  void groups_came(GroupSpan groups) override { engine_.groups_came(*this, groups); }

  Engine& engine_;
  std::stop_source stop_;
};

}  // namespace archy::fetch
