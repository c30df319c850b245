#include "instance/client_versions.h"

#include <gtest/gtest.h>

#include "store/service_records.h"
#include "support/faulty_store.h"
#include "support/virtual_clock.h"

namespace ponte::instance {
namespace {

class Versions : public ::testing::Test {
 protected:
  Versions() { make(); }
  void make(bool pinned = false) {
    versions = std::make_unique<ClientVersions>(
        ClientVersions::Options{{2, 3000, 100},
                                pinned,
                                [this](const std::optional<net::Proxy>& proxy, Reply<std::string> page) {
                                  fetched.push_back(proxy);
                                  pages.push_back(std::move(page));
                                }},
        store, clock);
    ASSERT_TRUE(versions->load().ok());
  }
  /// The answers that came, in order: a version, or `error`.
  Reply<protocol::ClientVersion> reply() {
    return Reply<protocol::ClientVersion>([this](const Result<protocol::ClientVersion>& result) {
      answers.push_back(result.ok() ? result->to_string() : std::string(cause_name(result.error().cause)));
    });
  }
  void answer(std::size_t fetch, const std::string& page) { pages.at(fetch).answer(page); }
  std::string current() const { return versions->current().to_string(); }

  test::FaultyStore store;
  test::VirtualClock clock;
  std::vector<std::optional<net::Proxy>> fetched;
  std::vector<Reply<std::string>> pages;
  std::vector<std::string> answers;
  std::unique_ptr<ClientVersions> versions;
};

TEST_F(Versions, TakesWhatThePageNamesAndKeepsIt) {
  EXPECT_EQ(current(), "2.3000.100");
  versions->refresh(std::nullopt, reply());
  answer(0, R"({\"client_revision\":250,)");
  EXPECT_EQ(answers, std::vector<std::string>{"2.3000.250"});
  EXPECT_EQ(current(), "2.3000.250");
  make();
  EXPECT_EQ(current(), "2.3000.250");
}

TEST_F(Versions, FollowsThePageBackButNotBehindTheBuild) {
  for (const auto& [page, expected] :
       {std::pair("client_revision: 300", "2.3000.300"), std::pair("client_revision: 200", "2.3000.200"),
        std::pair("client_revision: 7", "2.3000.100")}) {
    versions->refresh(std::nullopt, reply());
    answer(pages.size() - 1, page);
    EXPECT_EQ(current(), expected);
  }
}

TEST_F(Versions, ThoseWhoTakeTheSameWayShareAFetch) {
  const auto proxy = *net::Proxy::parse("http://user@proxy.example:80");
  versions->refresh(std::nullopt, reply());
  versions->refresh(std::nullopt, reply());
  versions->refresh(proxy, reply());
  EXPECT_EQ(fetched.size(), 2U);
  EXPECT_FALSE(fetched[0]);
  EXPECT_EQ(fetched[1], proxy);
  answer(1, "client_revision:300");
  EXPECT_EQ(answers.size(), 1U);
  answer(0, "client_revision:300");
  EXPECT_EQ(answers.size(), 3U);
}

TEST_F(Versions, APageThatFailsOrNamesNoneChangesNothing) {
  versions->refresh(std::nullopt, reply());
  pages[0].answer(Error{Errc::kUnavailable, Cause::kHttpFailed, "no route"});
  versions->refresh(std::nullopt, reply());
  answer(1, "<html>a login page</html>");
  EXPECT_EQ(answers, (std::vector<std::string>{"VERSION_UNAVAILABLE", "VERSION_UNAVAILABLE"}));
  EXPECT_EQ(current(), "2.3000.100");
}

TEST_F(Versions, IsDueOnceADayAndAnHourAfterAFailure) {
  EXPECT_TRUE(versions->due());
  versions->refresh(std::nullopt, reply());
  EXPECT_FALSE(versions->due()) << "under way";
  pages[0].answer(Error{Errc::kUnavailable, Cause::kHttpFailed, "no route"});
  EXPECT_FALSE(versions->due());
  clock.advance(ClientVersions::kNextTry);
  EXPECT_TRUE(versions->due());
  versions->refresh(std::nullopt, reply());
  answer(1, "client_revision:300");
  clock.advance(ClientVersions::kMaxAge - Seconds(1));
  EXPECT_FALSE(versions->due());
  clock.advance(Seconds(1));
  EXPECT_TRUE(versions->due());
  // A wall clock that was set back years must not put the look off for years.
  clock.set_wall(Wall(Milliseconds(0)));
  EXPECT_TRUE(versions->due());
}

TEST_F(Versions, APinnedOneIsLookedAfterOnlyWhereItIsRefused) {
  make(true);
  EXPECT_FALSE(versions->due());
  versions->refresh(std::nullopt, reply());
  answer(0, "client_revision:300");
  EXPECT_EQ(current(), "2.3000.300");
  make(true);
  EXPECT_EQ(current(), "2.3000.100") << "the next process begins with what the operator named";
}

TEST_F(Versions, WithoutAPageNothingIsFetched) {
  ClientVersions none({{2, 3000, 100}, false, nullptr}, store, clock);
  EXPECT_FALSE(none.due());
  none.refresh(std::nullopt, reply());
  EXPECT_EQ(answers, std::vector<std::string>{"VERSION_UNAVAILABLE"});
}

TEST_F(Versions, AnswersWhoeverWaitsWhereTheFetchIsDropped) {
  versions->refresh(std::nullopt, reply());
  pages.clear();
  EXPECT_EQ(answers, std::vector<std::string>{"VERSION_UNAVAILABLE"});
}

}  // namespace
}  // namespace ponte::instance
