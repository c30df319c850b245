#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <memory>

#include "net/tls_context.h"
#include "net/web_socket.h"
#include "support/net/raw_server.h"
#include "support/net/test_ws_server.h"
#include "support/net/web_socket_client.h"

namespace ponte::net {
namespace {

using test::CertificateWish;
using test::ClientNetwork;
using test::IssuedCertificate;
using test::RawConnection;
using test::RawServer;
using test::TemporaryFile;
using test::TestAuthority;
using test::TestWsServer;
using test::WebSocketClient;

WebSocketOptions options_for(const std::string& host, std::uint16_t port) {
  WebSocketOptions options;
  options.url = {true, host, port, "/ws/chat"};
  return options;
}

Error refusal_of(ClientNetwork& network, const IssuedCertificate& certificate, const std::string& host) {
  TestWsServer server(certificate);
  WebSocketClient client(network, options_for(host, server.port()));
  EXPECT_FALSE(client.wait_open());
  return client.wait_closed();
}

class WebSocketTls : public testing::Test {
 protected:
  void expect_untrusted(const IssuedCertificate& certificate, const std::string& host, const std::string& reason) {
    const Error why = refusal_of(network, certificate, host);
    EXPECT_EQ(why.code, Errc::kUntrusted);
    EXPECT_EQ(why.cause, Cause::kTlsUntrusted);
    EXPECT_NE(why.message.find(reason), std::string::npos) << why.message;
  }

