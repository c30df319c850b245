#include "api/request_gate.h"

#include <gtest/gtest.h>

#include <random>

namespace ponte::api {
namespace {

const std::string kPost = "POST /a?b=c HTTP/1.1\r\nHost: h\r\nToken:  x \r\nContent-Length: 5\r\n\r\n12345";
const std::string kChunked =
    "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n\r\n3;x=y\r\n123\r\n2\r\n45\r\n0\r\nT: v\r\n\r\n";

struct Outcome {
  RequestGate::State state;
  std::size_t used = 0;
  std::string canonical;
};

Outcome feed(RequestGate& gate, std::string_view bytes, std::size_t piece) {
  Outcome out{gate.state(), 0, {}};
  while (!bytes.empty() && gate.state() != RequestGate::State::kComplete &&
         gate.state() != RequestGate::State::kRefused) {
    const std::size_t used = gate.take(bytes.substr(0, piece));
    out.used += used;
    bytes.remove_prefix(used);
    out.canonical += gate.take_canonical();
  }
  out.state = gate.state();
  return out;
}

TEST(RequestGate, RendersOneCanonicalFormInEverySplit) {
  for (std::size_t piece = 1; piece <= kChunked.size(); ++piece) {
    RequestGate gate;
    const Outcome plain = feed(gate, kPost, piece);
    EXPECT_EQ(plain.state, RequestGate::State::kComplete);
    EXPECT_EQ(plain.canonical, "POST /a?b=c HTTP/1.1\r\nContent-Length: 5\r\n\r\n12345");
    EXPECT_EQ(gate.head().headers[1], std::pair(std::string("token"), std::string("x")));
    gate.reset();
    const Outcome chunked = feed(gate, kChunked, piece);
    EXPECT_EQ(chunked.state, RequestGate::State::kComplete);
    EXPECT_EQ(chunked.used, kChunked.size());
    EXPECT_EQ(chunked.canonical, "POST /a HTTP/1.1\r\nContent-Length: 5\r\n\r\n12345");
  }
}

TEST(RequestGate, StopsAtTheEndOfTheRequest) {
  RequestGate gate;
  EXPECT_EQ(gate.take(kPost + kPost), kPost.size());
  EXPECT_EQ(gate.state(), RequestGate::State::kComplete);
  EXPECT_EQ(gate.take("more"), 0u);
  gate.reset();
  EXPECT_TRUE(gate.idle());
  EXPECT_EQ(gate.take(kChunked + kPost), kChunked.size());
}

TEST(RequestGate, NeverCompletesACutRequest) {
  for (const std::string& whole : {kPost, kChunked}) {
    for (std::size_t size = 0; size < whole.size(); ++size) {
      RequestGate gate;
      EXPECT_EQ(gate.take(std::string_view(whole).substr(0, size)), size);
      EXPECT_NE(gate.state(), RequestGate::State::kComplete) << size;
      EXPECT_NE(gate.state(), RequestGate::State::kRefused) << size;
    }
  }
}

TEST(RequestGate, SurvivesDamageAndNeverPassesMoreThanTheLimit) {
  std::mt19937 random(7);
  RequestLimits limits;
  limits.body = 64;
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = round % 2 == 0 ? kPost : kChunked;
    for (unsigned i = 0; i < 1 + random() % 3; ++i) bytes[random() % bytes.size()] = static_cast<char>(random());
    RequestGate gate(limits);
    const Outcome outcome = feed(gate, bytes, 1 + random() % bytes.size());
    EXPECT_LE(outcome.canonical.size(), bytes.size() + 64);
    if (outcome.state == RequestGate::State::kRefused) {
      EXPECT_GE(gate.refusal().status, 400);
      EXPECT_FALSE(gate.refusal().message.empty());
    }
  }
}

TEST(RequestGate, AsksForTheBodyOnceWhereTheClientWaits) {
  RequestGate gate;
  gate.take("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\n");
  EXPECT_TRUE(gate.take_continue());
  EXPECT_FALSE(gate.take_continue());
  gate.reset();
  gate.take("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx");
  EXPECT_FALSE(gate.take_continue()) << "the body is here already";
}

}  // namespace
}  // namespace ponte::api
