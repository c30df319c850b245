// A server that lies: it is refused and told, and the credentials stay.
#include "simulator/hostile.h"

#include <gtest/gtest.h>

#include "protocol/wire/frame_codec.h"
#include "sim/session_line.h"

namespace ponte::protocol {
namespace {

using simulator::Faults;
using simulator::PairSuccessDefect;
using simulator::RefDefect;
using test::SessionLine;

std::vector<Cause> refused(const SessionLine& line) {
  std::vector<Cause> out;
  for (const auto& event : line.all<event::Refused>()) out.push_back(event.why.cause);
  return out;
}

/// Everything that is kept of the device, to be compared.
std::string credentials(const SessionLine& line) {
  const auto kept = *store::get_credentials({line.store_, SessionLine::kOwner});
  return to_text(kept->noise.private_key.view()) + to_text(kept->identity.private_key.view()) +
         to_text(kept->adv_secret.view());
}

struct Hostile : ::testing::Test {
  void expect_untouched() {
    EXPECT_EQ(credentials(line), kept);
    EXPECT_EQ(line.account()->jid, jid);
    EXPECT_EQ(line.violations(), "");
  }
  void pair() {
    line.pair_and_log_in();
    kept = credentials(line);
    jid = line.account()->jid;
    line.forget_events();
  }
  SessionLine line;
  std::string kept;
  std::string jid;
};

TEST_F(Hostile, APairSuccessForALinkedDeviceIsRefused) {
  pair();
  EXPECT_EQ(line.server_.send_pair_success({}, line.now()), 1U);
  line.settle();
  EXPECT_EQ(refused(line), std::vector{Cause::kStanzaUnexpected});
  EXPECT_FALSE(line.has<event::Ended>()) << "the connection is still good";
  expect_untouched();
}

TEST_F(Hostile, AForeignPairSuccessLinksNobody) {
  line.open();
  const auto before = credentials(line);
  EXPECT_EQ(line.server_.send_pair_success({}, line.now()), 1U);
  line.settle();
  ASSERT_TRUE(line.ended());
  EXPECT_EQ(line.ended()->why.cause, Cause::kPairingHmacMismatch);
  EXPECT_FALSE(line.account());
  EXPECT_EQ(credentials(line), before);
  EXPECT_EQ(line.violations(), "");
}

TEST_F(Hostile, ASecondPairSuccessChangesNothing) {
  Faults faults;
  faults.pair_success = PairSuccessDefect::kTwice;
  line.fault(faults);
  line.open();
  const auto paired = line.scan(line.qr_text());
  ASSERT_TRUE(paired.ok()) << paired.error().message;
  EXPECT_EQ(refused(line), std::vector{Cause::kStanzaUnexpected});
  EXPECT_EQ(line.account()->jid, paired->jid);
  line.run_for(Seconds(30));
  line.open();
  EXPECT_TRUE(line.has<event::Online>());
}

TEST_F(Hostile, APairSuccessFromAUserIsRefused) {
  Faults faults;
  faults.pair_success = PairSuccessDefect::kForeignSender;
  line.fault(faults);
  line.open();
  (void)line.scan(line.qr_text());
  EXPECT_EQ(refused(line), std::vector{Cause::kStanzaUnexpected});
  EXPECT_FALSE(line.account());
}

TEST_F(Hostile, SuccessForADeviceThatIsNotLinkedIsRefused) {
  Faults faults;
  faults.unasked_success = true;
  line.fault(faults, {.next = 1});
  line.open();
  EXPECT_FALSE(line.has<event::Online>());
  EXPECT_EQ(refused(line), std::vector{Cause::kStanzaUnexpected});
  EXPECT_NE(line.qr_text(), "") << "and pairing goes on";
  EXPECT_TRUE(line.scan(line.qr_text()).ok());
}

TEST_F(Hostile, RefsThatAreNoneEndTheAttempt) {
  for (const RefDefect defect :
       {RefDefect::kHuge, RefDefect::kControlCharacters, RefDefect::kComma, RefDefect::kNotText, RefDefect::kEmpty}) {
    SessionLine each;
    Faults faults;
    faults.ref_defect = defect;
    each.fault(faults);
    each.open();
    ASSERT_TRUE(each.ended()) << static_cast<int>(defect);
    EXPECT_EQ(each.ended()->disposition, event::Disposition::kStop);
    EXPECT_EQ(each.qr_text(), "") << "nothing of it is ever shown";
    EXPECT_FALSE(each.account());
  }
}

TEST_F(Hostile, EndlessRefsEnd) {
  Faults many;
  many.ref_count = 65'535;
  line.fault(many, {.next = 1});
  line.open();
  ASSERT_TRUE(line.ended());
  EXPECT_EQ(line.qr_text(), "");

  SessionLine again;
  again.open();
  unsigned came = 0;
  while (!again.ended() && came < 100) {
    ++came;
    const auto pair_device =
        wire::Node("iq")
            .with("from", wire::server_jid())
            .with("type", "set")
            .with("id", std::to_string(came))
            .child(
                wire::Node("pair-device").child(wire::Node("ref").bytes(to_bytes("2@again" + std::to_string(came)))));
    again.server_.send_stanza({}, pair_device, again.now());
    again.settle();
    again.run_for(Seconds(5));
  }
  EXPECT_EQ(came, 10U) << "a link must end some time";
  EXPECT_EQ(again.ended()->why.cause, Cause::kPairingMalformed);
}

TEST_F(Hostile, ANewLeafIsTakenAndANewRootIsNot) {
  pair();
  line.server_.renew_leaf();
  line.open();
  EXPECT_TRUE(line.has<event::Online>()) << "WhatsApp renews its key: fallback, and the chain is verified anew";
  const auto chain = store::get_server_chain({line.store_, SessionLine::kOwner});
  line.forget_events();
  line.server_.renew_root();
  line.server_.renew_leaf();
  for (int i = 0; i < 3; ++i) {
    line.open();
    ASSERT_TRUE(line.ended());
    EXPECT_EQ(line.ended()->why.code, Errc::kUntrusted);
    EXPECT_EQ(line.ended()->disposition, event::Disposition::kRetry) << "it may be a proxy that is gone tomorrow";
    EXPECT_FALSE(line.has<event::Online>());
    line.hang_up();
  }
  expect_untouched();
}

TEST_F(Hostile, BeforeTheLoginNothingLargeIsTaken) {
  const struct {
    const char* what;
    std::function<void(SessionLine&)> send;
  } attacks[] = {
      {"a whole frame",
       [](auto& to) { to.server_.send_oversize({}, {.bytes = 1u << 20, .sent = 1u << 20}, to.now()); }},
      {"the largest frame", [](auto& to) { to.server_.send_oversize({}, {}, to.now()); }},
      {"one that never ends",
       [](auto& to) { to.server_.send_oversize({}, {.sent = 300u << 10, .piece = 1000}, to.now()); }},
      {"a bomb", [](auto& to) { to.server_.send_bomb({}, 1u << 20, to.now()); }},
  };
  for (const auto& attack : attacks) {
    SessionLine each;
    each.open();
    const auto before = credentials(each);
    attack.send(each);
    each.settle();
    ASSERT_TRUE(each.ended()) << attack.what;
    EXPECT_TRUE(each.ended()->why.cause == Cause::kFrameTooLarge || each.ended()->why.cause == Cause::kNodeTooLarge)
        << attack.what << ": " << each.ended()->why.message;
    EXPECT_EQ(credentials(each), before);
  }
}

TEST_F(Hostile, AfterTheLoginALargeFrameIsOneStanzaAndABombIsNone) {
  pair();
  line.server_.send_oversize({}, {}, line.now());
  line.settle();
  EXPECT_FALSE(line.has<event::Ended>()) << "what the wire can carry is taken";
  line.server_.send_bomb({}, 17u << 20, line.now());
  line.settle();
  ASSERT_TRUE(line.ended());
  EXPECT_EQ(line.ended()->why.cause, Cause::kNodeTooLarge);
  EXPECT_EQ(line.ended()->disposition, event::Disposition::kRetry);
  expect_untouched();
  line.open();
  EXPECT_TRUE(line.has<event::Online>());
}

TEST_F(Hostile, ADeepStanzaEndsTheConnectionAndNotTheProcess) {
  pair();
  line.server_.send_nested({}, 1'000'000, line.now());
  line.settle();
  ASSERT_TRUE(line.ended());
  EXPECT_EQ(line.ended()->why.code, Errc::kMalformed);
  expect_untouched();
}

TEST_F(Hostile, AFloodIsAnsweredAndTheConnectionStays) {
  pair();
  line.server_.send_flood({}, {.count = 5'000, .bytes = 100}, line.now());
  line.settle();
  EXPECT_FALSE(line.has<event::Ended>());
  EXPECT_EQ(line.connection_->unacknowledged(), 0U);
  expect_untouched();
}

TEST_F(Hostile, ALinkedDeviceIsNotMovedToAnotherAccountByItsRefs) {
  pair();
  const auto pair_device = wire::Node("iq")
                               .with("from", wire::server_jid())
                               .with("type", "set")
                               .with("id", "1")
                               .child(wire::Node("pair-device").child(wire::Node("ref").bytes(to_bytes("2@again"))));
  line.server_.send_stanza({}, pair_device, line.now());
  line.settle();
  EXPECT_EQ(line.qr_text(), "");
  expect_untouched();
}

}  // namespace
}  // namespace ponte::protocol
