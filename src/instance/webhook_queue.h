// What one webhook has still to deliver, in order, and when: no I/O, no clock.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "base/random.h"
#include "base/time.h"
#include "instance/event_feed.h"
#include "store/webhook_records.h"

namespace ponte::instance {

/// What one try came to.
struct DeliveryResult {
  int status = 0;  ///< HTTP; 0: there was no answer
  std::optional<Seconds> retry_after;
};

/// What becomes of the event.
enum class Verdict {
  kDelivered,
  kRetry,
  kDeadLetter,
  kDisabled,  ///< a dead letter, and the receiver wants nothing any more (410)
};
inline constexpr std::array kVerdicts{Verdict::kDelivered, Verdict::kRetry, Verdict::kDeadLetter, Verdict::kDisabled};
/// `delivered`, `retry`, `dead_letter`, `disabled`.
std::string_view verdict_name(Verdict verdict);

/// The events of an instance's journal behind a cursor, one at a time:
///
///   read --> first that is wanted --> sent --2xx--> cursor moves on
///                 ^                     |
///                 +---- its wait -------+--given up--> dead letter, cursor moves on
///
/// and dead letters that are to be tried again, which go first. Its owner keeps `progress()` durable before it goes on.
class WebhookQueue {
 public:
  /// Waits before the tries after the first; each 10 % more or less.
  static constexpr std::array<Milliseconds, 8> kWaits{Seconds(1),   Seconds(5),    Seconds(30),     Seconds(120),
                                                      Seconds(600), Seconds(3600), Seconds(21'600), Seconds(86'400)};
  /// So often an event may be refused (4xx but 408, 425 and 429), so that one which a receiver cannot take does not
  /// hold up the rest.
  static constexpr std::uint32_t kRefusals = 3;
  /// A receiver may ask to be spared for so long.
  static constexpr Milliseconds kLongestRetryAfter = Seconds(86'400);
  static constexpr std::size_t kPage = 16;

  WebhookQueue(const store::WebhookProgress& progress, Now now);

  // What is next.
  struct Idle {};  ///< nothing before on_appended() or redrive()
  struct Read {    ///< take() what is behind `after`
    std::uint64_t after;
  };
  struct Wait {
    Mono until;
  };
  struct Send {
    const JournalEvent* event;  ///< until the next call of anything else
  };
  struct SendLetter {  ///< a dead letter, once more
    std::uint64_t sequence;
  };
  using Next = std::variant<Idle, Read, Wait, Send, SendLetter>;
  Next next(Mono now);

  void on_appended() { at_end_ = false; }
  /// The answer to Read: empty at the end. `oldest`: the first sequence that the journal still has, asked for where the
  /// page does not begin behind the cursor; else 0.
  void take(std::vector<JournalEvent> page, std::uint64_t oldest);
  bool leaves_gap(const std::vector<JournalEvent>& page) const;

  /// Only these are wanted; empty: all.
  void set_events(std::vector<std::string> events) { events_ = std::move(events); }
  /// The receiver is perhaps another, or back: what waits is tried at once. `kForget`: as if for the first time.
  enum class Failures { kKeep, kForget };
  void try_now(Failures failures);
  /// Nothing of what was up to `sequence` is wanted.
  void skip_to(std::uint64_t sequence);

  void redrive(std::uint64_t sequence) { redriven_.insert(sequence); }
  void forget_letter(std::uint64_t sequence) { redriven_.erase(sequence); }

  /// What came of Send of that event. Where it is no longer the first, there is nothing to decide.
  Verdict settle(std::uint64_t sequence, const DeliveryResult& result, Now now, RandomSource& random);
  /// What came of SendLetter: one try each, so that an old event holds up no new one.
  Verdict settle_letter(std::uint64_t sequence, const DeliveryResult& result);

  const store::WebhookProgress& progress() const { return progress_; }
  /// Counters that the owner keeps in the same record.
  store::WebhookProgress& counters() { return progress_; }
  bool failing() const { return progress_.failures > 0; }
  std::optional<Mono> due() const { return due_; }

 private:
  void drop_unwanted();
  void done_with(std::uint64_t sequence);

  store::WebhookProgress progress_;
  std::vector<std::string> events_;
  std::deque<JournalEvent> page_;
  std::set<std::uint64_t> redriven_;
  std::optional<Mono> due_;  ///< of the first, after a try in vain
  bool at_end_ = false;
};

}  // namespace ponte::instance
