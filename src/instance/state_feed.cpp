#include "instance/state_feed.h"

#include <utility>

#include "instance/event_envelope.h"
#include "instance/state_journal.h"

namespace ponte::instance {

StateFeed::Id StateFeed::subscribe(std::shared_ptr<EventSink> sink) {
  const std::lock_guard lock(mutex_);
  const Id id = next_id_++;
  if (closed_) {
    sink->end();
  } else {
    sinks_.emplace(id, std::move(sink));
  }
  return id;
}

void StateFeed::unsubscribe(Id id) {
  const std::lock_guard lock(mutex_);
  sinks_.erase(id);
}

void StateFeed::beat() {
  const std::lock_guard lock(mutex_);
  std::erase_if(sinks_, [](const auto& each) { return !each.second->beat(); });
}

void StateFeed::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  for (auto& [id, sink] : sinks_) sink->end();
  sinks_.clear();
}

void StateFeed::on_state(const StateEvent& event) {
  const std::lock_guard lock(mutex_);
  if (sinks_.empty()) return;
  StateEvent shown = event;
  shown.qr_text.reset();
  shown.pairing_code.reset();
  JournalEvent as_event;
  as_event.name = kInstanceState;
  as_event.at = event.at;
  as_event.data = state_data(shown);
  const auto pushed = std::make_shared<const PushedEvent>(
      PushedEvent{0, as_event.name, render_envelope(as_event, {base_url_, event.instance, std::nullopt})});
  std::erase_if(sinks_, [&](const auto& each) { return !each.second->take(pushed); });
}

}  // namespace ponte::instance
