// Who changed what: what is recorded, and how it comes into the file.
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <future>

#include "api/audit_log.h"
#include "unit/api/api_support.h"

namespace ponte::api::test {
namespace {

/// Keeps records, and the answers that wait for them where a test wants that.
class KeptRecords final : public AuditSink {
 public:
  void write(AuditRecord record, Task then) override {
    {
      const std::lock_guard lock(mutex_);
      records_.push_back(std::move(record));
      if (hold_) {
        held_.push_back(std::move(then));
        return;
      }
    }
    then();
  }
  std::vector<AuditRecord> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(records_, {});
  }
  void hold() { hold_ = true; }
  std::size_t held() {
    const std::lock_guard lock(mutex_);
    return held_.size();
  }
  void release() {
    for (Task& then : held_) then();
  }

 private:
  std::mutex mutex_;
  std::atomic<bool> hold_{false};
  std::vector<AuditRecord> records_;
  std::vector<Task> held_;
};

class Audit : public ApiTest {
 protected:
  void SetUp() override {
    instances.add("sales");
    options.audit = &records;
    start();
  }
  AuditRecord only() {
    const auto all = records.take();
    EXPECT_EQ(all.size(), 1u);
    return all.empty() ? AuditRecord{} : all.front();
  }
  KeptRecords records;
};

TEST_F(Audit, SaysWhoDidWhatToWhomAndWhatCameOfIt) {
  const Answer answer = call("POST", "/api/instance/settings/sales", "token: token-sales\r\nX-Request-Id: mine-1\r\n",
                             R"({"ignoreStatus":true,"callRejectMessage":"very private","unknown":1})");
  ASSERT_EQ(answer.status, 200);
  const AuditRecord record = only();
  EXPECT_EQ(record.actor, "instance:sales");
  EXPECT_EQ(record.client, "127.0.0.1");
  EXPECT_EQ(record.action, "instance.settings");
  EXPECT_EQ(record.instance, "sales");
  EXPECT_EQ(record.changed, (std::vector<std::string>{"callRejectMessage", "ignoreStatus"}));
  EXPECT_EQ(record.status, 200);
  EXPECT_EQ(record.result, "OK");
  EXPECT_EQ(record.request_id, "mine-1");
}

TEST_F(Audit, EveryRouteThatChangesSomethingIsRecorded) {
  const struct {
    const char* method;
    const char* target;
    const char* body;
    const char* action;
  } cases[] = {
      {"POST", "/api/instance/new", R"({"name":"new","token":"the-secret-token"})", "instance.create"},
      {"POST", "/api/instance/reconnect/new", "", "instance.reconnect"},
      {"POST", "/api/instance/settings/new", R"({"ignoreStatus":true})", "instance.settings"},
      {"POST", "/api/instance/proxy/new", R"({"enabled":false})", "instance.proxy"},
      {"POST", "/v1/instances/new/passkey", "{}", "passkey.submit"},
      {"POST", "/v1/instances/new/passkey/confirm", "", "passkey.confirm"},
      {"DELETE", "/api/instance/logout/new", "", "instance.logout"},
      {"DELETE", "/api/instance/delete/new", "", "instance.delete"},
  };
  for (const auto& each : cases) {
    instances.next_error.reset();
    if (std::string_view(each.action).starts_with("passkey")) {
      instances.edit("new", [](instance::InstanceInfo& info) { info.passkey.emplace(); });
    }
    EXPECT_LT(call(each.method, each.target, kAccount, each.body).status, 300) << each.action;
    const AuditRecord record = only();
    EXPECT_EQ(record.action, each.action);
    EXPECT_EQ(record.instance, "new") << each.action;
    EXPECT_EQ(record.actor, "account");
    EXPECT_EQ(record.result, "OK");
    EXPECT_EQ(audit_line(record).find("the-secret-token"), std::string::npos);
  }
  for (const char* target : {"/api/instance/list", "/api/instance/getSettings/sales", "/api/instance/getProxy/sales",
                             "/health", "/metrics", "/v1/instances/sales/passkey"}) {
    call("GET", target);
    EXPECT_TRUE(records.take().empty()) << target << " changes nothing";
  }
}

TEST_F(Audit, RefusalsOfWhoWasLetInAreRecordedAndOthersAreNot) {
  EXPECT_EQ(call("POST", "/api/instance/new", kAccount, R"({"name":"sales"})").status, 409);
  AuditRecord record = only();
  EXPECT_EQ(record.status, 409);
  EXPECT_EQ(record.result, "INSTANCE_EXISTS");
  EXPECT_EQ(record.instance, "sales");
  EXPECT_EQ(call("DELETE", "/api/instance/logout/a%0Ab%22c").status, 404);
  record = only();
  EXPECT_EQ(record.result, "INSTANCE_NOT_FOUND");
  EXPECT_EQ(record.instance, "") << "what is no name is not repeated";
  EXPECT_EQ(call("POST", "/api/instance/new", kAccount, "not json").status, 400);
  EXPECT_EQ(only().result, "INVALID_REQUEST");
  // Whoever has no token could fill the log otherwise.
  EXPECT_EQ(call("DELETE", "/api/instance/delete/sales", "token: guess\r\n").status, 401);
  EXPECT_EQ(call("DELETE", "/api/instance/delete/sales", "token: token-sales\r\n").status, 401);
  EXPECT_TRUE(records.take().empty());
}

TEST_F(Audit, NamesOfAProxyAreThereAndItsPasswordIsNot) {
  ASSERT_EQ(call("POST", "/api/instance/proxy/sales", kAccount,
                 R"({"enabled":true,"protocol":"socks5","host":"203.0.113.9","port":"1080","username":"user-name",
                     "password":"proxy-password"})")
                .status,
            200);
  const std::string line = audit_line(only());
  for (const char* name : {"protocol", "host", "port", "username", "password"}) {
    EXPECT_NE(line.find("\"" + std::string(name) + "\""), std::string::npos) << line;
  }
  for (const char* value : {"proxy-password", "user-name", "203.0.113.9"}) {
    EXPECT_EQ(line.find(value), std::string::npos) << line;
  }
}

