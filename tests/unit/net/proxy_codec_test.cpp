#include "net/proxy_codec.h"

#include <gtest/gtest.h>

#include "base/hex.h"

namespace ponte::net {
namespace {

const ProxyTarget kTarget{"web.example", 443};

Proxy http_proxy(const std::string& username = "", const std::string& password = "") {
  return {ProxyProtocol::kHttp, "proxy", 3128, username, ProxyPassword(password)};
}
Proxy socks_proxy(const std::string& username = "", const std::string& password = "") {
  return {ProxyProtocol::kSocks5, "proxy", 1080, username, ProxyPassword(password)};
}

std::unique_ptr<ProxyCodec> codec_for(const Proxy& proxy, const ProxyTarget& target = kTarget) {
  auto codec = ProxyCodec::create(proxy, target);
  EXPECT_TRUE(codec.ok()) << codec.error().message;
  return std::move(codec).value();
}

Bytes from(const char* hex) {
  return from_hex(hex).value();
}

std::string output_of(ProxyCodec& codec) {
  return to_text(codec.take_output().view());
}

// What a codec makes of an answer, which must not depend on the pieces in which it comes.
Status outcome(const Proxy& proxy, const Bytes& answer, const ProxyTarget& target = kTarget) {
  const auto whole = codec_for(proxy, target);
  const Status at_once = whole->feed(answer);
  const auto dribbled = codec_for(proxy, target);
  Status bytewise;
  for (const std::uint8_t& byte : answer) {
    bytewise = dribbled->feed({&byte, 1});
    if (!bytewise.ok()) break;
  }
  EXPECT_EQ(at_once.ok(), bytewise.ok());
  EXPECT_EQ(whole->established(), dribbled->established());
  if (!at_once.ok() && !bytewise.ok()) {
    EXPECT_EQ(at_once.error().message, bytewise.error().message);
    EXPECT_EQ(at_once.error().message.find("secret"), std::string::npos);
    return at_once;
  }
  if (whole->established()) return Status::Ok();
  return Error{Errc::kInternal, Cause::kInternal, "more is awaited"};
}

void expect_error(const Status& status, Errc code, Cause cause, const std::string& text) {
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, code) << status.error().message;
  EXPECT_EQ(status.error().cause, cause) << status.error().message;
  EXPECT_NE(status.error().message.find(text), std::string::npos) << status.error().message;
}

void expect_no_proxy(const Status& status, const std::string& text) {
  expect_error(status, Errc::kMalformed, Cause::kProxyUnreachable, text);
}

TEST(ProxyCodec, RefusesWhatCannotBeAsked) {
  for (const ProxyTarget& target : {ProxyTarget{"", 443}, ProxyTarget{"host", 0}, ProxyTarget{"a b", 443},
                                    ProxyTarget{"a\r\nX: y", 443}, ProxyTarget{std::string(254, 'a'), 443}}) {
    for (const Proxy& proxy : {http_proxy(), socks_proxy()}) {
      const auto codec = ProxyCodec::create(proxy, target);
      ASSERT_FALSE(codec.ok()) << target.host;
      EXPECT_EQ(codec.error().cause, Cause::kInvalidRequest);
    }
  }
  EXPECT_EQ(ProxyCodec::create(socks_proxy(std::string(256, 'u')), kTarget).error().cause, Cause::kInvalidProxy);
}

// ---- HTTP CONNECT -----------------------------------------------------------------------------------

TEST(ProxyCodecHttp, AsksWithHostAndWithoutCredentials) {
  const auto codec = codec_for(http_proxy());
  EXPECT_EQ(output_of(*codec), "CONNECT web.example:443 HTTP/1.1\r\nHost: web.example:443\r\n\r\n");
  EXPECT_EQ(output_of(*codec), "");
  EXPECT_EQ(output_of(*codec_for(http_proxy(), {"2001:db8::1", 5222})),
            "CONNECT [2001:db8::1]:5222 HTTP/1.1\r\nHost: [2001:db8::1]:5222\r\n\r\n");
}

TEST(ProxyCodecHttp, SendsBasicCredentials) {
  // RFC 7617 2.
  EXPECT_EQ(output_of(*codec_for(http_proxy("Aladdin", "open sesame"))),
            "CONNECT web.example:443 HTTP/1.1\r\nHost: web.example:443\r\n"
            "Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n");
  EXPECT_NE(output_of(*codec_for(http_proxy("bob"))).find("Basic Ym9iOg=="), std::string::npos);
}

TEST(ProxyCodecHttp, AcceptsEverySuccess) {
  for (const char* answer : {"HTTP/1.1 200 Connection established\r\n\r\n", "HTTP/1.0 200 OK\r\nVia: 1.0 x\r\n\r\n",
                             "HTTP/1.1 200\r\n\r\n", "HTTP/1.1 200 \r\n\r\n", "HTTP/1.1 299 Odd\r\nX:\r\n\r\n",
                             // Of a successful answer to CONNECT they mean nothing.
                             "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"}) {
    EXPECT_TRUE(outcome(http_proxy(), to_bytes(answer)).ok()) << answer;
  }
}

TEST(ProxyCodecHttp, TellsRefusalsApart) {
  struct Row {
    const char* answer;
    Errc code;
    const char* text;
  };
  const Row rows[] = {
      {"HTTP/1.1 403 Forbidden\r\n\r\n", Errc::kRejected, "to web.example:443: HTTP status 403 Forbidden"},
      {"HTTP/1.1 400\r\n\r\n", Errc::kRejected, "HTTP status 400"},
      {"HTTP/1.1 101 Switching Protocols\r\n\r\n", Errc::kRejected, "101"},
      {"HTTP/1.1 302 Found\r\nLocation: http://elsewhere/\r\n\r\n", Errc::kRejected, "302"},
      {"HTTP/1.1 405 Method Not Allowed\r\nno field\r\n\r\n", Errc::kRejected, "405"},
      {"HTTP/1.1 429 Slow down\r\n\r\n", Errc::kRateLimited, "429"},
      {"HTTP/1.1 408 Late\r\n\r\n", Errc::kUnavailable, "408"},
      {"HTTP/1.1 500 Unable to connect\r\n\r\n", Errc::kUnavailable, "500"},
      {"HTTP/1.1 502 Bad Gateway\r\n\r\n", Errc::kUnavailable, "502"},
      {"HTTP/1.1 503 Service Unavailable\r\n\r\n", Errc::kUnavailable, "503"},
      {"HTTP/1.1 504 Gateway Timeout\r\n\r\n", Errc::kUnavailable, "504"},
      {"HTTP/1.1 403 N\xC3\xB6\r\n\r\n", Errc::kRejected, "403 N??"},
  };
  for (const Row& row : rows)
    expect_error(outcome(http_proxy(), to_bytes(row.answer)), row.code, Cause::kProxyRefused, row.text);
}

TEST(ProxyCodecHttp, QuotesNobodyWhoKnowsAPassword) {
  // In the clear, and as it was sent.
  for (const std::string reason : {"no, bob:secret", "Ym9iOnNlY3JldA=="}) {
    const Status echo = outcome(http_proxy("bob", "secret"), to_bytes("HTTP/1.1 403 " + reason + "\r\n\r\n"));
    expect_error(echo, Errc::kRejected, Cause::kProxyRefused, "HTTP status 403");
    EXPECT_EQ(echo.error().message.find(reason), std::string::npos) << echo.error().message;
  }
}

TEST(ProxyCodecHttp, SaysWhetherCredentialsAreMissingOrWrong) {
  const Bytes answer = to_bytes("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n");
  expect_error(outcome(http_proxy(), answer), Errc::kRejected, Cause::kProxyAuthFailed, "wants credentials");
  expect_error(outcome(http_proxy("bob", "secret"), answer), Errc::kRejected, Cause::kProxyAuthFailed,
               "refused our credentials");
}

TEST(ProxyCodecHttp, RefusesWhatIsNoAnswer) {
  using namespace std::string_literals;
  for (const std::string& answer : {
           "SSH-2.0-OpenSSH_9.2\r\n"s,
           "\x05\x00"s,
           "\x15\x03\x01\x00\x02"s,
           "\r\nHTTP/1.1 200 OK\r\n\r\n"s,
           "HTTP/2 200\r\n\r\n"s,
           "HTTP/1.x 200 OK\r\n\r\n"s,
           "HTTP/1.1200 OK\r\n\r\n"s,
           "HTTP/1.1  200 OK\r\n\r\n"s,
           "HTTP/1.1 20\r\n\r\n"s,
           "HTTP/1.1 2000 OK\r\n\r\n"s,
           "HTTP/1.1 2x0 OK\r\n\r\n"s,
           "HTTP/1.1\r\n\r\n"s,
           "HTTP/1.1 200 OK\n\n"s,
           "HTTP/1.1 200 OK\r\n\n"s,
           "HTTP/1.1 200 OK\r\r\n"s,
           "HTTP/1.1 200 O\0K\r\n\r\n"s,
           "HTTP/1.1 200 O\x1bK\r\n\r\n"s,
           "HTTP/1.1 200 O\x7fK\r\n\r\n"s,
           "HTTP/1.1 200 OK\r\nno colon\r\n\r\n"s,
           "HTTP/1.1 200 OK\r\nspace : x\r\n\r\n"s,
           "HTTP/1.1 200 OK\r\n: x\r\n\r\n"s,
           "HTTP/1.1 200 OK\r\nA: x\r\n folded\r\n\r\n"s,
       }) {
    expect_no_proxy(outcome(http_proxy(), to_bytes(answer)), "its answer");
  }
}

TEST(ProxyCodecHttp, RefusesBytesAfterTheAnswer) {
  expect_no_proxy(outcome(http_proxy(), to_bytes("HTTP/1.1 200 OK\r\n\r\nx")), "more than its answer");
}

TEST(ProxyCodecHttp, LimitsTheAnswer) {
  const std::string start = "HTTP/1.1 200 OK\r\nX: ";
  const std::string filler(ProxyCodec::kMaxAnswer - start.size() - 4, 'a');
  EXPECT_TRUE(outcome(http_proxy(), to_bytes(start + filler + "\r\n\r\n")).ok());
  expect_no_proxy(outcome(http_proxy(), to_bytes(start + filler + "a\r\n\r\n")), "longer than 16384 bytes");
}

TEST(ProxyCodecHttp, WaitsForTheEndOfTheAnswer) {
  const Bytes answer = to_bytes("HTTP/1.1 200 OK\r\nVia: x\r\n\r\n");
  for (std::size_t size = 0; size < answer.size(); ++size) {
    const auto codec = codec_for(http_proxy());
    EXPECT_TRUE(codec->feed(ByteView(answer).first(size)).ok()) << size;
    EXPECT_FALSE(codec->established()) << size;
  }
}

// ---- SOCKS5 -----------------------------------------------------------------------------------------

// The handshake's turns as RFC 1928 has them, for a name.
TEST(ProxyCodecSocks5, AsksByNameWithoutAuthentication) {
  const auto codec = codec_for(socks_proxy());
  EXPECT_EQ(to_hex(codec->take_output().view()), "050100");
  ASSERT_TRUE(codec->feed(from("0500")).ok());
  EXPECT_EQ(to_hex(codec->take_output().view()),
            "0501"
            "00"
            "030b" +
                to_hex(as_bytes("web.example")) + "01bb");
  ASSERT_TRUE(codec->feed(from("05000001c0a80001d431")).ok());
  EXPECT_TRUE(codec->established());
  EXPECT_TRUE(codec->take_output().view().empty());
}

TEST(ProxyCodecSocks5, SendsUserAndPassword) {
  const auto codec = codec_for(socks_proxy("bob", "secret"));
  EXPECT_EQ(to_hex(codec->take_output().view()), "050102");
  ASSERT_TRUE(codec->feed(from("0502")).ok());
  EXPECT_EQ(to_hex(codec->take_output().view()), "0103626f6206736563726574");
  ASSERT_TRUE(codec->feed(from("0100")).ok());
  EXPECT_EQ(to_hex(codec->take_output().view()).substr(0, 8), "05010003");
  ASSERT_TRUE(codec->feed(from("05000003016101bb")).ok());
  EXPECT_TRUE(codec->established());
}

TEST(ProxyCodecSocks5, SendsAddressesAsAddresses) {
  for (const auto& [host, request] : {std::pair{"192.0.2.7", "05010001c000020701bb"},
                                      {"2001:db8::7", "0501000420010db800000000000000000000000701bb"}}) {
    const auto codec = codec_for(socks_proxy(), {host, 443});
    (void)codec->take_output();
    ASSERT_TRUE(codec->feed(from("0500")).ok());
    EXPECT_EQ(to_hex(codec->take_output().view()), request);
  }
}

TEST(ProxyCodecSocks5, SendsTheLongestNamesWhole) {
  const std::string name(253, 'a');
  const auto codec = codec_for(socks_proxy(std::string(255, 'u'), std::string(255, 'p')), {name, 443});
  (void)codec->take_output();
  ASSERT_TRUE(codec->feed(from("0502")).ok());
  EXPECT_EQ(codec->take_output().view().size(), 3u + 255 + 255);
  ASSERT_TRUE(codec->feed(from("0100")).ok());
  const SecretBytes request = codec->take_output();
  EXPECT_EQ(request.view().size(), 4u + 1 + 253 + 2);
  EXPECT_EQ(request.view()[4], 253);
}

TEST(ProxyCodecSocks5, AcceptsEveryFormOfAddress) {
  const std::string domain(255 * 2, 'a');
  for (const std::string& reply : {std::string("05000001000000000000"), std::string("0500000300") + "0000",
                                   "05000003ff" + domain + "0000", "05000004" + std::string(36, '0')}) {
    EXPECT_TRUE(outcome(socks_proxy(), from(("0500" + reply).c_str())).ok()) << reply;
    expect_no_proxy(outcome(socks_proxy(), from(("0500" + reply + "00").c_str())), "more than its answer");
  }
}

TEST(ProxyCodecSocks5, PutsEveryReplyIntoWords) {
  struct Row {
    const char* reply;
    Errc code;
    const char* text;
  };
  const Row rows[] = {
      {"0501", Errc::kUnavailable, "general failure"},
      {"0502", Errc::kRejected, "its rules do not allow it"},
      {"0503", Errc::kUnavailable, "network unreachable"},
      {"0504", Errc::kUnavailable, "host unreachable"},
      {"0505", Errc::kUnavailable, "connection refused"},
      {"0506", Errc::kUnavailable, "TTL expired"},
      {"0507", Errc::kRejected, "CONNECT"},
      {"0508", Errc::kRejected, "kind of address"},
      {"0509", Errc::kRejected, "unassigned reply 9"},
      {"05ff", Errc::kRejected, "unassigned reply 255"},
  };
  for (const Row& row : rows) {
    for (const char* rest : {"", "0001000000000000"}) {
      const Status status = outcome(socks_proxy(), from((std::string("0500") + row.reply + rest).c_str()));
      expect_error(status, row.code, Cause::kProxyRefused, row.text);
      EXPECT_NE(status.error().message.find("socks5://proxy:1080 refused to connect to web.example:443"),
                std::string::npos);
    }
  }
}

TEST(ProxyCodecSocks5, SaysWhetherCredentialsAreMissingOrWrong) {
  expect_error(outcome(socks_proxy(), from("05ff")), Errc::kRejected, Cause::kProxyAuthFailed, "wants credentials");
  expect_error(outcome(socks_proxy("bob", "secret"), from("05ff")), Errc::kRejected, Cause::kProxyAuthFailed,
               "takes no user and password");
  expect_error(outcome(socks_proxy("bob", "secret"), from("05020101")), Errc::kRejected, Cause::kProxyAuthFailed,
               "refused our credentials: status 1");
}

TEST(ProxyCodecSocks5, RefusesWhatIsNoAnswer) {
  struct Row {
    const char* answer;
    const char* text;
  };
  const Row rows[] = {
      {"0400", "expected version 5 in its answer, got 4"},
      {"48545450", "expected version 5 in its answer, got 72"},
      {"0501", "authentication 1, which was not offered"},
      {"0502", "authentication 2, which was not offered"},
      {"05000400", "expected version 5"},
      {"0500050001", "reserved byte"},
      {"050005000002", "address of type 1, 3 or 4 in its answer, got 2"},
      {"050005000000", "got 0"},
  };
  for (const Row& row : rows) expect_no_proxy(outcome(socks_proxy(), from(row.answer)), row.text);
  expect_no_proxy(outcome(socks_proxy("bob", "secret"), from("0500")), "authentication 0, which was not offered");
  expect_no_proxy(outcome(socks_proxy("bob", "secret"), from("05020500")), "expected version 1");
}

TEST(ProxyCodecSocks5, WaitsForTheEndOfEachAnswer) {
  const Bytes answer = from(
      "0502"
      "0100"
      "050000030461626364"
      "01bb");
  for (std::size_t size = 0; size < answer.size(); ++size) {
    const auto codec = codec_for(socks_proxy("bob", "secret"));
    EXPECT_TRUE(codec->feed(ByteView(answer).first(size)).ok()) << size;
    EXPECT_FALSE(codec->established()) << size;
  }
  EXPECT_TRUE(outcome(socks_proxy("bob", "secret"), answer).ok());
}

}  // namespace
}  // namespace ponte::net
