// Private to crypto/signal: the store that libsignal asks during one operation on one sender's keys.
#pragma once

#include <optional>

#include "base/secret.h"
#include "crypto/signal/session_bridge.h"

namespace ponte::crypto {

/// As SessionBridge: reads through once, keeps what libsignal writes until `write`. Lives for one operation.
class SenderKeyBridge {
 public:
  SenderKeyBridge(SignalStore& store, SignalContext& context, const SenderKeyName& name);
  SenderKeyBridge(const SenderKeyBridge&) = delete;
  SenderKeyBridge& operator=(const SenderKeyBridge&) = delete;

  signal_protocol_store_context* stores() const { return stores_.get(); }
  const signal_protocol_sender_key_name* name() const { return &signal_name_; }

  /// The record as the store has it, or as `set_record` changed it; nullopt where there is none.
  Result<std::optional<ByteView>> record();
  /// What libsignal reads from now on and, unless it writes over it, what `write` writes.
  void set_record(ByteView record);

  /// See SessionBridge.
  std::optional<Error> trouble();
  Status write();

 private:
  struct Callbacks;

  int failed(Error error);

  SignalStore& store_;
  SignalContext& context_;
  const SenderKeyName& name_;
  signal_protocol_sender_key_name signal_name_;
  SignalStoreContext stores_;
  std::optional<Error> error_;
  bool asked_ = false;
  bool changed_ = false;
  std::optional<SecretBytes> record_;
};

}  // namespace ponte::crypto
