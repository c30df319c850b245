// Two devices over a line that loses, repeats and reorders: every message decrypts exactly once or is reported.
#include <gtest/gtest.h>

#include <deque>

#include "crypto/signal/sessions.h"
#include "support/signal_store.h"

namespace ponte::crypto {
namespace {

using test::SeededRandom;
using test::SignalPair;

struct Sent {
  int number = 0;
  SignalCiphertext message;
};

/// What came out at one end.
struct Outcome {
  std::vector<int> decrypted;   ///< how often, by number
  std::vector<int> duplicates;  ///< reported, by number
  int refused = 0;
};

/// One direction. Takes from anywhere within a window; may lose or repeat what it takes.
class Line {
 public:
  Line(SeededRandom& dice, std::size_t window) : dice_(dice), window_(window) {}

  void send(Sent sent) { queue_.push_back(std::move(sent)); }
  bool empty() const { return queue_.empty(); }

  std::optional<Sent> take() {
    const std::size_t at = dice_.next() % std::min(window_, queue_.size());
    Sent sent = queue_[at];
    const auto fate = dice_.next() % 100;
    if (fate >= 15) queue_.erase(queue_.begin() + static_cast<std::ptrdiff_t>(at));  // else it comes again
    if (fate >= 90) return std::nullopt;                                             // lost
    return sent;
  }

 private:
  SeededRandom& dice_;
  std::size_t window_;
  std::deque<Sent> queue_;
};

void deliver(const Sent& sent, const Result<SignalPlaintext>& result, Outcome& outcome) {
  const auto number = static_cast<std::size_t>(sent.number);
  if (result.ok()) {
    EXPECT_EQ(to_text(result->bytes), std::to_string(sent.number));
    ++outcome.decrypted[number];
  } else if (result.error().cause == Cause::kSignalDuplicate) {
    ++outcome.duplicates[number];
  } else {
    ++outcome.refused;
    ADD_FAILURE() << sent.number << ": " << result.error().message;
  }
}

class SignalChannel : public testing::TestWithParam<std::size_t> {};

TEST_P(SignalChannel, EveryMessageDecryptsOnceOrIsReported) {
  constexpr int kMessages = 1000;  // in each direction
  SignalPair pair;
  SeededRandom dice(GetParam() * 7919);
  Line to_bob(dice, GetParam());
  Line to_alice(dice, GetParam());
  Outcome at_bob{std::vector<int>(kMessages), std::vector<int>(kMessages)};
  Outcome at_alice = at_bob;
  pair.begin();
  int from_alice = 0;
  int from_bob = 0;
  while (from_alice < kMessages || from_bob < kMessages || !to_bob.empty() || !to_alice.empty()) {
    // Bursts, so that chains get long and the ratchet turns.
    const auto action = dice.next() % 4;
    const int burst = static_cast<int>(dice.next() % 8) + 1;
    for (int i = 0; i < burst; ++i) {
      if (action == 0 && from_alice < kMessages) {
        const std::string text = std::to_string(from_alice);
        to_bob.send({from_alice++, pair.from_alice(text)});
      } else if (action == 1 && from_bob < kMessages && pair.bob.store.records.sessions.count(pair.alice.address) > 0) {
        const std::string text = std::to_string(from_bob);
        to_alice.send({from_bob++, pair.from_bob(text)});
      } else if (action == 2 && !to_bob.empty()) {
        if (const auto sent = to_bob.take()) deliver(*sent, pair.to_bob(sent->message), at_bob);
      } else if (action == 3 && !to_alice.empty()) {
        if (const auto sent = to_alice.take()) deliver(*sent, pair.to_alice(sent->message), at_alice);
      }
    }
  }
  int delivered = 0;
  int repeated = 0;
  for (const Outcome* outcome : {&at_bob, &at_alice}) {
    EXPECT_EQ(outcome->refused, 0);
    for (int number = 0; number < kMessages; ++number) {
      const auto at = static_cast<std::size_t>(number);
      EXPECT_LE(outcome->decrypted[at], 1) << number;
      if (outcome->duplicates[at] > 0) {
        EXPECT_EQ(outcome->decrypted[at], 1) << number << ": no duplicate of what never came";
      }
      delivered += outcome->decrypted[at];
      repeated += outcome->duplicates[at];
    }
  }
  EXPECT_GT(delivered, kMessages * 2 * 3 / 4);
  EXPECT_GT(repeated, kMessages / 10);
}

// 5 receiving chains are kept: a window that spans more turns of the ratchet would lose what is older.
INSTANTIATE_TEST_SUITE_P(Windows, SignalChannel, testing::Values(1, 4, 12));

}  // namespace
}  // namespace ponte::crypto
