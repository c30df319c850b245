#include "instance/types.h"

#include <algorithm>

namespace ponte::instance {

std::string_view state_name(State state) {
  switch (state) {
    case State::kDisconnected: return "disconnected";
    case State::kConnecting: return "connecting";
    case State::kConnected: return "connected";
    case State::kLoggedOut: return "loggedout";
    case State::kPasskeyRequired: return "passkey_required";
  }
  return "disconnected";
}

Error instance_not_found() {
  return {Errc::kNotFound, Cause::kInstanceNotFound, "no instance of this name"};
}

bool is_instance_name(std::string_view name) {
  return !name.empty() && name.size() <= 100 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

bool SettingsChange::empty() const {
  return !auto_reject_calls && !call_reject_message && !ignore_group_messages && !keep_online_status &&
         !auto_read_messages && !disable_history_sync && !ignore_status;
}

void SettingsChange::apply_to(Settings& settings) const {
  settings.auto_reject_calls = auto_reject_calls.value_or(settings.auto_reject_calls);
  settings.call_reject_message = call_reject_message.value_or(settings.call_reject_message);
  settings.ignore_group_messages = ignore_group_messages.value_or(settings.ignore_group_messages);
  settings.keep_online_status = keep_online_status.value_or(settings.keep_online_status);
  settings.auto_read_messages = auto_read_messages.value_or(settings.auto_read_messages);
  settings.disable_history_sync = disable_history_sync.value_or(settings.disable_history_sync);
  settings.ignore_status = ignore_status.value_or(settings.ignore_status);
}

}  // namespace ponte::instance
