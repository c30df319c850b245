// Reconnect, logout, settings, proxies and passkeys, as the REST layer asks for them.
#include "sim/service_line.h"

namespace ponte::instance {
namespace {

using std::chrono::hours;
using Reconnect = test::ServiceLine;
using Logout = test::ServiceLine;
using Kind = ConnectResult::Kind;

// ---- reconnect ----

TEST_F(Reconnect, NeedsASavedSession) {
  create("sales");
  const auto refused = reconnect("sales");
  EXPECT_EQ(refused->cause(), Cause::kNoSavedSession);
  EXPECT_EQ(reconnect("nobody")->cause(), Cause::kInstanceNotFound);
  EXPECT_EQ(dials(), 0U);
}

TEST_F(Reconnect, DialsAnewAndAnswersOnceTheSocketIsOpen) {
  link("sales");
  const auto before = dials();
  EXPECT_TRUE(reconnect("sales")->result->ok());
  ASSERT_TRUE(run_to("sales", State::kConnected, Seconds(5)));
  EXPECT_EQ(dials(), before + 1);
  EXPECT_EQ(network_.most_open_sockets(), 1U);
  EXPECT_TRUE(told_.has("manual_reconnect"));
}

TEST_F(Reconnect, AnswersTheDialsErrorAndGoesOnTrying) {
  link("sales");
  bool away = true;
  network_.failure() = [&](const auto&) -> std::optional<Error> {
    if (!away) return std::nullopt;
    return Error{Errc::kUnavailable, Cause::kProxyUnreachable, "proxy refused"};
  };
  const auto failed = reconnect("sales");
  EXPECT_EQ(failed->cause(), Cause::kProxyUnreachable);
  EXPECT_EQ(failed->error().retry_after, Seconds(1)) << "it says when it tries again";
  EXPECT_EQ(reason("sales"), Cause::kProxyUnreachable);
  away = false;
  EXPECT_TRUE(run_to("sales", State::kConnected, Seconds(5)));
}

TEST_F(Reconnect, AnswersAfterFiveSecondsWhereTheDialTakesLonger) {
  link("sales");
  network_.silent() = true;
  const auto slow = reconnect("sales");
  run_for(Milliseconds(4'999));
  EXPECT_FALSE(slow->done());
  run_for(Milliseconds(1));
  EXPECT_TRUE(slow->result->ok());
  EXPECT_EQ(info("sales").state, State::kConnecting);
}

TEST_F(Reconnect, TakesADeviceUpAgainThatStaysDown) {
  link("sales");
  server_.send_stream_error({}, 0, "replaced", clock_.now());
  run_for(hours(1));
  EXPECT_TRUE(reconnect("sales")->result->ok());
  EXPECT_TRUE(run_to("sales", State::kConnected, Seconds(5)));
}

TEST_F(Reconnect, WhatTheOldSocketWasStillToCarryNeverGoesOutOnTheNewOne) {
  link("sales");
  run_for(std::chrono::minutes(1));
  const auto& counters = server_.world().counters;
  const auto failed = counters.handshakes_failed;
  const auto before = dials();
  store_.hold_synced();
  // New prekeys are drawn; their upload waits for the commit.
  ASSERT_TRUE(server_.use_prekeys(server_.world().accounts.all().begin()->first, 0, clock_.now()).ok());
  settle();
  ASSERT_GT(store_.held(), 0U);
  const auto done = reconnect("sales");
  store_.release_all();
  ASSERT_TRUE(run_to("sales", State::kConnected, Milliseconds(100)));
  EXPECT_TRUE(done->result->ok());
  EXPECT_EQ(dials(), before + 1);
  EXPECT_EQ(counters.handshakes_failed, failed);
  run_for(std::chrono::minutes(1));
  EXPECT_EQ(dials(), before + 1) << "nor does the old one's end count for the new one";
  EXPECT_FALSE(server_.world().accounts.all().begin()->second->companions.begin()->second.prekeys.empty());
  EXPECT_EQ(violations(), "");
}

TEST_F(Reconnect, TheOldConnectionsTimesAreOverOnceTheNextIsDialed) {
  link("sales");
  const auto before = dials();
  network_.silent() = true;
  (void)reconnect("sales");
  run_for(std::chrono::minutes(5));
  EXPECT_EQ(dials(), before + 1);
  EXPECT_EQ(info("sales").state, State::kConnecting);
  EXPECT_FALSE(info("sales").reason) << "no keepalive was missed where no connection is";
}

// ---- logout ----

TEST_F(Logout, UnlinksTheDeviceAndConnectGivesANewCode) {
  link("sales");
  const auto done = log_out("sales");
  ASSERT_TRUE(run_until([&] { return done->done(); }, Seconds(10)));
  EXPECT_TRUE(done->value().unlinked);
  EXPECT_TRUE(server_.world().accounts.all().begin()->second->companions.empty());
  EXPECT_EQ(info("sales").state, State::kLoggedOut);
  EXPECT_EQ(reason("sales"), Cause::kLoggedOut);
  EXPECT_FALSE(info("sales").number_jid);
  EXPECT_EQ(network_.open_sockets(), 0U);
  EXPECT_EQ(reconnect("sales")->cause(), Cause::kNoSavedSession);
  const auto before = dials();
  start();
  run_for(hours(1));
  EXPECT_EQ(dials(), before);
  EXPECT_EQ(info("sales").state, State::kLoggedOut) << "a restart remembers why";
  EXPECT_EQ(connect("sales")->value().kind, Kind::kQr);
  EXPECT_EQ(violations(), "");
}

TEST_F(Logout, WithoutAServerTheDeviceGoesAllTheSame) {
  link("sales");
  network_.failure() = [](const auto&) { return Error{Errc::kUnavailable, Cause::kNetworkFailed, "no route"}; };
  server_.drop({}, simulator::Close::Kind::kAbort, clock_.now());
  settle();
  const auto done = log_out("sales");
  ASSERT_TRUE(run_until([&] { return done->done(); }, Seconds(10)));
  EXPECT_FALSE(done->value().unlinked) << "the phone may still list it";
  EXPECT_EQ(info("sales").state, State::kLoggedOut);
}

TEST_F(Logout, AServerThatDoesNotAnswerIsWaitedForSomeSeconds) {
  link("sales");
  simulator::Faults faults;
  faults.freeze_on = simulator::FreezePoint::kLogout;
  fault(faults, {.connection = server_.world().counters.connections});
  const auto done = log_out("sales");
  run_for(Seconds(4));
  EXPECT_FALSE(done->done());
  run_for(Seconds(4));
  EXPECT_FALSE(done->value().unlinked);
  EXPECT_EQ(info("sales").state, State::kLoggedOut);
  EXPECT_EQ(network_.open_sockets(), 0U);
}

TEST_F(Logout, ADeviceThatIsOfflineConnectsToUnlink) {
  link("sales");
  server_.send_stream_error({}, 0, "replaced", clock_.now());
  run_for(hours(1));
  const auto done = log_out("sales");
  ASSERT_TRUE(run_until([&] { return done->done(); }, Seconds(10)));
  EXPECT_TRUE(done->value().unlinked);
  EXPECT_TRUE(server_.world().accounts.all().begin()->second->companions.empty());
}

TEST_F(Logout, OfABannedDeviceAsksNobody) {
  link("sales");
  simulator::Faults faults;
  faults.failure = simulator::Failure{402, {{"expire", "7200"}}};
  fault(faults, {.next = 1});
  server_.drop({}, simulator::Close::Kind::kAbort, clock_.now());
  ASSERT_TRUE(run_until([&] { return reason("sales") == Cause::kTemporarilyBanned; }, Seconds(5)));
  const auto before = dials();
  const auto done = log_out("sales");
  ASSERT_TRUE(run_until([&] { return done->done(); }, Seconds(10)));
  EXPECT_FALSE(done->value().unlinked);
  EXPECT_EQ(dials(), before);
}

TEST_F(Logout, IsIdempotentAndEndsAnAttemptToLink) {
  create("sales");
  EXPECT_TRUE(log_out("sales")->result->ok()) << "never linked";
  EXPECT_EQ(info("sales").state, State::kDisconnected);
  network_.silent() = true;
  const auto waiting = connect("sales");
  EXPECT_TRUE(log_out("sales")->result->ok());
  EXPECT_EQ(waiting->cause(), Cause::kLoggedOut);
  EXPECT_EQ(info("sales").state, State::kDisconnected);
  network_.silent() = false;
  EXPECT_EQ(connect("sales")->value().kind, Kind::kQr);
}

TEST_F(Logout, TwoCallersGetTheSameAnswerAndOthersAreRefusedMeanwhile) {
  link("sales");
  simulator::Faults faults;
  faults.freeze_on = simulator::FreezePoint::kLogout;
  fault(faults, {.connection = server_.world().counters.connections});
  const auto first = log_out("sales");
  const auto second = log_out("sales");
  EXPECT_EQ(connect("sales")->cause(), Cause::kLoggedOut);
  EXPECT_EQ(reconnect("sales")->cause(), Cause::kLoggedOut);
  run_for(Seconds(9));
  EXPECT_FALSE(first->value().unlinked);
  EXPECT_FALSE(second->value().unlinked);
}

TEST_F(Logout, AStoreThatFailsKeepsTheSession) {
  link("sales");
  network_.failure() = [](const auto&) { return Error{Errc::kUnavailable, Cause::kNetworkFailed, "no route"}; };
  server_.drop({}, simulator::Close::Kind::kAbort, clock_.now());
  settle();
  store_.fail_commit(1);
  const auto done = log_out("sales");
  ASSERT_TRUE(run_until([&] { return done->done(); }, Seconds(20)));
  EXPECT_EQ(done->cause(), Cause::kStoreUnavailable);
  network_.failure() = nullptr;
  ASSERT_TRUE(store_.try_resume().ok());
  EXPECT_TRUE(run_to("sales", State::kConnected, Seconds(10))) << "still linked, and it says so";
}

// ---- settings and proxy ----

class Records : public test::ServiceLine {
 protected:
  CallPtr<InstanceInfo> change(const SettingsChange& change) {
    auto [made, reply] = call<InstanceInfo>();
    manager_->change_settings("sales", change, std::move(reply));
    settle();
    return made;
  }
  CallPtr<InstanceInfo> set_proxy(std::optional<Proxy> proxy) {
    auto [made, reply] = call<InstanceInfo>();
    manager_->set_proxy("sales", std::move(proxy), std::move(reply));
    settle();
    return made;
  }
  static Proxy proxy_at(const std::string& host) {
    Proxy proxy;
    proxy.protocol = Proxy::Protocol::kSocks5;
    proxy.host = host;
    proxy.port = 1080;
    proxy.username = "user";
    proxy.password = "secret";
    return proxy;
  }
};

TEST_F(Records, SomeSettingsChangeAndTheOthersStayOverARestart) {
  create("sales");
  SettingsChange first;
  first.call_reject_message = "later";
  first.auto_reject_calls = true;
  ASSERT_TRUE(change(first)->result->ok());
  SettingsChange second;
  second.auto_reject_calls = false;
  ASSERT_TRUE(change(second)->result->ok());
  EXPECT_EQ(change({})->cause(), Cause::kSettingRequired);
  start();
  EXPECT_EQ(info("sales").settings.call_reject_message, "later");
  EXPECT_FALSE(info("sales").settings.auto_reject_calls);
  EXPECT_GE(info("sales").updated_at, info("sales").created_at);
}

TEST_F(Records, ChangesThatComeTogetherAllCountAndAFailedOneTakesNoOtherWithIt) {
  create("sales");
  store_.hold_synced();
  SettingsChange one;
  one.ignore_status = true;
  SettingsChange two;
  two.auto_read_messages = true;
  SettingsChange three;
  three.ignore_group_messages = true;
  const auto first = change(one);
  const auto second = change(two);
  const auto third = change(three);
  EXPECT_FALSE(first->done());
  store_.fail_commit(1);
  store_.release_all();
  settle();
  ASSERT_TRUE(store_.try_resume().ok());
  store_.release_all();
  settle();
  ASSERT_TRUE(first->done() && second->done() && third->done());
  const Settings now = info("sales").settings;
  EXPECT_EQ(now.ignore_status, first->result->ok());
  EXPECT_EQ(now.auto_read_messages, second->result->ok());
  EXPECT_EQ(now.ignore_group_messages, third->result->ok());
  start();
  EXPECT_EQ(info("sales").settings.ignore_status, now.ignore_status) << "memory and disk agree";
  EXPECT_EQ(info("sales").settings.auto_read_messages, now.auto_read_messages);
  EXPECT_EQ(info("sales").settings.ignore_group_messages, now.ignore_group_messages);
}

TEST_F(Records, EveryDialGoesThroughTheInstancesProxyOrNotAtAll) {
  network_.failure() = [](const net::WebSocketOptions& options) -> std::optional<Error> {
    if (options.proxy && options.proxy->host == "proxy.example") return std::nullopt;
    return Error{Errc::kUnavailable, Cause::kProxyUnreachable, "proxy: no answer"};
  };
  create("sales", proxy_at("down.example"));
  const auto failed = connect("sales");
  run_for(Seconds(4));
  EXPECT_EQ(failed->cause(), Cause::kProxyUnreachable);
  EXPECT_EQ(reason("sales"), Cause::kProxyUnreachable);
  ASSERT_TRUE(set_proxy(proxy_at("proxy.example"))->result->ok());
  const auto qr = connect("sales")->value();
  const auto paired = scan(qr.text);
  ASSERT_TRUE(run_to("sales", State::kConnected, Seconds(30)));
  start();
  ASSERT_TRUE(run_to("sales", State::kConnected, Seconds(30)));
  for (const auto& dialed : network_.dialed()) {
    ASSERT_TRUE(dialed.proxy);
    EXPECT_EQ(dialed.proxy->username, "user");
    EXPECT_EQ(dialed.proxy->password.view(), "secret");
  }
  EXPECT_EQ(info("sales").proxy->password, "") << "what is shown never had it";
}

TEST_F(Records, AnotherProxyFreesADialThatHangsOnTheOldOne) {
  create("sales", proxy_at("hangs.example"));
  network_.silent() = true;
  const auto waiting = connect("sales");
  run_for(Seconds(2));
  network_.silent() = false;
  ASSERT_TRUE(set_proxy(proxy_at("proxy.example"))->result->ok());
  EXPECT_EQ(waiting->value().kind, Kind::kQr);
  ASSERT_EQ(dials(), 2U);
  EXPECT_EQ(network_.dialed()[1].proxy->host, "proxy.example");
  EXPECT_EQ(network_.open_sockets(), 1U);
  ASSERT_TRUE(set_proxy(proxy_at("another.example"))->result->ok());
  EXPECT_EQ(dials(), 2U) << "a socket that is open stays";
}

TEST_F(Records, AnotherProxyEndsTheWaitAfterTheOldOneHasFailedButNoWaitThatTheServerAskedFor) {
  link("sales");
  network_.failure() = [](const net::WebSocketOptions& options) -> std::optional<Error> {
    if (options.proxy) return std::nullopt;
    return Error{Errc::kUnavailable, Cause::kNetworkFailed, "no route"};
  };
  server_.drop({}, simulator::Close::Kind::kAbort, clock_.now());
  run_for(hours(1));
  ASSERT_GT(info("sales").reason->retry_after, Seconds(60));
  ASSERT_TRUE(set_proxy(proxy_at("proxy.example"))->result->ok());
  ASSERT_TRUE(run_to("sales", State::kConnected, Seconds(1)));

  server_.send_failure({}, simulator::Failure{402, {{"code", "101"}, {"expire", "3600"}}}, clock_.now());
  run_for(Seconds(5));
  ASSERT_EQ(reason("sales"), Cause::kTemporarilyBanned);
  const auto before = dials();
  ASSERT_TRUE(set_proxy(proxy_at("another.example"))->result->ok());
  run_for(std::chrono::minutes(50));
  EXPECT_EQ(dials(), before);
}

TEST_F(Records, TheServicesProxyIsForThoseWithoutOne) {
  options_.proxy = *net::Proxy::parse("http://shared.example:3128");
  start();
  create("sales", proxy_at("own.example"));
  create("support");
  (void)connect("sales");
  (void)connect("support");
  EXPECT_EQ(network_.dialed()[0].proxy->host, "own.example");
  EXPECT_EQ(network_.dialed()[1].proxy->host, "shared.example");
  ASSERT_TRUE(set_proxy(std::nullopt)->result->ok());
  EXPECT_FALSE(info("sales").proxy);
  (void)log_out("sales");
  (void)connect("sales");
  EXPECT_EQ(network_.dialed().back().proxy->host, "shared.example");
}

using ProxyTests = test::ServiceLine;

TEST_F(ProxyTests, AProxyIsTriedWithoutTouchingTheInstance) {
  create("sales");
  Proxy proxy;
  proxy.host = "proxy.example";
  proxy.port = 3128;
  auto [made, reply] = call<Milliseconds>();
  manager_->test_proxy("sales", proxy, std::move(reply));
  run_for(Seconds(5));
  EXPECT_TRUE(made->done() && made->result->ok());
  ASSERT_EQ(dials(), 1U);
  EXPECT_EQ(network_.dialed().front().proxy->host, "proxy.example");
  EXPECT_EQ(network_.open_sockets(), 0U);
  EXPECT_EQ(info("sales").state, State::kDisconnected);
  EXPECT_FALSE(info("sales").proxy);
}

TEST_F(ProxyTests, TheInstancesOwnProxyIsTriedWithItsPassword) {
  Proxy proxy;
  proxy.host = "proxy.example";
  proxy.port = 3128;
  proxy.username = "u";
  proxy.password = "p";
  create("sales", proxy);
  network_.failure() = [](const net::WebSocketOptions& options) -> std::optional<Error> {
    return Error{Errc::kUnavailable, Cause::kProxyAuthFailed,
                 options.proxy->password.view() == "p" ? "with it" : "without"};
  };
  auto [made, reply] = call<Milliseconds>();
  manager_->test_proxy("sales", std::nullopt, std::move(reply));
  run_for(Seconds(1));
  EXPECT_EQ(made->cause(), Cause::kProxyAuthFailed);
  EXPECT_EQ(made->error().message, "with it");
}

TEST_F(ProxyTests, WithoutAProxyThereIsNoneToTry) {
  create("sales");
  auto [made, reply] = call<Milliseconds>();
  manager_->test_proxy("sales", std::nullopt, std::move(reply));
  EXPECT_EQ(made->cause(), Cause::kInvalidProxy);
  auto [unknown, other] = call<Milliseconds>();
  manager_->test_proxy("nobody", std::nullopt, std::move(other));
  EXPECT_EQ(unknown->cause(), Cause::kInstanceNotFound);
  EXPECT_EQ(dials(), 0U);
}

TEST_F(ProxyTests, AProxyTestThatIsUnderWayIsAnsweredAtTheEnd) {
  create("sales");
  network_.silent() = true;
  Proxy proxy;
  proxy.host = "proxy.example";
  proxy.port = 3128;
  auto [made, reply] = call<Milliseconds>();
  manager_->test_proxy("sales", proxy, std::move(reply));
  settle();
  EXPECT_FALSE(made->done());
  manager_->shutdown();
  EXPECT_EQ(made->cause(), Cause::kShuttingDown);
}

}  // namespace
}  // namespace ponte::instance
