#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "ponte/doctor/bundle.h"
#include "ponte/doctor/look.h"
#include "ponte/doctor/redactor.h"
#include "ponte/doctor/report.h"
#include "ponte/doctor/tar_file.h"
#include "ponte/doctor/verdicts.h"

namespace ponte::tool {
namespace {

using Json = nlohmann::json;

DataFacts healthy_data() {
  DataFacts out;
  out.folder = {"/var/lib/ponte", "", true, true, 0700, 4096, 1000};
  out.key = {"/var/lib/ponte/master.key", "", true, true, 0600, 32, 1000};
  out.database = true;
  out.self = 1000;
  out.filesystem = "ext4";
  out.free = 1ULL << 35;
  return out;
}

const Finding& found(const std::vector<Finding>& findings, std::string_view id) {
  const auto at = std::find_if(findings.begin(), findings.end(), [&](const Finding& each) { return each.id == id; });
  EXPECT_NE(at, findings.end()) << id;
  return *at;
}

void expect_finding(const Finding& finding, Verdict verdict, std::string_view part) {
  EXPECT_EQ(finding.verdict, verdict) << finding.message;
  EXPECT_NE(finding.message.find(part), std::string::npos) << finding.message;
  const bool needs_remedy = verdict == Verdict::kWarning || verdict == Verdict::kFailed;
  EXPECT_EQ(!finding.remedy.empty(), needs_remedy) << finding.message << " / " << finding.remedy;
}

TEST(DoctorData, HealthyIsOk) {
  for (const Finding& finding : judge_data(healthy_data())) expect_finding(finding, Verdict::kOk, "");
}

struct DataCase {
  const char* id;
  Verdict verdict;
  const char* part;
  void (*damage)(DataFacts&);
};

TEST(DoctorData, EachDamageHasItsVerdict) {
  const DataCase cases[] = {
      {"data-directory", Verdict::kFailed, "is not there", [](DataFacts& f) { f.folder.exists = false; }},
      {"data-directory", Verdict::kFailed, "no directory", [](DataFacts& f) { f.folder.right_kind = false; }},
      {"data-directory", Verdict::kFailed, "Permission", [](DataFacts& f) { f.folder.problem = "Permission denied"; }},
      {"data-directory", Verdict::kWarning, "mode 0755", [](DataFacts& f) { f.folder.mode = 0755; }},
      {"data-directory", Verdict::kWarning, "in memory", [](DataFacts& f) { f.filesystem = "tmpfs"; }},
      {"data-directory", Verdict::kWarning, "network", [](DataFacts& f) { f.filesystem = "nfs"; }},
      {"data-directory", Verdict::kWarning, "container", [](DataFacts& f) { f.filesystem = "overlay"; }},
      {"master-key", Verdict::kFailed, "missing", [](DataFacts& f) { f.key.exists = false; }},
      {"master-key", Verdict::kFailed, "31 bytes, not 32", [](DataFacts& f) { f.key.size = 31; }},
      {"master-key", Verdict::kFailed, "33 bytes, not 32", [](DataFacts& f) { f.key.size = 33; }},
      {"master-key", Verdict::kFailed, "no regular file", [](DataFacts& f) { f.key.right_kind = false; }},
      {"master-key", Verdict::kFailed, "mode 0640", [](DataFacts& f) { f.key.mode = 0640; }},
      {"master-key", Verdict::kFailed, "cannot be looked at", [](DataFacts& f) { f.key.problem = "no"; }},
      {"master-key", Verdict::kWarning, "another owner", [](DataFacts& f) { f.key.owner = 0; }},
      {"master-key", Verdict::kOk, "first start",
       [](DataFacts& f) {
         f.key.exists = false;
         f.database = false;
       }},
      {"disk", Verdict::kFailed, "No space", [](DataFacts& f) { f.write_problem = "No space left"; }},
      {"disk", Verdict::kFailed, "full", [](DataFacts& f) { f.free = 1 << 20; }},
      {"disk", Verdict::kWarning, "Only 512 MiB", [](DataFacts& f) { f.free = 512 << 20; }},
      {"lock", Verdict::kOk, "process 77", [](DataFacts& f) { f.holder = 77; }},
  };
  for (const DataCase& each : cases) {
    DataFacts facts = healthy_data();
    each.damage(facts);
    expect_finding(found(judge_data(facts), each.id), each.verdict, each.part);
  }
}

TEST(DoctorData, FindsWhoHoldsALock) {
  const std::string locks =
      "1: POSIX  ADVISORY  WRITE 10 fe:00:4711 0 EOF\n2: FLOCK  ADVISORY  WRITE 20 fe:00:4712 0 EOF\n"
      "3: FLOCK  ADVISORY  WRITE 30 fe:00:4711 0 EOF\n";
  EXPECT_EQ(holder_of_lock(locks, 4711), 30);
  EXPECT_EQ(holder_of_lock(locks, 711), std::nullopt);
  EXPECT_EQ(holder_of_lock("", 1), std::nullopt);
  EXPECT_EQ(holder_of_lock("3: FLOCK  ADVISORY\nnonsense\n4: FLOCK A W x fe:00:1 0", 1), std::nullopt);
}

WayFacts open_way() {
  WayFacts out;
  out.host = "web.whatsapp.com";
  out.port = 443;
  out.now = 1'700'000'000;
  out.answer.address = "192.0.2.1:443";
  out.answer.peer.protocol = "TLSv1.3";
  out.answer.peer.chain = {
      {"CN = *.whatsapp.net", "CN = R, O = DigiCert Inc", "DigiCert Inc", 0, out.now + 86'400 * 30}};
  return out;
}
WayFacts failing_way(Error error, const std::string& proxy = "") {
  WayFacts out = open_way();
  out.answer.status = std::move(error);
  out.proxy = proxy;
  return out;
}

TEST(DoctorNetwork, AnOpenWayIsOk) {
  const auto findings = judge_way(open_way());
  for (const Finding& finding : findings) EXPECT_EQ(finding.verdict, Verdict::kOk) << finding.message;
  expect_finding(found(findings, "tls"), Verdict::kOk, "DigiCert Inc, good for 30 days");
  EXPECT_TRUE(is_open(open_way()));
}

TEST(DoctorNetwork, NamesWhoOpensTls) {
  WayFacts facts = failing_way({Errc::kUntrusted, Cause::kTlsUntrusted, "the certificate is not trusted: self-signed"});
  facts.answer.peer.chain.front().issuer_organization = "Example Corp Firewall";
  Finding tls = found(judge_way(facts), "tls");
  expect_finding(tls, Verdict::kFailed, "issued by Example Corp Firewall");
  EXPECT_NE(tls.remedy.find("opens TLS"), std::string::npos);

  facts = open_way();
  facts.answer.peer.chain.front().issuer_organization = "Example Corp Firewall";
  expect_finding(found(judge_way(facts), "tls"), Verdict::kWarning, "no usual authority");

  facts = failing_way({Errc::kUntrusted, Cause::kTlsUntrusted, "not trusted: certificate is not yet valid"});
  EXPECT_NE(found(judge_way(facts), "tls").remedy.find("clock"), std::string::npos);
  facts = failing_way({Errc::kUntrusted, Cause::kTlsUntrusted, "not trusted: hostname mismatch"});
  EXPECT_NE(found(judge_way(facts), "tls").remedy.find("DNS"), std::string::npos);
}

TEST(DoctorNetwork, BlamesTheProxyForWhatIsTheProxys) {
  for (const Cause cause : {Cause::kProxyUnreachable, Cause::kProxyRefused, Cause::kProxyAuthFailed}) {
    const auto findings = judge_way(failing_way({Errc::kUnavailable, cause, "why"}, "socks5://p.example:1080"));
    expect_finding(found(findings, "proxy"), Verdict::kFailed, "Why.");
    EXPECT_EQ(found(findings, "tls").verdict, Verdict::kSkipped);
    EXPECT_EQ(found(findings, "websocket").verdict, Verdict::kSkipped);
  }
  const auto behind = judge_way(failing_way({Errc::kUnavailable, Cause::kTlsFailed, "why"}, "socks5://p.example:1080"));
  EXPECT_EQ(found(behind, "proxy").verdict, Verdict::kOk);
  expect_finding(found(behind, "tls"), Verdict::kFailed, "Why.");
}

TEST(DoctorNetwork, EachFailureIsToldOnce) {
  WayFacts facts = open_way();
  facts.no_name = true;
  EXPECT_EQ(found(judge_way(facts), "tls").verdict, Verdict::kSkipped);
  facts = open_way();
  facts.setup_error = "CA file x: expected certificates";
  expect_finding(found(judge_way(facts), "tls"), Verdict::kFailed, "CA file x");
  facts = open_way();
  facts.web_socket_error = Error{Errc::kRejected, Cause::kWebSocketRefused, "HTTP 403"};
  expect_finding(found(judge_way(facts), "websocket"), Verdict::kFailed, "HTTP 403");

  NameFacts name{"web.whatsapp.com"};
  name.error = Error{Errc::kUnavailable, Cause::kNameNotResolved, "name has no address"};
  expect_finding(judge_name(name), Verdict::kFailed, "Name has no address.");
  name = {"web.whatsapp.com", false, false, {"192.0.2.1", "192.0.2.2", "2001:db8::1"}};
  expect_finding(judge_name(name), Verdict::kOk, "2 addresses of IPv4 and 1 of IPv6");
  name.took = Milliseconds(2'500);
  expect_finding(judge_name(name), Verdict::kWarning, "slow");
  name.by_proxy = true;
  EXPECT_EQ(judge_name(name).verdict, Verdict::kSkipped);
}

TEST(DoctorNetwork, ClocksMayDifferALittle) {
  const auto verdict = [](long long ahead) { return judge_clock({"host", ahead}).verdict; };
  EXPECT_EQ(verdict(0), Verdict::kOk);
  EXPECT_EQ(verdict(-29), Verdict::kOk);
  EXPECT_EQ(verdict(30), Verdict::kWarning);
  EXPECT_EQ(verdict(-300), Verdict::kFailed);
  expect_finding(judge_clock({"host", 7200}), Verdict::kFailed, "2 h ahead of that of host");
  expect_finding(judge_clock({"host", -90}), Verdict::kWarning, "90 s behind that of host");
  EXPECT_EQ(judge_clock({"host", std::nullopt, "Why."}).verdict, Verdict::kSkipped);
  const Wall at{Milliseconds(10'500)};
  EXPECT_EQ(seconds_ahead(at, at + Seconds(4), 12), 0) << "within the time that the answer took";
  EXPECT_EQ(seconds_ahead(at, at + Seconds(4), 3), 7);
  EXPECT_EQ(seconds_ahead(at, at + Seconds(4), 20), -6);
}

TEST(DoctorNetwork, TellsOfTheClientVersion) {
  VersionFacts facts{"2.3000.10"};
  facts.page_url = "https://web.whatsapp.com/sw.js";
  facts.on_page = "2.3000.11";
  expect_finding(judge_version(facts), Verdict::kOk, "2.3000.10, built in; WhatsApp has 2.3000.11");
  facts.pinned = true;
  facts.page_is_newer = true;
  expect_finding(judge_version(facts), Verdict::kWarning, "named by PONTE_WHATSAPP_VERSION");
  facts = {"2.3000.10", false, "https://x/"};
  facts.page_problem = "the page answers 500";
  expect_finding(judge_version(facts), Verdict::kWarning, "the page answers 500");
  facts.page_problem.clear();
  facts.service = {{"version", "2.3000.12"}, {"ageSeconds", 3 * 3600}};
  expect_finding(judge_version(facts), Verdict::kOk, "2.3000.12, refreshed 3 h ago");
  facts.service["ageSeconds"] = 10 * 86'400;
  expect_finding(judge_version(facts), Verdict::kWarning, "refreshed 10 days ago");
}

ServiceFacts healthy_service() {
  ServiceFacts out{"http://127.0.0.1:8080"};
  out.has_token = true;
  out.health = {{"service", "Ponte"}, {"status", "ok"}, {"uptime", "1m"}, {"checks", {{"db", "ok"}}}};
  out.version = out.own_version = "1.2.3";
  out.ahead = 0;
  return out;
}

TEST(DoctorService, HealthyIsOk) {
  for (const Finding& finding : judge_service(healthy_service())) expect_finding(finding, Verdict::kOk, "");
}

TEST(DoctorService, EachDamageHasItsVerdict) {
  ServiceFacts facts = healthy_service();
  facts.health = nullptr;
  facts.problem = "refused";
  expect_finding(found(judge_service(facts), "service"), Verdict::kWarning, "No ponted answers");
  facts.named = true;
  expect_finding(found(judge_service(facts), "service"), Verdict::kFailed, "No ponted answers");
  facts.lock_held = true;
  expect_finding(found(judge_service(facts), "service"), Verdict::kFailed, "has the data directory");
  facts.problem.clear();
  expect_finding(found(judge_service(facts), "service"), Verdict::kFailed, "is not Ponte");
  facts = healthy_service();
  facts.health["status"] = "degraded";
  facts.health["checks"]["db"] = "fail: disk full";
  expect_finding(found(judge_service(facts), "service"), Verdict::kFailed, "db: fail: disk full");
  facts = healthy_service();
  facts.token_refused = true;
  expect_finding(found(judge_service(facts), "service"), Verdict::kWarning, "does not know the token");
  facts.version = "1.2.2";
  expect_finding(found(judge_service(facts), "service-version"), Verdict::kWarning, "ponted is 1.2.2");
  facts.ahead = 60;
  expect_finding(found(judge_service(facts), "service-clock"), Verdict::kWarning, "60 s ahead");
}

TEST(DoctorService, ThePublicUrlLeadsToPonte) {
  expect_finding(judge_public_url({""}), Verdict::kOk, "Not set");
  expect_finding(judge_public_url({"https://x", "no answer"}), Verdict::kWarning, "no answer");
  expect_finding(judge_public_url({"https://x", "", false, 502}), Verdict::kFailed, "status 502");
  expect_finding(judge_public_url({"https://x", "", true, 200}), Verdict::kOk, "leads to Ponte");
}

TEST(DoctorReport, TextHasVerdictMessageAndRemedy) {
  const Finding finding = concluded({"disk", "Disk"}, Verdict::kWarning,
                                    "Only a little room is left on the disk of the data.", "Make room.");
  EXPECT_EQ(finding_text(finding, {}),
            "  warning  Disk             Only a little room is left on the disk of the data.\n"
            "                            Remedy: Make room.\n");
  EXPECT_EQ(finding_text(finding, {60, false}),
            "  warning  Disk             Only a little room is left on\n"
            "                            the disk of the data.\n"
            "                            Remedy: Make room.\n");
  EXPECT_NE(finding_text(finding, {60, true}).find("\x1b[33mwarning"), std::string::npos);
  const std::vector<Finding> all{finding, concluded({"a", "A"}, Verdict::kOk, "x"),
                                 concluded({"b", "B"}, Verdict::kSkipped, "x")};
  EXPECT_EQ(summary_text(all), "1 ok, 1 warning, 0 failed, 1 skipped.");
  EXPECT_TRUE(report_json(all, "1")["ok"]);
  EXPECT_FALSE(report_json({concluded({"b", "B"}, Verdict::kFailed, "x", "y")}, "1")["ok"]);
}

TEST(DoctorReport, WhatAPeerWroteSteersNoTerminal) {
  const Finding finding = concluded({"proxy", "Proxy"}, Verdict::kFailed, "403 \x1b[2J", "x");
  EXPECT_EQ(finding_text(finding, {80, false}).find('\x1b'), std::string::npos);
}

TEST(Redactor, ReplacesNamesEverywhereAndAlone) {
  Redactor redactor;
  EXPECT_EQ(redactor.hide_instance("sales"), "instance-1");
  EXPECT_EQ(redactor.hide_instance("sales-2"), "instance-2");
  EXPECT_EQ(redactor.hide_instance("sales"), "instance-1");
  redactor.hide_host("proxy.example");
  redactor.hide_host_of("https://user:x@hooks.example:8443/path?q");
  redactor.hide_host_of("wss://web.whatsapp.com/ws/chat");
  redactor.hide_host("localhost");
  EXPECT_EQ(redactor.redacted("sales: sales-2 by proxy.example:3128 (salesman, hooks.example, localhost)"),
            "instance-1: instance-2 by host-1:3128 (salesman, host-2, localhost)");
  EXPECT_EQ(redactor.redacted("web.whatsapp.com"), "web.whatsapp.com");
  const Json json = redactor.redacted_json({{"sales", {"sales", 5, nullptr, {{"a", "proxy.example"}}}}});
  EXPECT_EQ(json.dump(), R"({"sales":["instance-1",5,null,{"a":"host-1"}]})");
}

TEST(Redactor, FindsSecretsByTheirForm) {
  const std::pair<const char*, const char*> cases[] = {
      {"+5511912345678", "+55*********78"},
      {"5511912345678@s.whatsapp.net", "+55*********78@s.whatsapp.net"},
      {"2.3000.1045649367", "2.3000.1045649367"},
      {"port 8080, 2026-01-02T03:04:05Z", "port 8080, 2026-01-02T03:04:05Z"},
      {"http://user:pass@word@host/x", "http://***@host/x"},
      {"https://host/a@b", "https://host/a@b"},
      {"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw==!", "whsec_***!"},
      {"token abcdefghijklmnopqrstuvwxyz0123456789-_ABCDE", "token [43 letters]"},
      {"at 198.51.100.7:3128 and 198.51.100.7.", "at [address] and [address]."},
      {"[2001:db8::1]:443, ::1, 127.0.0.1:80, 0.0.0.0", "[[address]]:443, ::1, 127.0.0.1:80, 0.0.0.0"},
      {"6.1.0-13-amd64", "6.1.0-13-amd64"},
      {"", ""},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(without_secret_forms(text), expected);
}

TEST(Bundle, HasNothingThatWasPutIn) {
  app::Config config;
  config.account_token = "the-account-token";
  config.proxy = *net::Proxy::parse("socks5://proxyuser:proxypass@proxy.example:1080");
  config.proxy_text = "socks5://proxyuser:proxypass@proxy.example:1080";
  config.public_url = "https://public.example/x";
  config.cors_origins = {"https://app.example"};
  config.trusted_proxies = {"10.1.2.3"};
  config.data_dir = "/home/alice/data";
  BundleSources sources;
  sources.config = &config;
  sources.version = "1";
  sources.findings = {concluded({"proxy", "Proxy"}, Verdict::kFailed,
                                "proxy socks5://proxy.example:1080 at 198.51.100.9:1080 said no to sales", "x"),
                      concluded({"data-directory", "D"}, Verdict::kOk, "/home/alice/data is there.")};
  sources.paths = {"/home/alice/data"};
  sources.secrets = {"the-other-token"};
  sources.health = {{"lastError", "the-other-token by proxy.example"}};
  sources.metrics = "ponte_sessions{state=\"connected\"} 1\n";
  sources.instances = Json::array(
      {{{"id", "11111111-2222-3333-4444-555555555555"},
        {"name", "sales"},
        {"token", "the-instance-token"},
        {"numberJid", "5511912345678@s.whatsapp.net"},
        {"connection", {{"state", "connected"}, {"lid", "123456789012@lid"}}},
        {"profile", {{"name", "Alice Profile"}}},
        {"webhook", {{"enabled", true}, {"url", "https://hooks.example/secret-path"}, {"secret", "whsec_abc"}}},
        {"proxy", {{"enabled", true}, {"host", "own.example"}, {"username", "ownuser"}, {"protocol", "http"}}},
        {"settings", {{"callRejectMessage", "private words"}, {"ignoreStatus", true}}},
        {"lastMessage", "text of a message"},
        {"reason", {{"code", "PROXY_REFUSED"}, {"message", "own.example refused 5511912345678 of sales"}}}}});
  std::string all;
  for (const BundleFile& file : make_bundle(sources)) all += file.name + "\n" + file.content;
  for (const char* secret : {"the-account-token",
                             "the-other-token",
                             "the-instance-token",
                             "proxyuser",
                             "proxypass",
                             "proxy.example",
                             "public.example",
                             "app.example",
                             "10.1.2.3",
                             "alice",
                             "Alice",
                             "198.51.100.9",
                             "5511912345678",
                             "912345",
                             "123456789012",
                             "hooks.example",
                             "secret-path",
                             "whsec_a",
                             "own.example",
                             "ownuser",
                             "private words",
                             "text of a message",
                             "sales",
                             "11111111-2222"}) {
    EXPECT_EQ(all.find(secret), std::string::npos) << secret << "\n" << all;
  }
  for (const char* kept : {"instance-1", "+55*********78", "host-1", "PROXY_REFUSED", "\"ignoreStatus\": true",
                           "ponte_sessions{state=\"connected\"} 1", "account_token = '********'"}) {
    EXPECT_NE(all.find(kept), std::string::npos) << kept << "\n" << all;
  }
}

class TarFile : public testing::Test {
 protected:
  TarFile() { std::filesystem::create_directories(folder); }
  ~TarFile() override { std::filesystem::remove_all(folder); }
  static std::string content_of(const std::filesystem::path& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  const std::vector<BundleFile> files{{"a.txt", "", "one\n"}, {"b.json", "", std::string(1500, 'x')}};
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("ponte-tar-" + std::to_string(::getpid()));
};

TEST_F(TarFile, IsReadByTar) {
  const std::string archive = folder / "r.tar.gz";
  ASSERT_TRUE(write_bundle(archive, files, 1'700'000'000).ok());
  const std::string command = "tar -xzf '" + archive + "' -C '" + folder.string() + "'";
  ASSERT_EQ(std::system(command.c_str()), 0);
  for (const BundleFile& file : files) EXPECT_EQ(content_of(folder / "ponte-report" / file.name), file.content);
  const auto mode = std::filesystem::status(archive).permissions();
  EXPECT_EQ(mode, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST_F(TarFile, AFolderIsWrittenWholeForItsOwner) {
  const std::filesystem::path report = folder / "report";
  ASSERT_TRUE(write_bundle(report, files, 0).ok());
  EXPECT_EQ(content_of(report / "a.txt"), "one\n");
  EXPECT_EQ(std::filesystem::status(report).permissions(), std::filesystem::perms::owner_all);
  EXPECT_FALSE(write_bundle(report, files, 0).ok()) << "what is there is not replaced";
  EXPECT_FALSE(write_bundle(folder / "none" / "report", files, 0).ok());
  EXPECT_FALSE(write_bundle(folder / "none" / "r.tgz", files, 0).ok());
  EXPECT_FALSE(std::filesystem::exists(folder / "none"));
}

}  // namespace
}  // namespace ponte::tool
