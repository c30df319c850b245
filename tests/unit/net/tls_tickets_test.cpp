#include "net/tls_tickets.h"

#include <gtest/gtest.h>

#include "support/virtual_clock.h"

namespace ponte::net {
namespace {

using std::chrono::hours;

class TlsTicketsTest : public testing::Test {
 protected:
  void put(const std::string& place, std::uint8_t mark, Seconds lifetime = hours(7 * 24)) {
    tickets.put(place, {SecretBytes(Bytes{mark}), tickets.now()}, lifetime);
  }
  // The mark of what is taken; 0 where there is nothing.
  int take(const std::string& place) {
    const auto ticket = tickets.take(place);
    return ticket ? ticket->session.view()[0] : 0;
  }

  test::VirtualClock clock;
  TlsTickets tickets{clock};
};

TEST_F(TlsTicketsTest, GivesEachOutOnce) {
  put("a:443", 1);
  EXPECT_EQ(take("b:443"), 0);
  EXPECT_EQ(take("a:443"), 1);
  EXPECT_EQ(take("a:443"), 0);
  EXPECT_EQ(tickets.counts().kept, 1u);
  EXPECT_EQ(tickets.counts().offered, 1u);
}

TEST_F(TlsTicketsTest, KeepsTheNewestOfAPlace) {
  put("a:443", 1);
  put("a:443", 2);
  EXPECT_EQ(take("a:443"), 2);
  EXPECT_EQ(take("a:443"), 0);
}

TEST_F(TlsTicketsTest, TellsPlacesApart) {
  put("a:443", 1);
  put("a:443 by way of http://proxy:3128", 2);
  EXPECT_EQ(take("a:443"), 1);
  EXPECT_EQ(take("a:443 by way of http://proxy:3128"), 2);
}

TEST_F(TlsTicketsTest, RemembersFewPlaces) {
  for (std::uint8_t i = 1; i <= TlsTickets::kMaxPlaces + 1; ++i) put(std::to_string(i), i);
  EXPECT_EQ(take("1"), 0);
  for (std::uint8_t i = 2; i <= TlsTickets::kMaxPlaces + 1; ++i) EXPECT_EQ(take(std::to_string(i)), i);
}

TEST_F(TlsTicketsTest, EndsWithTheLifetimeThatTheServerGave) {
  put("a", 1, Seconds(100));
  put("b", 2, Seconds(100));
  clock.advance(Seconds(100) - Milliseconds(1));
  EXPECT_EQ(take("a"), 1);
  clock.advance(Milliseconds(1));
  EXPECT_EQ(take("b"), 0);
  put("c", 3, Seconds(0));
  EXPECT_EQ(take("c"), 0);
}

TEST_F(TlsTicketsTest, EndsADayAfterTheCertificateWasVerified) {
  const Mono verified_at = tickets.now();
  put("a", 1);
  clock.advance(hours(24) - Milliseconds(1));
  // A session that was resumed in the meantime is no younger for that.
  tickets.put("b", {SecretBytes(Bytes{2}), verified_at}, hours(7 * 24));
  tickets.put("c", {SecretBytes(Bytes{3}), verified_at}, hours(7 * 24));
  EXPECT_EQ(take("a"), 1);
  EXPECT_EQ(take("b"), 2);
  clock.advance(Milliseconds(1));
  EXPECT_EQ(take("c"), 0);
  tickets.put("d", {SecretBytes(Bytes{4}), verified_at}, hours(7 * 24));
  EXPECT_EQ(take("d"), 0);
}

TEST_F(TlsTicketsTest, AnEndedOneReplacesTheOneBefore) {
  put("a", 1);
  put("a", 2, Seconds(0));
  EXPECT_EQ(take("a"), 0);
}

TEST_F(TlsTicketsTest, ForgetsAll) {
  put("a", 1);
  put("b", 2);
  tickets.clear();
  EXPECT_EQ(take("a"), 0);
  EXPECT_EQ(take("b"), 0);
}

}  // namespace
}  // namespace ponte::net
