#include "instance/instance_manager.h"

#include <gtest/gtest.h>

#include <set>

#include "unit/instance/service_fixture.h"

namespace ponte::instance {
namespace {

using InstanceManagerTest = ServiceFixture;

TEST_F(InstanceManagerTest, NamesAndTokensAreUnique) {
  const auto made = create("sales", "sales-token");
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(made->token, "sales-token");
  EXPECT_EQ(made->state, State::kDisconnected);
  EXPECT_EQ(create("sales").error().cause, Cause::kInstanceExists);
  EXPECT_EQ(create("other", "sales-token").error().cause, Cause::kTokenInUse);
  EXPECT_EQ(create("other", "account-token").error().cause, Cause::kTokenInUse);
  for (const std::string& name : {std::string(), std::string("a b"), std::string("a/b"), std::string(101, 'x')}) {
    EXPECT_EQ(create(name).error().cause, Cause::kInvalidInstanceName) << name;
  }
}

TEST_F(InstanceManagerTest, TokensSpeakForWhomTheyWereMade) {
  const auto made = create("sales");
  ASSERT_TRUE(made.ok());
  EXPECT_TRUE(std::holds_alternative<AccountPrincipal>(*manager_->authenticate("account-token")));
  const auto principal = manager_->authenticate(made->token);
  ASSERT_TRUE(principal);
  EXPECT_EQ(std::get<InstancePrincipal>(*principal).instance_name, "sales");
  EXPECT_FALSE(manager_->authenticate(""));
  EXPECT_FALSE(manager_->authenticate("nobody"));
}

TEST_F(InstanceManagerTest, AFailedCreateLeavesTheNameFree) {
  store_.fail_commit(1);
  EXPECT_EQ(create("sales").error().cause, Cause::kStoreUnavailable);
  EXPECT_FALSE(manager_->find("sales"));
  ASSERT_TRUE(store_.try_resume().ok());
  EXPECT_TRUE(create("sales").ok());
}

TEST_F(InstanceManagerTest, LinksAndSaysSo) {
  link("sales");
  const auto info = *manager_->find("sales");
  EXPECT_TRUE(info.number_jid);
  EXPECT_FALSE(info.reason);
  const auto again = connect("sales");
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->kind, ConnectResult::Kind::kConnected);
}

TEST_F(InstanceManagerTest, ARestartedServiceConnectsByItself) {
  link("sales");
  const auto before = *manager_->find("sales");
  start();
  EXPECT_EQ(manager_->find("sales")->number_jid, before.number_jid);
  EXPECT_EQ(manager_->find("sales")->token, before.token);
  wait_for("sales", State::kConnected);
}

TEST_F(InstanceManagerTest, ManyCallersShareOneSocketAndOneCode) {
  ASSERT_TRUE(create("sales").ok());
  std::vector<std::future<Result<ConnectResult>>> calls;
  for (int i = 0; i < 200; ++i) calls.push_back(begin_connect("sales"));
  std::set<std::string> codes;
  for (auto& call : calls) {
    const auto result = call.get();
    ASSERT_TRUE(result.ok()) << result.error().message;
    codes.insert(result->text);
  }
  EXPECT_EQ(codes.size(), 1U);
  EXPECT_EQ(connections(), 1U);
}

TEST_F(InstanceManagerTest, AnotherHistoryWishBeginsAnewAndEveryoneGetsThatCode) {
  ASSERT_TRUE(create("sales").ok());
  fault({.handshake = simulator::HandshakeFault::kSilent}, {.next = 1});
  auto first = begin_connect("sales");
  while (connections() == 0) std::this_thread::yield();
  auto second = begin_connect("sales", 7);
  const auto code = second.get();
  ASSERT_TRUE(code.ok());
  EXPECT_EQ(first.get()->text, code->text);
  EXPECT_EQ(begin_connect("sales").get()->text, code->text) << "an absent history never differs";
  EXPECT_EQ(begin_connect("sales", 7).get()->text, code->text);
  EXPECT_NE(begin_connect("sales", 8).get()->text, code->text);
}

TEST_F(InstanceManagerTest, AnUntrustedServerFailsAtOnceAndTheNextConnectWorks) {
  ASSERT_TRUE(create("sales").ok());
  fault({.chain = simulator::ChainDefect::kWrongRoot}, {.next = 1});
  const auto refused = connect("sales");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().cause, Cause::kCertificateSignature);
  EXPECT_EQ(connections(), 1U);
  EXPECT_EQ(manager_->find("sales")->state, State::kDisconnected);
  EXPECT_EQ(manager_->find("sales")->reason->cause, Cause::kCertificateSignature);
  EXPECT_TRUE(connect("sales").ok());
}

