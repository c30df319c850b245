// Targets that must be public, and answers of which the status is enough.
#include <gtest/gtest.h>

#include "net/http_client.h"
#include "support/net/http_server.h"
#include "support/net/lookups.h"

namespace ponte::net {
namespace {

using test::expect_error;
using test::fetch;
using test::HttpServer;
using test::kChanges;
using test::kOk;
using test::leads_to;
using test::RawConnection;
using test::RawServer;
using test::request_for;
using test::url_of;

class HttpClientTargetTest : public testing::Test {
 protected:
  HttpClient client;
};

// ---- targets that must be public ----

TEST_F(HttpClientTargetTest, ConnectsToNoPrivateAddressUnlessAllowed) {
  for (const char* host : {"127.0.0.1",
                           "127.255.0.1",
                           "0.0.0.0",
                           "10.1.2.3",
                           "172.16.0.1",
                           "192.168.1.1",
                           "169.254.169.254",
                           "100.64.0.1",
                           "224.0.0.1",
                           "255.255.255.255",
                           "[::1]",
                           "[::]",
                           "[::ffff:127.0.0.1]",
                           "[::ffff:169.254.169.254]",
                           "[64:ff9b::10.1.2.3]",
                           "[2002:7f00:1::]",
                           "[fe80::1]",
                           "[fd00::1]",
                           "[fd00:ec2::254]",
                           "[ff02::1]",
                           "localhost",
                           "2130706433",
                           "0x7f.1",
                           "127.1",
                           "017700000001"}) {
    HttpRequest request = request_for("http://" + std::string(host) + ":9/secret");
    request.allow_private = false;
    expect_error(fetch(client, request), Errc::kForbidden, Cause::kTargetNotAllowed, "is not allowed");
  }
}

TEST_F(HttpClientTargetTest, JudgesANameByWhatItLeadsToWhenItIsDialed) {
  HttpServer server(kOk);
  HttpRequest request = request_for("http://" + std::string(kChanges) + ":" + std::to_string(server.port()));
  request.connections = HttpConnections::kKept;
  leads_to = "127.0.0.1";
  ASSERT_TRUE(fetch(client, request).ok());
  EXPECT_EQ(server.connections(), 1u);
  request.allow_private = false;
  // Neither an open connection nor a look-up of somebody who may is a way around.
  expect_error(fetch(client, request), Errc::kForbidden, Cause::kTargetNotAllowed, "loopback");
  for (const char* address : {"127.0.0.1", "::ffff:127.0.0.1", "0.0.0.0", "169.254.169.254"}) {
    HttpClient fresh;
    leads_to = address;
    expect_error(fetch(fresh, request), Errc::kForbidden, Cause::kTargetNotAllowed, kChanges);
  }
  EXPECT_EQ(server.connections(), 1u);
}

TEST_F(HttpClientTargetTest, ARedirectToAPrivateAddressIsAnAnswer) {
  HttpServer elsewhere(kOk);
  HttpServer server("HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + elsewhere.url() + "\r\n\r\n");
  const auto reply = fetch(client, request_for(server.url()));
  ASSERT_TRUE(reply.ok());
  EXPECT_EQ(reply->status, 302);
  EXPECT_EQ(elsewhere.connections(), 0u);
}

TEST_F(HttpClientTargetTest, NoProxyLeadsToWhatMustBePublic) {
  HttpRequest request = request_for("http://example.com/");
  request.allow_private = false;
  request.proxy = Proxy::parse("http://proxy.example:3128").value();
  expect_error(fetch(client, request), Errc::kInvalidArgument, Cause::kInvalidRequest, "proxy");
}

// ---- answers of which the status is enough ----

TEST_F(HttpClientTargetTest, CutsALongBodyWhereTheStatusIsEnough) {
  for (const std::string head : {"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n"}) {
    RawServer server([head](RawConnection& connection) {
      connection.read_until("\r\n\r\n");
      connection.write(head);
      const std::string piece(64 * 1024, 'x');
      while (connection.write(piece)) {
      }
    });
    HttpRequest request = request_for(url_of(server));
    request.max_body = 1024;
    request.long_body = LongBody::kCut;
    const auto reply = fetch(client, request);
    ASSERT_TRUE(reply.ok()) << reply.error().message;
    EXPECT_EQ(reply->status, 200);
    EXPECT_EQ(reply->body, Bytes(1024, 'x'));
  }
}

TEST_F(HttpClientTargetTest, TheStatusIsEnoughAlsoWhereTheBodyIsNeverOver) {
  RawServer slow([](RawConnection& connection) {
    connection.read_until("\r\n\r\n");
    connection.write("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 503 X\r\nRetry-After: 7\r\nContent-Length: 9\r\n\r\nx");
    connection.wait_for_close();
  });
  HttpRequest request = request_for(url_of(slow));
  request.timeout = Milliseconds(300);
  expect_error(fetch(client, request), Errc::kTimedOut, Cause::kNetworkTimeout, "");
  request.long_body = LongBody::kCut;
  const auto reply = fetch(client, request);
  ASSERT_TRUE(reply.ok()) << reply.error().message;
  EXPECT_EQ(reply->status, 503);
  EXPECT_EQ(reply->retry_after, Seconds(7));
  RawServer silent([](RawConnection& connection) {
    connection.read_until("\r\n\r\n");
    connection.write("HTTP/1.1 200 OK\r\nX: 1\r\n");
    connection.wait_for_close();
  });
  request.url = url_of(silent);
  expect_error(fetch(client, request), Errc::kTimedOut, Cause::kNetworkTimeout, "");
}

}  // namespace
}  // namespace ponte::net
