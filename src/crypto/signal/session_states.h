// Private to crypto/signal: the states within a record of sessions, the current one and those that are archived.
#pragma once

#include <session_record.h>

#include <optional>

#include "crypto/signal/context.h"

namespace ponte::crypto {

/// A parsed record. Given the whole one, libsignal tries a message on each of up to 41 states, and computes up to 2000
/// keys on each before it looks at the MAC: three quarters of a second for a message that anybody made up. Where it can
/// be told beforehand which state a message is of, libsignal is given that one alone, and the result is merged.
class SessionStates {
 public:
  /// nullopt: there is no record. kStorage/kStoreCorrupt where libsignal did not write it.
  static Result<SessionStates> parse(std::optional<ByteView> record, const SignalContext& context);

  /// The state on which messages go out; null where none is open.
  session_state* open() const;
  /// The state that was begun with that base key; null where there is none.
  session_state* of_base_key(const PublicKey& base_key) const;
  /// The state that has received under that ratchet key, else the current one; null without a record.
  session_state* of_ratchet_key(ec_public_key* ratchet_key) const;

  /// A record with that state alone.
  Result<SignalBuffer> alone(session_state* state) const;
  /// The whole record, once the state in `record` is the current one: in place of `from`, out of which it came, or as
  /// a new session where that is null. The object is spent afterwards.
  Result<SignalBuffer> merged(session_state* from, ByteView record);
  /// The whole record, once no state is current. The object is spent afterwards.
  Result<SignalBuffer> archived();

 private:
  using Record = SignalHandle<session_record>;

  SessionStates(Record record, const SignalContext& context) : record_(std::move(record)), context_(&context) {}

  template <typename Predicate>
  session_state* find(Predicate predicate) const;

  Record record_;  ///< null: there is none
  const SignalContext* context_;
};

}  // namespace ponte::crypto
