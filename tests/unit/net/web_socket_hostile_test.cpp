// Servers that lie, stall, flood and hang up.
#include <gtest/gtest.h>

#include <future>
#include <set>

#include "net/socket_stream.h"
#include "net/web_socket.h"
#include "support/net/raw_server.h"
#include "support/net/web_socket_client.h"

namespace ponte::net {
namespace {

using test::ClientNetwork;
using test::RawConnection;
using test::RawServer;
using test::server_frame;
using test::WebSocketClient;

constexpr std::uint8_t kFin = 0x80;
constexpr std::uint8_t kText = 1, kBinary = 2, kClose = 8, kPing = 9;

class WebSocketHostile : public testing::Test {
 protected:
  static WebSocketOptions options_for(const RawServer& server) {
    WebSocketOptions options;
    options.url = {false, "127.0.0.1", server.port(), "/ws/chat"};
    return options;
  }
  // The error with which a connection to a server with this script ends.
  Error end_with(RawServer::Script script) {
    RawServer server(std::move(script));
    WebSocketClient client(network, options_for(server));
    return client.wait_closed();
  }
  // After a good upgrade the server sends `bytes` and waits.
  Error end_after_upgrade(Bytes bytes) {
    return end_with([bytes = std::move(bytes)](RawConnection& connection) {
      connection.upgrade();
      connection.write(bytes);
      connection.wait_for_close();
    });
  }
  void expect_protocol_error(const Error& why, const std::string& text = "") {
    EXPECT_EQ(why.code, Errc::kMalformed) << why.message;
    EXPECT_EQ(why.cause, Cause::kWebSocketProtocol) << why.message;
    EXPECT_NE(why.message.find(text), std::string::npos) << why.message;
  }

