// The device's prekeys against the simulator: what its server has, what it may hand out, and what the store can still
// decrypt for, whatever is refused, lost or interrupted.
#include "protocol/devices/prekeys.h"

#include <gtest/gtest.h>

#include "protocol/devices/signed_prekey.h"
#include "sim/session_line.h"
#include "support/prekey_steps.h"

namespace ponte::protocol {
namespace {

using devices::kFirstUpload;
using devices::kRotationInterval;
using devices::kTopUp;
using test::SessionLine;
using Keys = std::map<std::uint32_t, crypto::PublicKey>;

constexpr Milliseconds kDay = std::chrono::hours(24);

simulator::Companion& companion(SessionLine& line) {
  return line.server_.world().accounts.all().begin()->second->companions.begin()->second;
}
std::string number(SessionLine& line) {
  return line.server_.world().accounts.all().begin()->first;
}
Keys on_server(SessionLine& line) {
  Keys out;
  for (const simulator::Prekey& prekey : companion(line).prekeys) out.emplace(prekey.id, prekey.key);
  return out;
}
Keys in_store(SessionLine& line) {
  Keys out;
  const auto stored = store::get_prekeys({line.store_, SessionLine::kOwner}, 1, devices::kMaxPrekeyId + 1);
  for (const store::Prekey& prekey : *stored) out.emplace(prekey.id, prekey.pair.public_key);
  return out;
}
/// The server forgets all prekeys of the device.
void lose_prekeys(SessionLine& line) {
  companion(line).prekeys.clear();
  companion(line).highest_prekey_id = 0;
}
void log_in_later(SessionLine& line, Milliseconds pause) {
  line.hang_up();
  line.clock_.advance(pause);
  line.open();
}
std::optional<crypto::PublicKey> signed_prekey_in_store(SessionLine& line, std::uint32_t id) {
  return test::stored_signed_prekey(line.store_, SessionLine::kOwner, id);
}

TEST(PrekeysOnline, TheServerHasWhatTheStoreHasADayLater) {
  SessionLine line;
  line.pair_and_log_in();
  line.forget_events();
  log_in_later(line, kDay);
  EXPECT_FALSE(line.has<event::Refused>());
  EXPECT_EQ(store::get_prekey_state({line.store_, SessionLine::kOwner}).value()->checked_at, line.now().wall);
  EXPECT_EQ(on_server(line), in_store(line));
  EXPECT_EQ(line.violations(), "");
}

TEST(PrekeysOnline, AnUploadWhoseResultWasLostIsOfferedAgainAndNotStoredTwice) {
  SessionLine line;
  line.fault({.freeze_on = simulator::FreezePoint::kPrekeyUpload, .freeze_after_effect = true});
  line.pair_and_log_in();
  line.server_.world().faults.clear();
  EXPECT_EQ(store::get_prekey_state({line.store_, SessionLine::kOwner}).value()->first_unuploaded_id, 1U);
  ASSERT_TRUE(line.server_.use_prekeys(number(line), 400, line.now()).ok());
  test::consume_prekey(line.store_, SessionLine::kOwner, 1);
  line.open();
  EXPECT_EQ(store::get_prekey_state({line.store_, SessionLine::kOwner}).value()->first_unuploaded_id, kFirstUpload + 1);
  EXPECT_EQ(companion(line).prekeys.size(), 400U);
  EXPECT_EQ(companion(line).uploads, 1U);
  EXPECT_EQ(line.violations(), "");
}

TEST(PrekeysOnline, ThatTheServerLostAreThereAgainAfterTheNextLogin) {
  SessionLine line;
  line.pair_and_log_in();
  const auto handed = test::hand_out_prekey(line.store_, SessionLine::kOwner, line.client_random_, line.now());
  test::consume_prekey(line.store_, SessionLine::kOwner, 4);
  lose_prekeys(line);
  line.open();
  EXPECT_EQ(companion(line).prekeys.size(), kFirstUpload - 1);
  EXPECT_EQ(on_server(line), in_store(line));
  EXPECT_FALSE(on_server(line).contains(handed->id));
  EXPECT_EQ(line.violations(), "");
}

TEST(PrekeysOnline, ThatWereRefusedAreTakenWhenTheServerTakesThemAgain) {
  SessionLine line;
  line.pair_and_log_in();
  companion(line).keys.registration_id ^= 1;
  ASSERT_TRUE(line.server_.use_prekeys(number(line), 2, line.now()).ok());
  line.run_for(std::chrono::minutes(30));
  EXPECT_EQ(companion(line).prekeys.size(), 2U);
  EXPECT_EQ(line.session_->phase(), Phase::kOnline);
  companion(line).keys.registration_id ^= 1;
  line.run_for(Seconds(611));
  EXPECT_EQ(companion(line).prekeys.size(), 2 + kTopUp);
  EXPECT_EQ(on_server(line).rbegin()->first, kFirstUpload + kTopUp);
}

TEST(PrekeysOnline, OfAnotherIdentityAreReplacedOncePerConnection) {
  SessionLine line;
  line.pair_and_log_in();
  line.forget_events();
  companion(line).keys.registration_id ^= 1;
  line.hang_up();
  line.clock_.advance(kDay);
  line.open();
  EXPECT_TRUE(line.has<event::Refused>());
  line.run_for(std::chrono::hours(1));
  EXPECT_EQ(line.violations(), "encrypt: registration id is not the device's\n");
  EXPECT_EQ(line.session_->phase(), Phase::kOnline);
  companion(line).keys.registration_id ^= 1;
  line.forget_events();
  line.open();
  EXPECT_FALSE(line.has<event::Refused>()) << "looked at again, and found good";
  EXPECT_EQ(companion(line).uploads, 1U);
  EXPECT_EQ(on_server(line), in_store(line));
}

TEST(PrekeysOnline, TheSignedOneIsReplacedEveryTwentySevenDays) {
  SessionLine line;
  line.pair_and_log_in();
  Keys signed_keys;
  for (std::uint32_t id = 1; id <= 6; ++id) {
    EXPECT_EQ(companion(line).keys.signed_prekey.id, id);
    signed_keys[id] = companion(line).keys.signed_prekey.key;
    for (const auto& [old, key] : signed_keys) {
      const auto stored = signed_prekey_in_store(line, old);
      EXPECT_EQ(stored.has_value(), old + devices::kReplacedKept >= id) << old << " of " << id;
      if (stored) EXPECT_EQ(*stored, key);
    }
    log_in_later(line, kRotationInterval);
  }
  EXPECT_EQ(line.violations(), "");
}

TEST(PrekeysOnline, ACrashBetweenRotationAndResultOffersTheSameKeyAgain) {
  for (std::size_t commit = 1; commit <= 6; ++commit) {
    SessionLine line;
    line.pair_and_log_in();
    line.hang_up();
    line.clock_.advance(kRotationInterval);
    line.store_.cut_power(commit);
    line.open();
    const simulator::SignedPrekey there = companion(line).keys.signed_prekey;
    line.store_.lose_power();
    EXPECT_EQ(signed_prekey_in_store(line, there.id), there.key) << commit;
    line.make_session();
    line.open();
    EXPECT_EQ(companion(line).keys.signed_prekey.id, 2U) << commit;
    if (there.id == 2) EXPECT_EQ(companion(line).keys.signed_prekey.key, there.key) << commit;
    EXPECT_EQ(line.violations(), "") << commit;
  }
}

/// Random refusals, losses, crashes, restarts and peers.
struct Storm {
  explicit Storm(std::uint64_t seed) : line({}, seed), random(seed + 7) {}