TEST_F(InstanceManagerTest, NetworkTroubleIsTriedTwiceMore) {
  ASSERT_TRUE(create("sales").ok());
  fault({.handshake = simulator::HandshakeFault::kDropAfterHello}, {.next = 2});
  EXPECT_TRUE(connect("sales").ok());
  EXPECT_EQ(connections(), 3U);
  ASSERT_TRUE(create("support").ok());
  fault({.handshake = simulator::HandshakeFault::kDropAfterHello}, {.next = 3});
  EXPECT_EQ(connect("support").error().cause, Cause::kConnectionClosed);
  EXPECT_EQ(connections(), 6U);
  EXPECT_TRUE(connect("support").ok());
}

TEST_F(InstanceManagerTest, SilenceEndsAtTheLimit) {
  options_.connect_timeout = Milliseconds(300);
  start();
  ASSERT_TRUE(create("sales").ok());
  fault({.handshake = simulator::HandshakeFault::kSilent}, {.next = 1});
  const auto silent = connect("sales");
  ASSERT_FALSE(silent.ok());
  EXPECT_EQ(silent.error().cause, Cause::kConnectTimeout);
}

TEST_F(InstanceManagerTest, RemovingUnlinksAndErases) {
  link("sales");
  const auto info = *manager_->find("sales");
  ASSERT_TRUE(remove("sales").ok());
  EXPECT_FALSE(manager_->find("sales"));
  EXPECT_FALSE(manager_->authenticate(info.token));
  EXPECT_TRUE(store_.scan(info.id, "")->empty());
  in_simulator([&] { EXPECT_TRUE(server_.world().accounts.all().begin()->second->companions.empty()); });
  EXPECT_EQ(remove("sales").error().cause, Cause::kInstanceNotFound);
  EXPECT_TRUE(create("sales").ok());
}

TEST_F(InstanceManagerTest, WhoKeepsSomethingWithAnInstanceIsToldWhenItComesAndGoes) {
  struct Watcher final : InstanceWatcher {
    void on_added(const InstanceInfo& info) override { told += "+" + info.name; }
    void erase(const std::string& id, UniqueFunction<void(Status)> done) override {
      told += id.empty() ? "?" : "-";
      done(std::exchange(status, Status::Ok()));
    }
    std::string told;
    Status status = Error{Errc::kStorage, Cause::kStoreUnavailable, "the test made this fail"};
  } watcher;
  watcher_ = &watcher;
  start();
  ASSERT_TRUE(create("sales").ok());
  EXPECT_EQ(remove("sales").error().cause, Cause::kStoreUnavailable);
  EXPECT_TRUE(manager_->find("sales")) << "it is still there";
  ASSERT_TRUE(remove("sales").ok());
  EXPECT_EQ(watcher.told, "+sales-+sales-");
  EXPECT_FALSE(manager_->find("sales"));
}

TEST_F(InstanceManagerTest, RemovingAnswersWhoeverWaits) {
  ASSERT_TRUE(create("sales").ok());
  fault({.handshake = simulator::HandshakeFault::kSilent}, {});
  auto waiting = begin_connect("sales");
  ASSERT_TRUE(remove("sales").ok());
  EXPECT_EQ(waiting.get().error().cause, Cause::kInstanceDeleted);
}

TEST_F(InstanceManagerTest, ShutdownAnswersWhoeverWaits) {
  ASSERT_TRUE(create("sales").ok());
  fault({.handshake = simulator::HandshakeFault::kSilent}, {});
  auto waiting = begin_connect("sales");
  manager_->shutdown();
  EXPECT_EQ(waiting.get().error().cause, Cause::kShuttingDown);
}

TEST_F(InstanceManagerTest, AnUnlinkedDeviceIsLoggedOutAndConnectGoesOnToACode) {
  link("sales");
  in_simulator([&] {
    const std::string number = server_.world().accounts.all().begin()->first;
    ASSERT_TRUE(server_.unlink(number, std::nullopt, clock_.now()).ok());
  });
  wait_for("sales", State::kLoggedOut);
  EXPECT_EQ(manager_->find("sales")->reason->cause, Cause::kLoggedOut);
  start();
  wait_for("sales", State::kLoggedOut);
  const auto code = connect("sales");
  ASSERT_TRUE(code.ok());
  EXPECT_EQ(code->kind, ConnectResult::Kind::kQr);
}

TEST_F(InstanceManagerTest, AValidSessionIsResumedByConnect) {
  link("sales");
  // Down until asked: somebody else took the stream.
  in_simulator([&] { server_.send_stream_error({}, 0, "replaced", clock_.now()); });
  wait_for("sales", State::kDisconnected);
  EXPECT_EQ(manager_->find("sales")->reason->cause, Cause::kStreamReplaced);
  const auto resumed = connect("sales");
  ASSERT_TRUE(resumed.ok());
  EXPECT_EQ(resumed->kind, ConnectResult::Kind::kConnected);
}

TEST_F(InstanceManagerTest, ALostConnectionComesBackByItself) {
  link("sales");
  const auto before = connections();
  in_simulator([&] { server_.drop({}, simulator::Close::Kind::kAbort, clock_.now()); });
  wait_for("sales", State::kDisconnected);
  wait_for("sales", State::kConnected);
  EXPECT_EQ(connections(), before + 1);
}

}  // namespace
}  // namespace ponte::instance
