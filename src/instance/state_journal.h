// instance.state as an event of the journal (contract, decision 12).
#pragma once

#include <string>
#include <vector>

#include "instance/state_listener.h"

namespace ponte::instance {

class EventJournal;

/// The name of the event.
inline constexpr char kInstanceState[] = "instance.state";

/// The envelope's `data`: `state`, `instance`, `timestamp`, and where they apply `jid`, `codes`, `pairingCode`,
/// `expiresIn` (seconds), `reason` (`code`, `message`, `retryAt`).
std::string state_data(const StateEvent& event);

/// Appends each change to the journal of its instance.
class StateJournal final : public StateListener {
 public:
  /// `journal` outlives it.
  explicit StateJournal(EventJournal& journal) : journal_(journal) {}
  void on_state(const StateEvent& event) override;

 private:
  EventJournal& journal_;
};

/// Several listeners as one, told in their order.
class StateListeners final : public StateListener {
 public:
  /// They outlive it.
  explicit StateListeners(std::vector<StateListener*> listeners) : listeners_(std::move(listeners)) {}
  void on_state(const StateEvent& event) override {
    for (StateListener* listener : listeners_) listener->on_state(event);
  }

 private:
  const std::vector<StateListener*> listeners_;
};

}  // namespace ponte::instance
