#include "net/web_socket_codec.h"

#include <gtest/gtest.h>

#include <random>

#include "net/web_socket.h"
#include "support/net/raw_server.h"

namespace ponte::net {
namespace {

struct RecordingSink final : WebSocketSink {
  void on_codec_output(ByteView bytes) override { append(output, bytes); }
  void on_codec_open() override { ++opened; }
  void on_codec_message(Bytes message) override { messages.push_back(std::move(message)); }
  Bytes output;
  int opened = 0;
  std::vector<Bytes> messages;
};

class WebSocketCodecTest : public testing::Test {
 protected:
  // A started codec and the answer that its request asks for.
  std::unique_ptr<WebSocketCodec> started(RecordingSink& sink, std::string& answer) {
    auto codec = factory_.create(options, sink);
    EXPECT_TRUE(codec.ok());
    EXPECT_TRUE((*codec)->start().ok());
    answer = test::upgrade_answer(to_text(sink.output));
    sink.output.clear();
    return std::move(codec).value();
  }

  WebSocketOptions options{{true, "web.whatsapp.com", 443, "/ws/chat"}, {{"Origin", "https://web.whatsapp.com"}}};

 private:
  WebSocketCodecFactory factory_;
};

Bytes stream_of_messages() {
  Bytes stream;
  for (const std::size_t size : {0u, 1u, 125u, 126u, 3000u, 70000u})
    append(stream, test::server_frame(0x82, Bytes(size, static_cast<std::uint8_t>(size))));
  append(stream, test::server_frame(0x02, Bytes(10, 1)));
  append(stream, test::server_frame(0x89, as_bytes("ping")));
  append(stream, test::server_frame(0x80, Bytes(2000, 2)));
  append(stream, test::server_frame(0x81, as_bytes("text is dropped")));
  append(stream, test::server_frame(0x8A, as_bytes("unasked pong")));
  return stream;
}

TEST_F(WebSocketCodecTest, AsksForTheUpgradeAsTheWireWants) {
  RecordingSink sink;
  WebSocketCodecFactory factory;
  const auto codec = factory.create(options, sink);
  ASSERT_TRUE(codec.ok() && (*codec)->start().ok());
  const std::string request = to_text(sink.output);
  EXPECT_TRUE(request.starts_with("GET /ws/chat HTTP/1.1\r\n")) << request;
  EXPECT_TRUE(request.ends_with("\r\n\r\n")) << request;
  for (const char* line : {"Host: web.whatsapp.com", "Origin: https://web.whatsapp.com", "Sec-WebSocket-Version: 13",
                           "Upgrade: websocket", "Connection: Upgrade"})
    EXPECT_NE(request.find("\r\n" + std::string(line) + "\r\n"), std::string::npos) << request;
  EXPECT_EQ(request.find("Extensions"), std::string::npos);
  EXPECT_EQ(request.find("User-Agent"), std::string::npos);
}

TEST_F(WebSocketCodecTest, DecodesTheSameFromWholeSingleAndRandomPieces) {
  std::mt19937 random(7);
  std::vector<Bytes> expected;
  for (int run = 0; run < 12; ++run) {
    RecordingSink sink;
    std::string answer;
    const auto codec = started(sink, answer);
    const Bytes stream = concat({as_bytes(answer), stream_of_messages()});
    for (std::size_t at = 0; at < stream.size();) {
      const std::size_t wish = run == 0 ? stream.size() : run == 1 ? 1 : random() % 5000 + 1;
      const std::size_t size = std::min(wish, stream.size() - at);
      ASSERT_TRUE(codec->feed(ByteView(stream).subspan(at, size)).ok());
      at += size;
    }
    EXPECT_EQ(sink.opened, 1);
    if (run == 0) expected = sink.messages;
    ASSERT_EQ(sink.messages.size(), 7u);
    EXPECT_EQ(sink.messages, expected);
    EXPECT_EQ(sink.messages.back(), concat({Bytes(10, 1), Bytes(2000, 2)}));
    EXPECT_EQ(sink.output.size(), 2u + 4 + 4);  // one pong
  }
}

TEST_F(WebSocketCodecTest, EveryFlippedBitEitherFailsOrStaysWithinTheMessages) {
  for (std::size_t bit = 0; bit < 8 * 40; ++bit) {
    RecordingSink sink;
    std::string answer;
    const auto codec = started(sink, answer);
    Bytes frames = concat({test::server_frame(0x82, Bytes(16, 1)), test::server_frame(0x82, Bytes(20, 2))});
    frames[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
    ASSERT_TRUE(codec->feed(as_bytes(answer)).ok());
    (void)codec->feed(frames);
    EXPECT_LE(sink.messages.size(), 2u);
    for (const Bytes& message : sink.messages) EXPECT_LE(message.size(), frames.size());
  }
}

TEST_F(WebSocketCodecTest, AFlippedBitInTheUpgradeNeverOpensWithAnotherKey) {
  RecordingSink reference;
  std::string answer;
  const auto kept = started(reference, answer);
  const std::size_t start = answer.find("Accept: ") + 8;
  for (std::size_t bit = 0; bit < 8 * 28; ++bit) {
    RecordingSink sink;
    std::string damaged;
    const auto codec = started(sink, damaged);
    damaged[start + bit / 8] = static_cast<char>(damaged[start + bit / 8] ^ (1 << bit % 8));
    EXPECT_FALSE(codec->feed(as_bytes(damaged)).ok() && sink.opened > 0) << bit;
  }
}

TEST_F(WebSocketCodecTest, SendsNothingBeforeItIsOpenNorAfterClose) {
  RecordingSink sink;
  std::string answer;
  const auto codec = started(sink, answer);
  EXPECT_TRUE(codec->send(Bytes{1}).ok());
  EXPECT_TRUE(codec->close().ok());
  EXPECT_TRUE(sink.output.empty());
  ASSERT_TRUE(codec->feed(as_bytes(answer)).ok());
  EXPECT_TRUE(codec->close().ok());
  ASSERT_EQ(sink.output.size(), 8u);  // header, mask, code
  sink.output.clear();
  EXPECT_TRUE(codec->send(Bytes{1}).ok());
  EXPECT_TRUE(codec->close().ok());
  EXPECT_TRUE(sink.output.empty());
  const Status end = codec->feed(test::server_frame(0x88, Bytes{0x03, 0xE8}));
  ASSERT_FALSE(end.ok());
  EXPECT_EQ(end.error().code, Errc::kCancelled);
}

TEST_F(WebSocketCodecTest, MayBeDestroyedInEveryState) {
  for (const std::size_t fed : {0u, 10u, 100u, 200u, 210u, 5000u}) {
    RecordingSink sink;
    std::string answer;
    const auto codec = started(sink, answer);
    const Bytes stream = concat({as_bytes(answer), stream_of_messages()});
    (void)codec->feed(ByteView(stream).first(fed));
  }
}

}  // namespace
}  // namespace ponte::net