  TestAuthority authority;
  TemporaryFile ca_file{authority.certificate_pem()};
  ClientNetwork network{ca_file.path()};
};

TEST_F(WebSocketTls, AcceptsACertificateForTheNameOrTheAddress) {
  for (const char* host : {"localhost", "127.0.0.1"}) {
    TestWsServer server(authority.issue());
    WebSocketClient client(network, options_for(host, server.port()));
    EXPECT_TRUE(client.wait_open()) << host;
  }
}

TEST_F(WebSocketTls, RefusesAnotherName) {
  expect_untrusted(authority.issue({{"DNS:example.org", "IP:127.0.0.2"}}), "localhost", "hostname mismatch");
}

TEST_F(WebSocketTls, RefusesAnotherAddress) {
  expect_untrusted(authority.issue({{"DNS:localhost", "IP:127.0.0.2"}}), "127.0.0.1", "IP address mismatch");
}

TEST_F(WebSocketTls, RefusesAnAddressWrittenAsAName) {
  expect_untrusted(authority.issue({{"DNS:127.0.0.1"}}), "127.0.0.1", "IP address mismatch");
}

TEST_F(WebSocketTls, RefusesAnExpiredCertificate) {
  expect_untrusted(authority.issue({{"DNS:localhost"}, -7200, -3600}), "localhost", "certificate has expired");
}

TEST_F(WebSocketTls, RefusesACertificateOfTheFuture) {
  expect_untrusted(authority.issue({{"DNS:localhost"}, 3600, 7200}), "localhost", "certificate is not yet valid");
}

TEST_F(WebSocketTls, RefusesASelfSignedCertificate) {
  expect_untrusted(TestAuthority::self_signed(), "localhost", "self-signed certificate");
}

TEST_F(WebSocketTls, RefusesAForgedSignature) {
  const TestAuthority namesake;  // our authority's name, another key
  expect_untrusted(namesake.issue(), "localhost", "certificate signature failure");
}

TEST_F(WebSocketTls, RefusesAnAuthorityThatIsNotOurs) {
  const TestAuthority other("Another authority");
  expect_untrusted(other.issue(), "localhost", "unable to get local issuer certificate");
}

TEST(WebSocketTlsRoots, RefusesTheTestAuthorityWithoutTheExtraFile) {
  const TestAuthority authority;
  ClientNetwork network;
  const Error why = refusal_of(network, authority.issue(), "localhost");
  EXPECT_EQ(why.cause, Cause::kTlsUntrusted);
}

TEST(WebSocketTlsRoots, TakesARootThatTheSystemsFolderHasByItsHash) {
  TestAuthority authority;
  const std::string pem = authority.certificate_pem();
  const std::unique_ptr<BIO, decltype(&BIO_free)> text(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                                       BIO_free);
  const std::unique_ptr<X509, decltype(&X509_free)> root(PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr),
                                                         X509_free);
  std::string folder = testing::TempDir() + "ponte-roots-XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  std::array<char, 16> name{};
  std::snprintf(name.data(), name.size(), "%08lx.0", X509_subject_name_hash(root.get()));
  std::ofstream(folder + "/" + name.data()) << pem;
  ::setenv("SSL_CERT_DIR", folder.c_str(), 1);
  ClientNetwork network("");
  ::unsetenv("SSL_CERT_DIR");
  TestWsServer server(authority.issue());
  WebSocketClient client(network, options_for("localhost", server.port()));
  EXPECT_TRUE(client.wait_open());
  std::filesystem::remove_all(folder);
}

TEST(WebSocketTlsRoots, RefusesAFileThatHoldsNoCertificates) {
  const TemporaryFile nonsense("this is no certificate\n");
  for (const std::string& path : {nonsense.path(), std::string("/nonexistent/ca.pem")}) {
    const auto context = TlsContext::create(path);
    ASSERT_FALSE(context.ok());
    EXPECT_EQ(context.error().code, Errc::kInvalidArgument);
    EXPECT_EQ(context.error().cause, Cause::kConfigInvalid);
    EXPECT_NE(context.error().message.find(path), std::string::npos);
  }
}

TEST_F(WebSocketTls, ReportsAServerThatDoesNotSpeakTls) {
  RawServer server([](RawConnection& connection) {
    connection.write("HTTP/1.1 400 Bad Request\r\n\r\n");
    connection.wait_for_close();
  });
  WebSocketClient client(network, options_for("127.0.0.1", server.port()));
  const Error why = client.wait_closed();
  EXPECT_EQ(why.code, Errc::kUnavailable);
  EXPECT_EQ(why.cause, Cause::kTlsFailed);
}

TEST_F(WebSocketTls, ReportsTheAlertOfAServerThatRefusesOurVersions) {
  RawServer server([](RawConnection& connection) {
    connection.read_exact(5);
    const std::uint8_t protocol_version_alert[] = {0x15, 3, 3, 0, 2, 2, 70};
    connection.write(ByteView(protocol_version_alert));
    connection.wait_for_close();
  });
  WebSocketClient client(network, options_for("127.0.0.1", server.port()));
  const Error why = client.wait_closed();
  EXPECT_EQ(why.cause, Cause::kTlsFailed);
  EXPECT_NE(why.message.find("protocol version"), std::string::npos) << why.message;
}

TEST_F(WebSocketTls, ReportsAServerThatHangsUpDuringTheHandshake) {
  RawServer server([](RawConnection& connection) { connection.read_exact(5); });
  WebSocketClient client(network, options_for("127.0.0.1", server.port()));
  const Error why = client.wait_closed();
  EXPECT_EQ(why.code, Errc::kUnavailable);
  EXPECT_NE(why.message.find("during the TLS handshake"), std::string::npos) << why.message;
}

TEST_F(WebSocketTls, TimesOutOnAServerThatStaysSilent) {
  RawServer server([](RawConnection& connection) { connection.wait_for_close(); });
  WebSocketOptions options = options_for("127.0.0.1", server.port());
  options.connect_timeout = Milliseconds(100);
  WebSocketClient client(network, options);
  const Error why = client.wait_closed();
  EXPECT_EQ(why.code, Errc::kTimedOut);
  EXPECT_EQ(why.cause, Cause::kNetworkTimeout);
  EXPECT_NE(why.message.find("TLS handshake"), std::string::npos) << why.message;
}

// What a client says first: SNI, ALPN and the versions, read from the bytes (RFC 8446 4.1.2, RFC 6066 3).
Bytes client_hello_to(ClientNetwork& network, const std::string& host) {
  std::promise<Bytes> seen;
  RawServer server([&seen](RawConnection& connection) {
    const Bytes header = connection.read_exact(5);
    seen.set_value(connection.read_exact(static_cast<std::size_t>(header[3] << 8 | header[4])));
  });
  WebSocketClient client(network, options_for(host, server.port()));
  client.wait_closed();
  return seen.get_future().get();
}

bool contains(const Bytes& bytes, std::string_view text) {
  return as_text(bytes).find(text) != std::string_view::npos;
}

TEST_F(WebSocketTls, SendsTheNameAndHttp11Alone) {
  const Bytes hello = client_hello_to(network, "localhost");
  EXPECT_TRUE(contains(hello, "localhost"));
  EXPECT_TRUE(contains(hello, std::string_view("\x00\x10\x00\x0b\x00\x09\x08http/1.1", 15)));
  // supported_versions: TLS 1.3 and TLS 1.2, nothing older.
  EXPECT_TRUE(contains(hello, std::string_view("\x00\x2b\x00\x05\x04\x03\x04\x03\x03", 9)));
}

TEST_F(WebSocketTls, SendsNoAddressAsName) {
  EXPECT_FALSE(contains(client_hello_to(network, "127.0.0.1"), "127.0.0.1"));
}

}  // namespace
}  // namespace ponte::net