  ClientNetwork network;
};

TEST_F(WebSocketHostile, GarbageInsteadOfAnUpgrade) {
  using namespace std::string_literals;
  for (const std::string& garbage :
       {"SSH-2.0-OpenSSH_9.2\r\n"s, "\r\n\r\n"s, "HTTP/1.1\r\n\r\n"s, "HTTP/1.1 abc nonsense\r\n\r\n"s,
        "\x16\x03\x01\x02\x00\x01\x00\r\n\r\n"s, "HTTP/1.1 101 X\r\nno colon here\r\n\r\n"s,
        "HTTP/1.1 101 X\r\nbad name: x\r\n\r\n"s}) {
    expect_protocol_error(end_with([garbage](RawConnection& connection) {
      connection.read_until("\r\n\r\n");
      connection.write(garbage);
      connection.wait_for_close();
    }));
  }
}

TEST_F(WebSocketHostile, UpgradeAnswersThatDoNotFitTheRequest) {
  const std::string good_key_of_another = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
  for (const std::string& headers : {"Upgrade: websocket\r\nConnection: Upgrade\r\n" + good_key_of_another,
                                     std::string("Upgrade: websocket\r\nConnection: Upgrade\r\n"),
                                     "Upgrade: h2c\r\nConnection: Upgrade\r\n" + good_key_of_another,
                                     "Connection: Upgrade\r\n" + good_key_of_another, std::string()}) {
    expect_protocol_error(end_with([headers](RawConnection& connection) {
      connection.read_until("\r\n\r\n");
      connection.write("HTTP/1.1 101 Switching Protocols\r\n" + headers + "\r\n");
      connection.wait_for_close();
    }));
  }
}

TEST_F(WebSocketHostile, ExtensionsAndProtocolsThatWereNotOffered) {
  for (const char* extra : {"Sec-WebSocket-Extensions: permessage-deflate\r\n", "Sec-WebSocket-Extensions: ;;;=,\r\n",
                            "Sec-WebSocket-Protocol: chat\r\n"}) {
    expect_protocol_error(end_with([extra](RawConnection& connection) {
      const std::string request = connection.read_until("\r\n\r\n");
      connection.write(test::upgrade_answer(request, extra));
      connection.write(server_frame(kFin | kBinary, Bytes{1}));
      connection.wait_for_close();
    }));
  }
}

TEST_F(WebSocketHostile, AStatusWithControlCharactersIsReportedPrintable) {
  const Error why = end_with([](RawConnection& connection) {
    connection.read_until("\r\n\r\n");
    connection.write("HTTP/1.1 403 No\x1b[31m\n\x07way\r\n\r\n");
    connection.wait_for_close();
  });
  EXPECT_EQ(why.code, Errc::kRejected);
  EXPECT_EQ(why.cause, Cause::kWebSocketRefused);
  for (char c : why.message) EXPECT_TRUE(c >= 0x20 && c < 0x7F) << why.message;
}

TEST_F(WebSocketHostile, HeaderBombs) {
  const std::string long_line(1000, 'a');
  expect_protocol_error(end_with([&](RawConnection& connection) {
    connection.read_until("\r\n\r\n");
    connection.write("HTTP/1.1 101 Switching Protocols\r\n");
    while (connection.write("X-" + long_line + ": " + long_line + "\r\n")) {
    }
  }));
  expect_protocol_error(end_with([&](RawConnection& connection) {
    connection.read_until("\r\n\r\n");
    while (connection.write(long_line)) {
    }
  }));
}

TEST_F(WebSocketHostile, AnUpgradeByteByByteIsAccepted) {
  RawServer server([](RawConnection& connection) {
    const std::string answer = test::upgrade_answer(connection.read_until("\r\n\r\n"));
    for (char c : answer) connection.write(std::string_view(&c, 1));
    for (std::uint8_t byte : server_frame(kFin | kBinary, as_bytes("split"))) connection.write(ByteView(&byte, 1));
    connection.wait_for_close();
  });
  WebSocketClient client(network, options_for(server));
  ASSERT_TRUE(client.wait_open());
  EXPECT_EQ(client.wait_message(), to_bytes("split"));
}

TEST_F(WebSocketHostile, FramesInThePacketOfTheUpgradeAreDelivered) {
  RawServer server([](RawConnection& connection) {
    std::string all = test::upgrade_answer(connection.read_until("\r\n\r\n"));
    for (int i = 0; i < 100; ++i)
      all += to_text(server_frame(kFin | kBinary, Bytes(300, static_cast<std::uint8_t>(i))));
    connection.write(all);
    connection.wait_for_close();
  });
  WebSocketClient client(network, options_for(server));
  ASSERT_TRUE(client.wait_open());
  for (int i = 0; i < 100; ++i) EXPECT_EQ(client.wait_message(), Bytes(300, static_cast<std::uint8_t>(i)));
}

TEST_F(WebSocketHostile, SilenceAfterTheConnectionEndsAtTheDeadline) {
  RawServer server([](RawConnection& connection) { connection.wait_for_close(); });
  WebSocketOptions options = options_for(server);
  options.connect_timeout = Milliseconds(100);
  WebSocketClient client(network, options);
  const Error why = client.wait_closed();
  EXPECT_EQ(why.code, Errc::kTimedOut);
  EXPECT_EQ(why.cause, Cause::kNetworkTimeout);
  EXPECT_NE(why.message.find("upgrade"), std::string::npos) << why.message;
}

TEST_F(WebSocketHostile, HangingUpBeforeTheUpgradeIsAnswered) {
  for (const char* part : {"", "HTTP/1.1 101 Switching"}) {
    const Error why = end_with([part](RawConnection& connection) {
      connection.read_until("\r\n\r\n");
      connection.write(part);
    });
    EXPECT_EQ(why.code, Errc::kUnavailable);
    EXPECT_EQ(why.cause, Cause::kConnectionClosed);
    EXPECT_NE(why.message.find("before it answered the upgrade"), std::string::npos) << why.message;
  }
}

TEST_F(WebSocketHostile, HangingUpWithoutACloseFrame) {
  const Error why = end_with([](RawConnection& connection) { connection.upgrade(); });
  EXPECT_EQ(why.code, Errc::kUnavailable);
  EXPECT_EQ(why.cause, Cause::kConnectionClosed);
}

TEST_F(WebSocketHostile, AResetIsANetworkFailure) {
  std::promise<void> opened;
  RawServer server([&](RawConnection& connection) {
    connection.upgrade();
    opened.get_future().wait();
    connection.reset();
  });
  WebSocketClient client(network, options_for(server));
  ASSERT_TRUE(client.wait_open());
  opened.set_value();
  const Error why = client.wait_closed();
  EXPECT_EQ(why.code, Errc::kUnavailable);
  EXPECT_EQ(why.cause, Cause::kNetworkFailed);
}

TEST_F(WebSocketHostile, FragmentsAreJoinedAroundAPing) {
  std::promise<std::uint8_t> pong;
  RawServer server([&](RawConnection& connection) {
    connection.upgrade();
    connection.write(server_frame(kBinary, as_bytes("one ")));
    connection.write(server_frame(0, as_bytes("two ")));
    connection.write(server_frame(kFin | kPing, as_bytes("hello?")));
    connection.write(server_frame(0, ByteView()));
    connection.write(server_frame(kFin | 0, as_bytes("three")));
    std::uint8_t first_byte = 0;
    EXPECT_EQ(as_text(test::read_client_frame(connection, first_byte)), "hello?");
    pong.set_value(first_byte);
    connection.wait_for_close();
  });
  WebSocketClient client(network, options_for(server));
  EXPECT_EQ(as_text(client.wait_message()), "one two three");
  EXPECT_EQ(pong.get_future().get(), 0x8A);
}

TEST_F(WebSocketHostile, FramesThatBreakTheProtocol) {
  const Bytes masked = {kFin | kBinary, 0x81, 1, 2, 3, 4, 5};
  const Bytes non_minimal = {kFin | kBinary, 126, 0, 5, 1, 2, 3, 4, 5};
  const std::vector<Bytes> breaches = {
      masked,
      non_minimal,
      server_frame(kFin | 0x40 | kBinary, Bytes{1}),  // RSV1: compressed, not negotiated
      server_frame(kFin | 0x20 | kBinary, Bytes{1}),
      server_frame(kFin | 3, Bytes{1}),  // reserved opcodes
      server_frame(kFin | 11, Bytes{1}),
      server_frame(kFin | 0, Bytes{1}),        // continues nothing
      server_frame(kPing, Bytes{1}),           // fragmented control frame
      server_frame(kFin | kPing, Bytes(126)),  // control frame too long
      concat({server_frame(kBinary, Bytes{1}), server_frame(kFin | kBinary, Bytes{2})}),
      server_frame(kFin | kText, Bytes{0xC3, 0x28}),   // no UTF-8
      server_frame(kFin | kClose, Bytes{3}),           // half a code
      server_frame(kFin | kClose, Bytes{0, 1}),        // no such code
      server_frame(kFin | kClose, Bytes{0x03, 0xEE}),  // 1006 never travels
      server_frame(kFin | kClose, Bytes{3, 0xE8, 0xFF}),
  };
  for (const Bytes& breach : breaches) expect_protocol_error(end_after_upgrade(breach));
}

TEST_F(WebSocketHostile, ABreachIsToldToThePeerWithItsCloseCode) {
  std::promise<Bytes> close_payload;
  RawServer server([&](RawConnection& connection) {
    connection.upgrade();
    connection.write(server_frame(kFin | 3, Bytes{1}));
    std::uint8_t first_byte = 0;
    Bytes payload = test::read_client_frame(connection, first_byte);
    EXPECT_EQ(first_byte, kFin | kClose);
    close_payload.set_value(std::move(payload));
    connection.wait_for_close();
  });
  WebSocketClient client(network, options_for(server));
  client.wait_closed();
  const Bytes payload = close_payload.get_future().get();
  ASSERT_GE(payload.size(), 2u);
  EXPECT_EQ(payload[0] << 8 | payload[1], 1002);
}

TEST_F(WebSocketHostile, MessagesLargerThanTheLimit) {
  const auto end_with_limit = [&](Bytes bytes) {
    RawServer server([bytes](RawConnection& connection) {
      connection.upgrade();
      connection.write(bytes);
      connection.wait_for_close();
    });
    WebSocketOptions options = options_for(server);
    options.max_message_size = 1000;
    WebSocketClient client(network, options);
    return client.wait_closed();
  };
  expect_protocol_error(end_with_limit(server_frame(kFin | kBinary, Bytes(1001))), "1000 bytes");
  expect_protocol_error(end_with_limit(concat({server_frame(kBinary, Bytes(600)), server_frame(kFin | 0, Bytes(401))})),
                        "1000 bytes");
  // The header alone is enough: 2^62 bytes are neither awaited nor reserved.
  expect_protocol_error(end_with_limit({kFin | kBinary, 127, 0x40, 0, 0, 0, 0, 0, 0, 0}), "1000 bytes");
}

TEST_F(WebSocketHostile, AMessageOfExactlyTheLimitIsDelivered) {
  RawServer server([](RawConnection& connection) {
    connection.upgrade();
    connection.write(server_frame(kFin | kBinary, Bytes(1000, 7)));
    connection.wait_for_close();
  });
  WebSocketOptions options = options_for(server);
  options.max_message_size = 1000;
  WebSocketClient client(network, options);
  EXPECT_EQ(client.wait_message(), Bytes(1000, 7));
}

TEST_F(WebSocketHostile, ACloseFrameFollowedByAResetIsStillReadAsAClose) {
  // The peer says why and resets while we write: our write fails first.
  RawServer server([](RawConnection& connection) {
    connection.upgrade();
    connection.write(server_frame(kFin | kClose, concat({Bytes{0x0F, 0xA0}, as_bytes("kicked")})));
  });
  WebSocketClient::Hooks hooks;
  hooks.on_open = [](WebSocketClient& client) {
    for (int i = 0; i < 20; ++i) client.socket->send(Bytes(1000));
  };
  WebSocketClient client(network, options_for(server), hooks);
  const Error why = client.wait_closed();
  EXPECT_EQ(why.code, Errc::kUnavailable);
}

TEST_F(WebSocketHostile, ACloseFrameWithoutACodeIsAClose) {
  const Error why = end_after_upgrade(server_frame(kFin | kClose, ByteView()));
  EXPECT_EQ(why.cause, Cause::kConnectionClosed);
  EXPECT_NE(why.message.find("1005"), std::string::npos) << why.message;
}

TEST_F(WebSocketHostile, APeerThatNeverAnswersOurCloseIsLeftAfterThreeSeconds) {
  RawServer server([](RawConnection& connection) {
    connection.upgrade();
    connection.wait_for_close();
  });
  WebSocketClient client(network, options_for(server));
  ASSERT_TRUE(client.wait_open());
  const auto start = std::chrono::steady_clock::now();
  client.close();
  const Error why = client.wait_closed();
  EXPECT_EQ(why.code, Errc::kCancelled);
  EXPECT_NE(why.message.find("did not answer"), std::string::npos) << why.message;
  EXPECT_GE(std::chrono::steady_clock::now() - start, Milliseconds(2'900));
}

TEST_F(WebSocketHostile, AnEndInsteadOfAnAnswerToOurCloseIsOurClose) {
  RawServer server([](RawConnection& connection) {
    connection.upgrade();
    std::uint8_t first_byte = 0;
    EXPECT_EQ(test::read_client_frame(connection, first_byte), (Bytes{0x03, 0xE8}));
    EXPECT_EQ(first_byte, kFin | kClose);
  });
  WebSocketClient client(network, options_for(server));
  ASSERT_TRUE(client.wait_open());
  client.close();
  EXPECT_EQ(client.wait_closed().code, Errc::kCancelled);
}

TEST_F(WebSocketHostile, APeerThatDoesNotReadIsCutOffAtTheQueuesLimit) {
  std::promise<void> ended;
  const auto until_end = ended.get_future().share();
  RawServer server([until_end](RawConnection& connection) {
    connection.upgrade();
    until_end.wait();
  });
  WebSocketClient client(network, options_for(server));
  ASSERT_TRUE(client.wait_open());
  // More than the socket's buffers (some MiB on loopback) and the queue together.
  for (int i = 0; i < 32; ++i) client.send(Bytes(1u << 20));
  const Error why = client.wait_closed();
  EXPECT_EQ(why.code, Errc::kUnavailable);
  EXPECT_EQ(why.cause, Cause::kNetworkFailed);
  EXPECT_NE(why.message.find("does not read"), std::string::npos) << why.message;
  ended.set_value();
}

TEST_F(WebSocketHostile, APingFloodFromAPeerThatReadsNoPongsIsCutOff) {
  RawServer server([](RawConnection& connection) {
    connection.upgrade();
    Bytes pings;
    for (int i = 0; i < 1000; ++i) append(pings, server_frame(kFin | kPing, Bytes(125)));
    while (connection.write(pings)) {
    }
  });
  WebSocketClient client(network, options_for(server));
  EXPECT_EQ(client.wait_closed().cause, Cause::kNetworkFailed);
}

TEST_F(WebSocketHostile, AFloodDoesNotStarveTheOtherConnections) {
  RawServer flood([](RawConnection& connection) {
    connection.upgrade();
    Bytes frames;
    for (int i = 0; i < 500; ++i) append(frames, server_frame(kFin | kText, Bytes(2000, 'x')));
    while (connection.write(frames)) {
    }
  });
  RawServer calm([](RawConnection& connection) {
    connection.upgrade();
    std::uint8_t first_byte = 0;
    for (int i = 0; i < 100; ++i) {
      connection.write(server_frame(kFin | kBinary, test::read_client_frame(connection, first_byte)));
    }
    connection.wait_for_close();
  });
  WebSocketClient flooded(network, options_for(flood));
  ASSERT_TRUE(flooded.wait_open());
  WebSocketClient client(network, options_for(calm));
  ASSERT_TRUE(client.wait_open());
  for (int i = 0; i < 100; ++i) {
    client.send({static_cast<std::uint8_t>(i)});
    ASSERT_EQ(client.wait_message(), Bytes{static_cast<std::uint8_t>(i)});
  }
}

TEST_F(WebSocketHostile, EveryMaskIsAnother) {
  std::promise<Bytes> masks;
  RawServer server([&](RawConnection& connection) {
    connection.upgrade();
    Bytes seen;
    for (int i = 0; i < 100; ++i) append(seen, ByteView(connection.read_exact(2 + 4 + 1)).subspan(2, 4));
    masks.set_value(seen);
    connection.wait_for_close();
  });
  WebSocketClient client(network, options_for(server));
  ASSERT_TRUE(client.wait_open());
  for (int i = 0; i < 100; ++i) client.send({1});
  const Bytes seen = masks.get_future().get();
  std::set<Bytes> distinct;
  for (std::size_t i = 0; i < 100; ++i) distinct.insert(to_bytes(ByteView(seen).subspan(4 * i, 4)));
  EXPECT_GE(distinct.size(), 99u);  // one pair of 100 may meet by chance, at 1 in 10^6
}

}  // namespace
}  // namespace ponte::net
