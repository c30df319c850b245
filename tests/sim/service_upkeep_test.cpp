// A link that stays up, and one that stays down where it must (wire: pairing.md 8.1, 9, 10).
#include "sim/service_line.h"

namespace ponte::instance {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using Upkeep = test::ServiceLine;
using Kind = ConnectResult::Kind;

TEST_F(Upkeep, ADayGoesByOnOneConnection) {
  link("sales");
  const auto before = dials();
  run_for(hours(24));
  EXPECT_EQ(info("sales").state, State::kConnected);
  EXPECT_EQ(dials(), before);
  EXPECT_EQ(violations(), "");
}

TEST_F(Upkeep, SilenceIsFoundOutAndSaid) {
  link("sales");
  simulator::Faults faults;
  faults.freeze_after = 1;
  const auto before = dials();
  // The server's side goes silent: nothing it would send comes any more.
  for (auto* connection : {server_.find(server_.world().counters.connections)}) {
    ASSERT_NE(connection, nullptr);
    ASSERT_TRUE(server_.set_faults(faults, {.connection = connection->id()}).ok());
  }
  ASSERT_TRUE(run_to("sales", State::kDisconnected, minutes(2)));
  EXPECT_EQ(reason("sales"), Cause::kKeepaliveTimeout);
  ASSERT_TRUE(run_to("sales", State::kConnected, minutes(2)));
  EXPECT_EQ(dials(), before + 1);
  EXPECT_TRUE(told_.has("keepalive_timeout"));
  EXPECT_TRUE(told_.has("keepalive_restored"));
}

TEST_F(Upkeep, ANetworkThatIsAwayForADayIsTriedEverMoreRarely) {
  link("sales");
  bool away = true;
  network_.failure() = [&](const auto&) -> std::optional<Error> {
    if (!away) return std::nullopt;
    return Error{Errc::kUnavailable, Cause::kNetworkFailed, "no route"};
  };
  const auto before = dials();
  server_.drop({}, simulator::Close::Kind::kAbort, clock_.now());
  settle();
  const Mono start = clock_.now().mono;
  EXPECT_EQ(info("sales").reason->retry_after, Seconds(1)) << "it says when it will try";
  run_for(hours(24));
  const auto& dialed = network_.dialed();
  // 1 1 2 3 5 8 ... 610, then 900 s each: 15 steps in 27 min, and 94 to 95 more.
  EXPECT_NEAR(static_cast<double>(dialed.size() - before), 110, 8);
  std::int64_t fibonacci[] = {1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 610, 900, 900};
  Mono last = start;
  for (std::size_t i = 0; i < std::size(fibonacci); ++i) {
    const double waited = std::chrono::duration<double>(dialed[before + i].at - last).count();
    EXPECT_NEAR(waited, static_cast<double>(fibonacci[i]), static_cast<double>(fibonacci[i]) * 0.1 + 0.002) << i;
    last = dialed[before + i].at;
  }
  EXPECT_EQ(info("sales").state, State::kDisconnected);
  EXPECT_EQ(reason("sales"), Cause::kNetworkFailed);
  away = false;
  EXPECT_TRUE(run_to("sales", State::kConnected, Seconds(1000)));
  EXPECT_FALSE(info("sales").reason);
}

TEST_F(Upkeep, AServerThatAcceptsAndDropsIsNotHammered) {
  link("sales");
  run_for(minutes(1));
  const auto before = dials();
  simulator::Faults faults;
  faults.drop_after = Seconds(2);
  fault(faults);
  server_.drop({}, simulator::Close::Kind::kAbort, clock_.now());
  run_for(hours(1));
  EXPECT_LT(dials() - before, 20U) << "each login lasts 2 s, which is not stable";
  faults.drop_after = Seconds(40);
  fault(faults);
  run_for(minutes(20));
  const auto flapping = dials();
  run_for(minutes(10));
  EXPECT_GT(dials() - flapping, 12U) << "40 s are: the backoff starts over";
}

TEST_F(Upkeep, EveryFailureDoesWhatItsRowSays) {
  struct Row {
    unsigned reason;
    State state;
    Cause cause;
    bool retries;
    const char* told;
  };
  const Row rows[] = {
      {400, State::kDisconnected, Cause::kClientRefused, false, "connect_failure"},
      {401, State::kLoggedOut, Cause::kLoggedOut, false, "logged_out"},
      {402, State::kDisconnected, Cause::kTemporarilyBanned, false, "temp_banned"},
      {403, State::kLoggedOut, Cause::kAccountLocked, false, "logged_out"},
      {405, State::kDisconnected, Cause::kClientOutdated, false, "client_outdated"},
      {406, State::kLoggedOut, Cause::kBanned, false, "logged_out"},
      {409, State::kDisconnected, Cause::kClientRefused, false, "connect_failure"},
      {413, State::kDisconnected, Cause::kClientRefused, false, "connect_failure"},
      {414, State::kDisconnected, Cause::kClientRefused, false, "connect_failure"},
      {415, State::kDisconnected, Cause::kClientRefused, false, "connect_failure"},
      {418, State::kDisconnected, Cause::kClientRefused, false, "connect_failure"},
      {500, State::kDisconnected, Cause::kServerError, true, "stream_error"},
      {501, State::kDisconnected, Cause::kClientRefused, false, "connect_failure"},
      {503, State::kDisconnected, Cause::kServerError, true, "stream_error"},
      {599, State::kDisconnected, Cause::kClientRefused, false, "connect_failure"},
  };
  for (const Row& row : rows) {
    const std::string name = "failure-" + std::to_string(row.reason);
    link(name);
    told_.events.clear();
    simulator::Faults faults;
    faults.failure = simulator::Failure{row.reason, {}};
    fault(faults, {.next = 1});
    const auto before = dials();
    server_.drop({}, simulator::Close::Kind::kAbort, clock_.now());
    ASSERT_TRUE(run_until([&] { return dials() == before + 1 && told_.has(row.told); }, Seconds(30))) << name;
    EXPECT_EQ(info(name).state, row.state) << name;
    EXPECT_EQ(reason(name), row.cause) << name;
    EXPECT_NE(info(name).reason->message.find("reason=\"" + std::to_string(row.reason)), std::string::npos)
        << "the server's words: " << info(name).reason->message;
    EXPECT_EQ(info(name).number_jid.has_value(), row.state != State::kLoggedOut) << name;
    run_for(hours(2));
    EXPECT_EQ(dials(), before + (row.retries ? 2U : 1U)) << name;
    EXPECT_EQ(info(name).state, row.retries ? State::kConnected : row.state) << name;
    const auto removed = remove(name);
    run_for(Seconds(20));
    ASSERT_TRUE(removed->done() && removed->result->ok()) << name;
  }
}

TEST_F(Upkeep, EveryStreamErrorDoesWhatItsRowSays) {
  struct Row {
    unsigned code;
    const char* conflict;
    State state;
    Cause cause;
    bool retries;
  };
  const Row rows[] = {
      {515, "", State::kConnected, Cause::kInternal, true},
      {401, "device_removed", State::kLoggedOut, Cause::kLoggedOut, false},
      {401, "", State::kLoggedOut, Cause::kLoggedOut, false},
      {516, "", State::kLoggedOut, Cause::kLoggedOut, false},
      {0, "replaced", State::kDisconnected, Cause::kStreamReplaced, false},
      {409, "", State::kDisconnected, Cause::kStreamReplaced, false},
      {429, "", State::kDisconnected, Cause::kStreamError, true},
      {500, "", State::kDisconnected, Cause::kServerError, true},
      {503, "", State::kDisconnected, Cause::kServerError, true},
      {0, "", State::kDisconnected, Cause::kStreamError, true},
  };
  for (const Row& row : rows) {
    const std::string name = "stream-" + std::to_string(row.code) + row.conflict;
    link(name);
    const auto before = dials();
    server_.send_stream_error({}, row.code, row.conflict, clock_.now());
    settle();
    if (row.code != 515) {
      EXPECT_EQ(info(name).state, row.state) << name;
      EXPECT_EQ(reason(name), row.cause) << name;
    }
    run_for(hours(1));
    EXPECT_EQ(dials(), before + (row.retries ? 1U : 0U)) << name;
    EXPECT_EQ(info(name).state, row.retries ? State::kConnected : row.state) << name;
    const auto removed = remove(name);
    run_for(Seconds(20));
    ASSERT_TRUE(removed->done() && removed->result->ok()) << name;
  }
}

TEST_F(Upkeep, AStreamErrorOf429IsGivenFiveStepsMore) {
  link("sales");
  server_.send_stream_error({}, 429, "", clock_.now());
  settle();
  EXPECT_NEAR(static_cast<double>(info("sales").reason->retry_after->count()), 8, 1.0);
}

TEST_F(Upkeep, AServerThatNamesATimeIsGivenIt) {
  link("sales");
  network_.failure() = [](const auto&) {
    return Error{Errc::kUnavailable, Cause::kWebSocketRefused, "503", Seconds(120)};
  };
  server_.drop({}, simulator::Close::Kind::kAbort, clock_.now());
  run_for(Seconds(2));
  EXPECT_EQ(reason("sales"), Cause::kWebSocketRefused);
  const auto before = dials();
  run_for(Seconds(118));
  EXPECT_EQ(dials(), before);
  run_for(Seconds(3));
  EXPECT_EQ(dials(), before + 1);
}

TEST_F(Upkeep, AReplacedDeviceStaysDownOverDaysAndRestartsUntilItIsAsked) {
  link("sales");
  server_.send_stream_error({}, 0, "replaced", clock_.now());
  settle();
  const auto before = dials();
  run_for(hours(48));
  start();
  run_for(hours(48));
  EXPECT_EQ(dials(), before);
  EXPECT_EQ(info("sales").state, State::kDisconnected);
  EXPECT_EQ(reason("sales"), Cause::kStreamReplaced);
  EXPECT_TRUE(told_.has("stream_replaced"));
  const auto resumed = connect("sales");
  ASSERT_TRUE(run_until([&] { return resumed->done(); }, Seconds(5)));
  EXPECT_EQ(resumed->value().kind, Kind::kConnected);
  start();
  EXPECT_TRUE(run_to("sales", State::kConnected, Seconds(5))) << "the server has let us in: held down no more";
}

TEST_F(Upkeep, ABanIsHonouredOverARestartAndEndsByItself) {
  link("sales");
  simulator::Faults faults;
  faults.failure = simulator::Failure{402, {{"code", "101"}, {"expire", "7200"}}};
  fault(faults, {.next = 1});
  server_.drop({}, simulator::Close::Kind::kAbort, clock_.now());
  ASSERT_TRUE(run_until([&] { return reason("sales") == Cause::kTemporarilyBanned; }, Seconds(5)));
  EXPECT_EQ(info("sales").reason->retry_after, Seconds(7200));
  const auto before = dials();
  run_for(hours(1));
  start();
  EXPECT_EQ(info("sales").state, State::kDisconnected);
  EXPECT_EQ(reason("sales"), Cause::kTemporarilyBanned);
  EXPECT_NEAR(static_cast<double>(info("sales").reason->retry_after->count()), 3600, 5);
  for (const Error& refused : {connect("sales")->error(), reconnect("sales")->error()}) {
    EXPECT_EQ(refused.cause, Cause::kTemporarilyBanned);
    EXPECT_NEAR(static_cast<double>(refused.retry_after->count()), 3600, 5);
  }
  EXPECT_EQ(dials(), before) << "nothing is said to a server that has banned us";
  ASSERT_TRUE(run_to("sales", State::kConnected, hours(1) + minutes(1)));
  EXPECT_EQ(dials(), before + 1);
}

TEST_F(Upkeep, ABanWithoutATimeEndsWhenSomebodyAsks) {
  link("sales");
  simulator::Faults faults;
  faults.failure = simulator::Failure{402, {}};
  fault(faults, {.next = 1});
  server_.drop({}, simulator::Close::Kind::kAbort, clock_.now());
  run_for(hours(100));
  EXPECT_EQ(reason("sales"), Cause::kTemporarilyBanned);
  const auto resumed = connect("sales");
  EXPECT_EQ(resumed->value().kind, Kind::kConnected);
}

class Versions : public Upkeep {
 protected:
  Versions() {
    fetch_ = [this](const std::optional<net::Proxy>& proxy, Reply<std::string> page) {
      fetches_.push_back(proxy);
      if (page_) return page.answer(*page_);
      page.answer(Error{Errc::kUnavailable, Cause::kHttpFailed, "no answer from the page"});
    };
    start();
  }
  void refuse_as_outdated(unsigned times) {
    simulator::Faults faults;
    faults.failure = simulator::Failure{405, {}};
    fault(faults, {.next = times});
  }
  std::vector<std::optional<net::Proxy>> fetches_;
  std::optional<std::string> page_;
};

TEST_F(Versions, AnOutdatedClientLooksOnceForANewerVersionAndTriesOnceMore) {
  link("sales");
  fetches_.clear();
  page_ = R"(\"client_revision\":1099999999,)";
  refuse_as_outdated(1);
  server_.drop({}, simulator::Close::Kind::kAbort, clock_.now());
  run_for(Seconds(5));
  EXPECT_EQ(info("sales").state, State::kConnected);
  EXPECT_EQ(fetches_.size(), 1U);
  EXPECT_EQ(versions_->current().to_string(), "2.3000.1099999999");
  start();
  EXPECT_EQ(versions_->current().to_string(), "2.3000.1099999999") << "kept for the next process";
}

TEST_F(Versions, WhereTheNewerOneIsRefusedTooItStaysDown) {
  link("sales");
  fetches_.clear();
  page_ = R"("client_revision":1099999999)";
  refuse_as_outdated(2);
  server_.drop({}, simulator::Close::Kind::kAbort, clock_.now());
  const auto before = dials();
  run_for(hours(10));
  EXPECT_EQ(dials(), before + 2);
  EXPECT_EQ(fetches_.size(), 1U);
  EXPECT_EQ(info("sales").state, State::kDisconnected);
  EXPECT_EQ(reason("sales"), Cause::kClientOutdated);
}

TEST_F(Versions, AFetchThatFailsOrFindsNothingNewerIsSaidAndStopsNothing) {
  for (const bool answered : {false, true}) {
    const std::string name = answered ? "older" : "failed";
    page_ = answered ? std::optional<std::string>(R"("client_revision":1)") : std::nullopt;
    link(name);
    refuse_as_outdated(1);
    server_.drop({}, simulator::Close::Kind::kAbort, clock_.now());
    const auto before = dials();
    run_for(hours(5));
    EXPECT_EQ(dials(), before + 1);
    EXPECT_EQ(reason(name), Cause::kClientOutdated);
    EXPECT_NE(info(name).reason->message.find(answered ? "names no other" : "no answer from the page"),
              std::string::npos)
        << info(name).reason->message;
    EXPECT_EQ(connect(name)->value().kind, Kind::kConnected) << "asked, it tries again";
    (void)log_out(name);
    run_for(Seconds(20));
  }
}

TEST_F(Versions, AnAttemptToLinkLooksForANewerVersionToo) {
  page_ = R"("client_revision":1)";
  link("other");
  create("sales");
  page_ = R"("client_revision":1099999999)";
  refuse_as_outdated(1);
  const auto answer = connect("sales");
  ASSERT_TRUE(run_until([&] { return answer->done(); }, Seconds(5)));
  EXPECT_EQ(answer->value().kind, Kind::kQr);
  EXPECT_EQ(fetches_.size(), 2U);
}

TEST_F(Versions, ThePageIsLookedAtDailyThroughTheInstancesProxy) {
  page_ = R"("client_revision":1099999999)";
  Proxy proxy;
  proxy.protocol = Proxy::Protocol::kSocks5;
  proxy.host = "proxy.example";
  proxy.port = 1080;
  create("sales", proxy);
  const auto qr = connect("sales");
  ASSERT_EQ(fetches_.size(), 1U) << "never fetched before";
  ASSERT_TRUE(fetches_[0]);
  EXPECT_EQ(fetches_[0]->to_string(), "socks5://proxy.example:1080");
  const auto paired = scan(qr->value().text);
  ASSERT_TRUE(run_to("sales", State::kConnected, Seconds(30)));
  run_for(hours(72) + minutes(10));
  EXPECT_EQ(fetches_.size(), 4U);
  EXPECT_TRUE(fetches_.back()) << "never directly";
  start();
  run_for(hours(1));
  EXPECT_EQ(fetches_.size(), 4U) << "a restart does not ask again";
}

TEST_F(Versions, WithoutAnythingLinkedNothingLeavesTheMachine) {
  create("sales");
  run_for(hours(72));
  EXPECT_TRUE(fetches_.empty());
}

class Restored : public Upkeep {};

TEST_F(Restored, ManyInstancesComeBackAtTheConfiguredRate) {
  constexpr int kCount = 60;
  for (int i = 0; i < kCount; ++i) link("i" + std::to_string(i));
  dial_rate_ = 10;
  const auto before = dials();
  start();
  const Mono begin = clock_.now().mono;
  EXPECT_EQ(info("i0").state, State::kConnecting) << "at once it is said that they will";
  run_for(Seconds(1));
  EXPECT_NEAR(static_cast<double>(dials() - before), 11, 1);
  ASSERT_TRUE(run_until(
      [&] {
        const auto all = manager_->list();
        return std::all_of(all.begin(), all.end(), [](const auto& each) { return each.state == State::kConnected; });
      },
      Seconds(30)));
  EXPECT_NEAR(std::chrono::duration<double>(clock_.now().mono - begin).count(), 6, 0.5);
  EXPECT_EQ(dials() - before, static_cast<std::size_t>(kCount));
}

TEST_F(Restored, SomebodyWhoWaitsDoesNotQueue) {
  for (int i = 0; i < 20; ++i) link("i" + std::to_string(i));
  dial_rate_ = 1;
  start();
  EXPECT_EQ(connect("i19")->value().kind, Kind::kConnected);
}

TEST_F(Restored, ANetworkThatComesBackIsNoStorm) {
  constexpr int kCount = 50;
  for (int i = 0; i < kCount; ++i) link("i" + std::to_string(i));
  dial_rate_ = 5;
  start();
  run_for(minutes(2));
  const auto before = dials();
  server_.drop({}, simulator::Close::Kind::kAbort, clock_.now());
  run_for(Seconds(2));
  EXPECT_LE(dials() - before, 12U);
  run_for(Seconds(10));
  EXPECT_EQ(dials() - before, static_cast<std::size_t>(kCount));
}

}  // namespace
}  // namespace ponte::instance
