// The simulator's sockets: the admin API over HTTP, refused upgrades, TLS, a clean end.
#include <curl/curl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "base/hex.h"
#include "crypto/system_random.h"
#include "simulator/shell_server.h"

namespace ponte::test {
namespace {

std::size_t collect(char* data, std::size_t size, std::size_t count, void* body) {
  static_cast<std::string*>(body)->append(data, size * count);
  return size * count;
}

struct Answer {
  long status = 0;  ///< 0: no answer
  std::string body;
};

/// One request, on a connection of its own.
struct Request {
  std::string url;
  std::string method = "GET";
  std::string body;
  std::vector<std::string> headers;
  std::string ca_file;

  Answer perform() const {
    CURL* handle = curl_easy_init();
    Answer out;
    curl_slist* list = nullptr;
    for (const std::string& header : headers) list = curl_slist_append(list, header.c_str());
    curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
    curl_easy_setopt(handle, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, list);
    if (method == "POST") curl_easy_setopt(handle, CURLOPT_COPYPOSTFIELDS, body.c_str());
    if (!ca_file.empty()) curl_easy_setopt(handle, CURLOPT_CAINFO, ca_file.c_str());
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, &out.body);
    curl_easy_setopt(handle, CURLOPT_TIMEOUT, 30L);
    if (curl_easy_perform(handle) == CURLE_OK) curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &out.status);
    curl_slist_free_all(list);
    curl_easy_cleanup(handle);
    return out;
  }
};

const std::vector<std::string> kUpgrade = {"Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
                                           "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="};

struct SimulatorShell : testing::Test {
  void start(std::optional<simulator::TlsIdentity> tls = std::nullopt) {
    auto listening = simulator::ShellServer::listen(server, clock, {"127.0.0.1", 0, std::move(tls)});
    ASSERT_TRUE(listening.ok()) << listening.error().message;
    shell = std::move(*listening);
    thread = std::thread([this] { shell->run(false); });
  }
  void TearDown() override {
    if (!thread.joinable()) return;
    shell->stop();
    thread.join();
  }
  std::string http_url() const {
    const std::string url = shell->url();
    return "http" + url.substr(2);  // ws -> http, wss -> https
  }

  crypto::SystemRandom random;
  SystemClock clock;
  simulator::SimServer server{simulator::Options{}, random};
  std::unique_ptr<simulator::ShellServer> shell;
  std::thread thread;
};

TEST_F(SimulatorShell, ServesTheFilesOfMediaHosts) {
  const std::string path = server.world().blobs.put("one", {Bytes{1, 2, 3}, 200, 0, 0});
  const std::string gone = server.world().blobs.put("two", {Bytes{1, 2, 3}, 410, 0, 0});
  start();
  const std::string host = "http://" + server.world().media_host;
  const Answer answer = Request{host + path + "&hash=x&mms-type=md-msg-hist&__wa-mms="}.perform();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, std::string("\x01\x02\x03"));
  EXPECT_EQ(Request{host + gone}.perform().status, 410);
  EXPECT_EQ(Request{host + "/v/nothing"}.perform().status, 404);
}

TEST_F(SimulatorShell, ServesTheAdminApi) {
  start();
  const Answer state = Request{shell->admin_url() + "/state"}.perform();
  EXPECT_EQ(state.status, 200);
  EXPECT_EQ(nlohmann::json::parse(state.body)["rootKey"], to_hex(server.root_key()));
  EXPECT_EQ((Request{shell->admin_url() + "/scan", "POST", "no code"}.perform().status), 400);
  EXPECT_EQ((Request{shell->admin_url() + "/fail", "POST", R"({"upgradeStatus":503,"next":1})"}.perform().status), 200);
  EXPECT_EQ((Request{http_url(), "GET", "", kUpgrade}.perform().status), 503);
}

TEST_F(SimulatorShell, KeepsPagesOfABrowserOut) {
  start();
  EXPECT_EQ((Request{shell->admin_url() + "/state", "GET", "", {"Origin: https://example.com"}}.perform().status), 403);
  EXPECT_EQ((Request{http_url()}.perform().status), 404);
}

TEST_F(SimulatorShell, RunsTasksOfOtherThreadsAndEndsWhenTold) {
  start();
  std::optional<std::thread::id> ran_on;
  shell->post([&] {
    ran_on = std::this_thread::get_id();
    shell->stop();
  });
  const auto serving = thread.get_id();
  thread.join();
  EXPECT_EQ(ran_on, serving);
}

TEST_F(SimulatorShell, RefusesAnAddressThatIsTaken) {
  start();
  const std::string url = shell->admin_url();
  const auto port = static_cast<std::uint16_t>(std::stoul(url.substr(url.rfind(':') + 1)));
  simulator::SimServer other({}, random);
  EXPECT_FALSE(simulator::ShellServer::listen(other, clock, {"127.0.0.1", port, std::nullopt}).ok());
  EXPECT_FALSE(simulator::ShellServer::listen(other, clock, {"no address", 0, std::nullopt}).ok());
}

TEST_F(SimulatorShell, HasACertificateForLoopbackUnderItsOwnAuthority) {
  auto identity = simulator::make_tls_identity();
  ASSERT_TRUE(identity.ok()) << identity.error().message;
  std::string path;
  {
    auto ca_file = simulator::TemporaryFile::write(identity->ca_certificate);
    ASSERT_TRUE(ca_file.ok());
    path = ca_file->path();
    start(*identity);
    EXPECT_EQ((Request{http_url(), "GET", "", {}, path}.perform().status), 404) << "trusted, and no admin path";
    auto stranger = simulator::make_tls_identity();
    const auto other = simulator::TemporaryFile::write(stranger->ca_certificate);
    EXPECT_EQ((Request{http_url(), "GET", "", {}, other->path()}.perform().status), 0) << "another authority";
    EXPECT_EQ(Request{shell->admin_url() + "/state"}.perform().status, 200) << "plain";
  }
  struct stat gone {};
  EXPECT_NE(::stat(path.c_str(), &gone), 0) << "the CA file is removed with its owner";
}

}  // namespace
}  // namespace ponte::test