TEST_F(Audit, TheAnswerLeavesWhenTheRecordIsWritten) {
  records.hold();
  Client client(port);
  client.send(request_text("DELETE", "/api/instance/delete/sales", kAccount));
  ASSERT_TRUE(eventually([&] { return records.held() == 1; }));
  EXPECT_FALSE(instances.find("sales")) << "it is done";
  EXPECT_EQ(client.read_answer(false, Milliseconds(50)).status, 0) << "and not answered yet";
  records.release();
  EXPECT_EQ(client.read_answer().status, 200);
}

TEST_F(Audit, ALineIsOneJsonObject) {
  AuditRecord record;
  record.at = Wall(Milliseconds(1'748'736'000'000));
  record.request_id = "quo\"te";
  record.actor = "account";
  record.client = "::1";
  record.action = "instance.create";
  record.status = 201;
  record.result = "OK";
  EXPECT_EQ(audit_line(record),
            R"({"time":"2025-06-01T00:00:00Z","requestId":"quo\"te","actor":"account","client":"::1",)"
            R"("action":"instance.create","instance":null,"status":201,"result":"OK"})"
            "\n");
}

class AuditFile : public ::testing::Test {
 protected:
  AuditFile() : folder_(std::filesystem::path(testing::TempDir()) / ("ponte_audit_" + std::to_string(::getpid()))) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  ~AuditFile() override { std::filesystem::remove_all(folder_); }
  std::string path() const { return (folder_ / "audit.log").string(); }
  static std::string text(const std::string& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static AuditRecord record(const std::string& id) {
    AuditRecord out;
    out.request_id = id;
    return out;
  }
  static void write(AuditLog& log, const std::string& id) {
    std::promise<void> written;
    log.write(record(id), [&] { written.set_value(); });
    written.get_future().wait();
  }

  const std::filesystem::path folder_;
};

TEST_F(AuditFile, IsForItsOwnerOnlyAndHasTheLineBeforeItIsTold) {
  auto log = AuditLog::open({path()});
  ASSERT_TRUE(log.ok()) << log.error().message;
  for (const char* id : {"first", "second"}) {
    write(**log, id);
    EXPECT_NE(text(path()).find(id), std::string::npos);
  }
  EXPECT_LT(text(path()).find("first"), text(path()).find("second"));
  struct stat facts {};
  ASSERT_EQ(::stat(path().c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600u);
}

TEST_F(AuditFile, GoesOnWithWhatIsThereAndClosesATornLine) {
  std::ofstream(path()) << "{\"torn\":";
  auto log = AuditLog::open({path()});
  ASSERT_TRUE(log.ok());
  write(**log, "next");
  EXPECT_EQ(text(path()).find("{\"torn\":\n{"), 0u) << text(path());
}

TEST_F(AuditFile, IsRotatedBySizeAndKeepsAFew) {
  const std::size_t line = audit_line(record("00")).size();
  auto log = AuditLog::open({path(), 2 * line, 2});
  ASSERT_TRUE(log.ok());
  for (const char* id : {"01", "02", "03", "04", "05", "06", "07"}) write(**log, id);
  const auto ids = [&](const std::string& file) {
    std::string out;
    std::ifstream in(file);
    for (std::string each; std::getline(in, each);) out += nlohmann::json::parse(each)["requestId"].get<std::string>();
    return out;
  };
  EXPECT_EQ(ids(path()), "07");
  EXPECT_EQ(ids(path() + ".1"), "0506");
  EXPECT_EQ(ids(path() + ".2"), "0304");
  EXPECT_FALSE(std::filesystem::exists(path() + ".3")) << "01 and 02 are gone";
}

TEST_F(AuditFile, IsOpenedAgainWhereSomebodyElseMovedIt) {
  auto log = AuditLog::open({path()});
  ASSERT_TRUE(log.ok());
  write(**log, "before");
  std::filesystem::rename(path(), path() + ".moved");
  write(**log, "meanwhile");
  (*log)->reopen();
  write(**log, "after");
  EXPECT_NE(text(path() + ".moved").find("meanwhile"), std::string::npos);
  EXPECT_NE(text(path()).find("after"), std::string::npos);
  EXPECT_EQ(text(path()).find("meanwhile"), std::string::npos);
}

TEST_F(AuditFile, WhatCannotBeAFileIsRefusedByPath) {
  for (const std::string& bad : {folder_.string(), path() + "/below/nothing"}) {
    const auto log = AuditLog::open({bad});
    ASSERT_FALSE(log.ok()) << bad;
    EXPECT_EQ(log.error().cause, Cause::kConfigInvalid);
    EXPECT_NE(log.error().message.find(bad), std::string::npos) << log.error().message;
  }
}

TEST_F(AuditFile, AFullDiskHoldsUpNobodyAndIsTold) {
  auto log = AuditLog::open({path()});
  ASSERT_TRUE(log.ok());
  write(**log, "written");
  // As a full disk does it: the file may grow no further, and part of the line is taken.
  const auto size = static_cast<rlim_t>(std::filesystem::file_size(path()));
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit full{size + 10, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &full), 0);
  write(**log, "torn");
  write(**log, "lost");
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ((*log)->lost().value(), 2u);
  ASSERT_TRUE((*log)->problem());
  EXPECT_NE((*log)->problem()->find(path()), std::string::npos);
  write(**log, "again");
  EXPECT_FALSE((*log)->problem());
  std::ifstream in(path());
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  ASSERT_EQ(lines.size(), 3u) << text(path());
  EXPECT_FALSE(nlohmann::json::accept(lines[1])) << "the torn one stands alone";
  EXPECT_EQ(nlohmann::json::parse(lines[2])["requestId"], "again");
}

TEST_F(AuditFile, EndingItWritesWhatIsLeft) {
  std::atomic<int> told{0};
  {
    auto log = AuditLog::open({path()});
    ASSERT_TRUE(log.ok());
    for (int i = 0; i < 200; ++i) (*log)->write(record(std::to_string(i)), [&] { ++told; });
  }
  EXPECT_EQ(told, 200);
  const std::string all = text(path());
  EXPECT_EQ(std::count(all.begin(), all.end(), '\n'), 200);
}

}  // namespace
}  // namespace ponte::api::test
