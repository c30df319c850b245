#include <gtest/gtest.h>

#include "net/web_socket.h"

namespace ponte::net {
namespace {

TEST(WebSocketUrl, ParsesItsParts) {
  struct Row {
    const char* text;
    bool secure;
    const char* host;
    std::uint16_t port;
    const char* resource;
  };
  const Row rows[] = {
      {"wss://web.whatsapp.com/ws/chat", true, "web.whatsapp.com", 443, "/ws/chat"},
      {"wss://web.whatsapp.com", true, "web.whatsapp.com", 443, "/"},
      {"WSS://Web.WhatsApp.COM:5222/ws/chat?ED=CAIICA", true, "web.whatsapp.com", 5222, "/ws/chat?ED=CAIICA"},
      {"wss://host?x=1", true, "host", 443, "/?x=1"},
      {"ws://127.0.0.1:8080/a", false, "127.0.0.1", 8080, "/a"},
      {"ws://127.9.9.9/", false, "127.9.9.9", 80, "/"},
      {"ws://localhost:1/", false, "localhost", 1, "/"},
      {"ws://[::1]:65535/ws", false, "::1", 65535, "/ws"},
      {"wss://[2001:db8::1]/ws", true, "2001:db8::1", 443, "/ws"},
  };
  for (const Row& row : rows) {
    const auto url = WebSocketUrl::parse(row.text);
    ASSERT_TRUE(url.ok()) << row.text << ": " << url.error().message;
    EXPECT_EQ(url->secure, row.secure) << row.text;
    EXPECT_EQ(url->host, row.host) << row.text;
    EXPECT_EQ(url->port, row.port) << row.text;
    EXPECT_EQ(url->resource, row.resource) << row.text;
  }
}

TEST(WebSocketUrl, RefusesWhatIsNoWebSocketUrl) {
  for (const char* text : {"",
                           "wss:",
                           "wss://",
                           "wss:///path",
                           "https://web.whatsapp.com/",
                           "web.whatsapp.com",
                           "wss://user@host/",
                           "wss://user:pw@host/",
                           "wss://host:0/",
                           "wss://host:65536/",
                           "wss://host:/",
                           "wss://host:12x/",
                           "wss://host:-1/",
                           "wss://host/a b",
                           "wss://host/a\r\nX: y",
                           "wss://host/#fragment",
                           "wss://ho st/",
                           "wss://h\xC3\xB6st/",
                           "wss://[::1/",
                           "wss://[nonsense]/",
                           "wss://[::1]x443/",
                           "wss://::1/",
                           "wss://host:1:2/",
                           "wss://a/\x7F"}) {
    const auto url = WebSocketUrl::parse(text);
    ASSERT_FALSE(url.ok()) << text;
    EXPECT_EQ(url.error().code, Errc::kInvalidArgument) << text;
  }
}

TEST(WebSocketUrl, RefusesWsForAHostThatIsNotLoopback) {
  for (const char* text : {"ws://web.whatsapp.com/", "ws://10.0.0.1/", "ws://128.0.0.1/", "ws://[2001:db8::1]/",
                           "ws://localhost.example/", "ws://0.0.0.0/", "ws://127.0.0.1.example/"}) {
    EXPECT_FALSE(WebSocketUrl::parse(text).ok()) << text;
  }
}

}  // namespace
}  // namespace ponte::net