  std::size_t below(std::size_t end) { return random.next() % end; }

  void act() {
    switch (below(12)) {
      case 0: return line.open();
      case 1: return line.run_for(Seconds(1 + below(700)));
      case 2: return log_in_later(line, kDay);
      case 3: return log_in_later(line, kRotationInterval);
      case 4: return line.store_.cut_power(1 + below(5));
      case 5: return line.store_.fail_commit(1 + below(5));
      case 6: companion(line).keys.registration_id ^= 1; return;
      case 7: return take_from_server(1 + below(820));
      case 8: return use_taken(1 + below(5));
      case 9: return hand_out();
      case 10:
        if (below(4) != 0) return restart();
        lose_prekeys(line);
        taken.clear();
        return line.open();
      default:
        line.fault({.freeze_on = simulator::FreezePoint::kPrekeyUpload, .freeze_after_effect = true}, {.next = 1});
        return take_from_server(810);
    }
  }

  /// What the owner of a session does where it has ended, and what happens where the process has.
  void revive() {
    if (line.store_.power_is_cut()) return restart();
    if (!line.store_.health().ok()) ASSERT_TRUE(line.store_.try_resume().ok());
    if (line.session_->spent()) line.make_session();
    if (line.session_->phase() != Phase::kOnline) line.open();
    if (line.store_.power_is_cut()) restart();
  }
  void restart() {
    ++restarts;
    line.store_.lose_power();
    line.make_session();
    line.open();
  }

