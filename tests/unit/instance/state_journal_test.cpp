#include "instance/state_journal.h"

#include <gtest/gtest.h>

namespace ponte::instance {
namespace {

StateEvent event_of(std::string_view state) {
  StateEvent event;
  event.state = state;
  event.instance = "sales";
  event.at = Wall(Milliseconds(1'742'850'000'123));
  return event;
}

TEST(StateData, HasStateInstanceAndTime) {
  EXPECT_EQ(state_data(event_of("connected")),
            R"({"state":"connected","instance":"sales","timestamp":"2025-03-24T21:00:00Z"})");
}

TEST(StateData, HasTheNumberAndTheReasonWhereThereAre) {
  StateEvent event = event_of("temp_banned");
  event.jid = "5511987654321@s.whatsapp.net";
  event.reason = Error{Errc::kRejected, Cause::kTemporarilyBanned, "banned: \"spam\"\n", Seconds(3600)};
  EXPECT_EQ(state_data(event), R"({"state":"temp_banned","instance":"sales","timestamp":"2025-03-24T21:00:00Z",)"
                               R"("jid":"5511987654321@s.whatsapp.net","reason":{"code":"TEMPORARILY_BANNED",)"
                               R"("message":"banned: \"spam\"\n","retryAt":"2025-03-24T22:00:00Z"}})");
}

TEST(StateData, HasTheCodeThatIsOut) {
  StateEvent qr = event_of("qr_ready");
  qr.qr_text = "2@ref,noise";
  qr.expires_in = Milliseconds(59'999);
  EXPECT_EQ(state_data(qr), R"({"state":"qr_ready","instance":"sales","timestamp":"2025-03-24T21:00:00Z",)"
                            R"("codes":["2@ref,noise"],"expiresIn":59})");
  StateEvent code = event_of("qr_ready");
  code.pairing_code = "ABCD-1234";
  EXPECT_EQ(state_data(code), R"({"state":"qr_ready","instance":"sales","timestamp":"2025-03-24T21:00:00Z",)"
                              R"("pairingCode":"ABCD-1234"})");
}

TEST(StateData, StaysJsonWhateverAServerWrote) {
  StateEvent event = event_of("stream_error");
  event.reason = Error{Errc::kRejected, Cause::kStreamError, "bytes \xFF\xFE"};
  EXPECT_NE(state_data(event).find("bytes \xEF\xBF\xBD"), std::string::npos);
}

}  // namespace
}  // namespace ponte::instance
