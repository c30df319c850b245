// What is known of an instance, for readers on any thread, and what is told when it changes.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "instance/state_listener.h"
#include "instance/types.h"
#include "protocol/session/output.h"
#include "store/service_records.h"

namespace ponte::instance {

/// Written on the loop thread, read by info() on any.
class StateBoard {
 public:
  /// `listener` and `clock` outlive it.
  StateBoard(const store::InstanceRecord& record, StateListener& listener, const Clock& clock);

  InstanceInfo info() const;
  /// Without the copy. Any thread.
  State state_now() const;
  /// When something came from the server last. Any thread.
  Wall heard_at() const { return Wall(Milliseconds(heard_at_.load())); }
  /// Without the copy: the name never changes.
  const std::string& name() const { return name_; }
  /// Loop thread.
  State state() const { return info_.state; }

  void set_state(State state, std::optional<Error> reason = std::nullopt);
  /// Another reason, the same state.
  void set_reason(const Error& reason);
  void set_record(const store::InstanceRecord& record);
  void set_account(const store::Account& account);
  void set_paired(const protocol::event::PairSuccess& paired);
  void set_push_name(const std::string& name);
  void forget_account();
  void set_passkey(std::optional<PasskeyState> passkey);
  /// Something came from the server.
  void heard() { heard_at_ = unix_milliseconds(clock_.now().wall); }
  /// What a phone may scan; nullopt takes it off. No part of info(), which goes into lists.
  void set_qr(std::optional<protocol::event::QrCode> qr);
  /// Loop thread.
  const std::optional<protocol::event::QrCode>& qr() const { return qr_; }
  /// Its text while it is good. Any thread. kNotFound/kQrNotAvailable.
  Result<std::string> shown_qr() const;

  /// Tells the listener; `state` is a value of contract 1.3.
  void tell(std::string_view state, std::optional<Error> reason = std::nullopt) const;
  void tell_qr(const std::string& text, Milliseconds expires_in) const;
  void tell_code(const std::string& code, Milliseconds expires_in) const;

 private:
  StateEvent event(std::string_view state) const;

  StateListener& listener_;
  const Clock& clock_;
  const std::string name_;
  mutable std::mutex mutex_;
  std::atomic<std::int64_t> heard_at_{0};  ///< Unix milliseconds; 0: never in this process
  // Guarded by mutex_ for all but the loop thread's own reads.
  InstanceInfo info_;
  std::optional<protocol::event::QrCode> qr_;
};

}  // namespace ponte::instance