  /// Peers fetch that many.
  void take_from_server(std::size_t count) {
    auto& prekeys = companion(line).prekeys;
    count = std::min(count, prekeys.size());
    for (std::size_t i = 0; i < count; ++i) taken.emplace(prekeys[i].id, prekeys[i].key);
    ASSERT_TRUE(line.server_.use_prekeys(number(line), prekeys.size() - count, line.now()).ok());
    line.settle();
  }
  /// Messages of some of them arrive.
  void use_taken(std::size_t count) {
    if (line.store_.power_is_cut() || !line.store_.health().ok()) return;
    for (; count > 0 && !taken.empty(); --count) {
      const auto one = std::next(taken.begin(), static_cast<std::ptrdiff_t>(below(taken.size())));
      EXPECT_EQ(test::stored_prekey(line.store_, SessionLine::kOwner, one->first), one->second);
      test::consume_prekey(line.store_, SessionLine::kOwner, one->first);
      if (line.store_.power_is_cut() || !line.store_.health().ok()) return;
      taken.erase(one);
    }
  }
  void hand_out() {
    const auto one = test::hand_out_prekey(line.store_, SessionLine::kOwner, random, line.now());
    ASSERT_TRUE(one.ok());
    if (line.store_.power_is_cut() || !line.store_.health().ok()) return;
    handed.emplace(one->id, one->public_key);
  }

  void check() {
    const Keys stored = in_store(line);
    const auto holds = [&stored](const Keys& keys) { return std::ranges::includes(stored, keys); };
    const Keys there = on_server(line);
    EXPECT_TRUE(holds(there)) << "the server can hand out what nobody can decrypt for";
    EXPECT_TRUE(holds(taken)) << "the server has handed out what nobody can decrypt for";
    for (const auto& [id, key] : there) EXPECT_EQ(seen.emplace(id, key).first->second, key) << "two keys under " << id;
    for (const auto& [id, key] : handed) {
      EXPECT_FALSE(seen.contains(id)) << "handed out and uploaded: " << id;
      EXPECT_EQ(test::stored_prekey(line.store_, SessionLine::kOwner, id), key) << id;
    }
    const simulator::SignedPrekey& current = companion(line).keys.signed_prekey;
    EXPECT_EQ(signed_prekey_in_store(line, current.id), current.key);
    for (const auto& violation : line.server_.world().violations) {
      if (violation.text == "encrypt: registration id is not the device's") {
        ++refused;
      } else {
        ADD_FAILURE() << violation.text;
      }
    }
    line.server_.world().violations.clear();
  }

  /// Once nothing goes wrong any more there are enough, and they are what the store has.
  void calm_down() {
    line.server_.world().faults.clear();
    line.store_.cut_power(0);
    line.store_.fail_commit(0);
    companion(line).keys.registration_id = registration_id;
    revive();
    line.open();
    line.run_for(Seconds(700));
    check();
    EXPECT_GE(companion(line).prekeys.size(), devices::kThreshold);
    const auto state = *store::get_prekey_state({line.store_, SessionLine::kOwner});
    const Keys stored = in_store(line);
    EXPECT_TRUE(stored.empty() || stored.rbegin()->first < state->first_unuploaded_id) << "all are acknowledged";
    for (const auto& [id, key] : on_server(line)) {
      ASSERT_EQ(test::stored_prekey(line.store_, SessionLine::kOwner, id), key) << id;
    }
  }

  SessionLine line;
  test::SeededRandom random;
  Keys taken;   ///< fetched by peers who have not written yet
  Keys handed;  ///< in retry receipts
  Keys seen;    ///< ever on the server
  std::uint32_t registration_id = 0;
  unsigned restarts = 0;
  unsigned refused = 0;
};

TEST(PrekeysOnline, WhateverGoesWrongNoIdHasTwoKeysAndNothingOnTheServerIsLost) {
  unsigned restarts = 0;
  unsigned refused = 0;
  std::uint32_t rotated = 0;
  std::uint32_t offered = 0;
  for (std::uint64_t seed = 1; seed <= 16; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Storm storm(seed);
    storm.line.pair_and_log_in();
    storm.registration_id = companion(storm.line).keys.registration_id;
    for (int i = 0; i < 40 && !testing::Test::HasFailure(); ++i) {
      SCOPED_TRACE("step " + std::to_string(i));
      storm.act();
      storm.revive();
      storm.check();
    }
    if (testing::Test::HasFailure()) return;
    storm.calm_down();
    restarts += storm.restarts;
    refused += storm.refused;
    rotated = std::max(rotated, companion(storm.line).keys.signed_prekey.id);
    offered = std::max(offered, storm.seen.rbegin()->first);
  }
  EXPECT_GT(restarts, 20U);
  EXPECT_GT(refused, 20U);
  EXPECT_GT(rotated, 2U);
  EXPECT_GT(offered, kFirstUpload + 5 * kTopUp);
}

}  // namespace
}  // namespace ponte::protocol
