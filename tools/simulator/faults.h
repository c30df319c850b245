// What the simulator does wrong on purpose, and for whom.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "simulator/fault_kinds.h"

namespace ponte::simulator {

/// `<failure>` instead of success or pair-device; `attributes` come in addition to reason and location.
struct Failure {
  unsigned reason = 0;
  std::vector<std::pair<std::string, std::string>> attributes;
};

/// How companion_hello is refused (wire: pairing.md 6.2).
struct CodeRefusal {
  unsigned code = 0;
  std::string text;
  std::optional<unsigned> backoff;  ///< seconds
};

/// A list on the wire is no longer (wire: pairing.md 4.3).
inline constexpr unsigned kMostRefs = 65'535;

/// A set of faults. Absent: no opinion, a wider scope or the normal behaviour decides.
struct Faults {
  std::optional<unsigned> upgrade_status;  ///< HTTP status in place of the WebSocket upgrade
  std::optional<HandshakeFault> handshake;
  std::optional<ChainDefect> chain;
  std::optional<IkAnswer> ik;
  std::optional<Failure> failure;
  std::optional<PairSuccessDefect> pair_success;
  std::optional<bool> refresh_before_pairing;  ///< companion_reg_refresh at the first scan (wire: pairing.md 5.4)
  std::optional<bool> close_without_restart;   ///< after pair-device-sign: close, no 515
  std::optional<bool> duplicate_success;
  std::optional<bool> compress;  ///< stanzas as zlib streams
  std::optional<CodeRefusal> code_refusal;
  std::optional<CodeDefect> code_defect;
  std::optional<bool> passkey;  ///< the account demands a passkey, after a scan or a code (wire: pairing.md 7)
  std::optional<PasskeyDefect> passkey_defect;  ///< where one is demanded
  std::optional<Packing> packing;
  std::optional<Milliseconds> delay;       ///< between frames
  std::optional<Milliseconds> drop_after;  ///< the socket closes this long after it opened
  std::optional<unsigned> ref_count;       ///< refs in pair-device, at most kMostRefs
  std::optional<RefDefect> ref_defect;
  std::optional<bool> unasked_success;       ///< `<success>` before pair-device
  std::optional<Milliseconds> ack_deadline;  ///< stream:error/ack where a stanza is not acknowledged in time

  /// The connection freezes when its message of this number has come, handshake messages counted, or one of this kind:
  /// it neither reads nor answers any more, and stays open until the client goes or it is dropped.
  std::optional<unsigned> freeze_after;
  std::optional<FreezePoint> freeze_on;
  std::optional<bool> freeze_after_effect;  ///< that message still has its effect, but no answer leaves; else neither

  /// Takes over what `narrower` has an opinion on.
  void overlay(const Faults& narrower);
};

/// Faults by scope: everybody, the next connections, one number. One thread.
class FaultTable {
 public:
  /// Added to what everybody gets.
  void set_all(const Faults& faults) { all_.overlay(faults); }
  /// For the next `count` connections to be opened, each queue entry separately.
  void set_next(const Faults& faults, unsigned count);
  /// For connections of that number, once it is known: at login, with a pairing code, or for a scan, which uses none
  /// of the `count` up. Absent: until reset.
  void set_number(const std::string& number, const Faults& faults, std::optional<unsigned> count);
  void clear();

  /// What a connection that opens now gets; consumes one of the `next` entries.
  Faults for_new_connection();
  /// The same without consuming, for the decision about the upgrade. Entries that refuse it are consumed.
  std::optional<unsigned> upgrade_refusal();
  /// What is added once the number is known; consumes one use.
  Faults for_number(const std::string& number);
  /// The same without consuming.
  Faults peek_number(const std::string& number) const;

 private:
  struct Limited {
    Faults faults;
    std::optional<unsigned> remaining;
  };
  Faults all_;
  std::deque<Faults> next_;
  std::map<std::string, Limited> numbers_;
};

}  // namespace ponte::simulator
