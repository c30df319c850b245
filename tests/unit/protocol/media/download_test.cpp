#include "protocol/media/download.h"

#include <gmock/gmock.h>

#include "protocol/media/location.h"
#include "protocol/media/media_conn.h"
#include "support/step_line.h"

namespace ponte::protocol::media {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using wire::Node;

class MediaDownload : public test::StepLine {
 protected:
  MediaDownload() {
    file_ = seal_file(plain_, key_, MediaType::kHistory);
    server_ = [this](const Node& iq) -> std::optional<Node> {
      if (iq.find("media_conn") == nullptr) return std::nullopt;
      ++asked_hosts_;
      return media_conn_;
    };
    host_ = [this](const HttpFetch& fetch) -> std::optional<Answer> {
      const std::string host = fetch.url.substr(8, fetch.url.find('/', 8) - 8);
      const auto scripted = hosts_.find(host);
      if (scripted == hosts_.end()) return Answer(HttpAnswer{200, file_.file});
      return scripted->second();
    };
    media_conn_.child(Node("media_conn")
                          .with("ttl", "300")
                          .child(Node("host").with("hostname", "b.whatsapp.net").with("type", "fallback"))
                          .child(Node("host").with("hostname", "a.whatsapp.net").with("type", "primary"))
                          .child(Node("host").with("hostname", "evil.example/@").with("type", "primary")));
  }

  MediaReference reference() const {
    MediaReference out;
    out.direct_path = "/v/t62.7118-24/x.enc?oh=1";
    out.media_key = key_.copy();
    out.digests = file_.digests;
    return out;
  }
  void start(MediaReference what) {
    ASSERT_TRUE(run([this, &what](Step& step) {
                  return download(step, std::move(what), MediaType::kHistory, [this](Step&, Result<Bytes> result) {
                    results_.push_back(std::move(result));
                    return Status::Ok();
                  });
                }).ok());
  }
  void start() { start(reference()); }
  void expect_error(Errc code, Cause cause) {
    ASSERT_EQ(results_.size(), 1U);
    ASSERT_FALSE(results_[0].ok());
    EXPECT_EQ(results_[0].error().code, code) << results_[0].error().message;
    EXPECT_EQ(results_[0].error().cause, cause) << results_[0].error().message;
  }
  static std::function<Answer()> with_status(int status) {
    return [status] { return Answer(HttpAnswer{status, {}}); };
  }
  std::vector<std::string> asked() const {
    std::vector<std::string> out;
    for (const HttpFetch& fetch : fetched_) out.push_back(fetch.url.substr(8, 1));
    return out;
  }

  const Bytes plain_ = Bytes(1000, 'p');
  const Secret<32> key_ = Secret<32>(ByteArray<32>{1, 2, 3});
  SealedFile file_;
  Node media_conn_ = Node("iq").with("type", "result");
  std::size_t asked_hosts_ = 0;
  std::map<std::string, std::function<Answer()>> hosts_;
  std::vector<Result<Bytes>> results_;
};

TEST_F(MediaDownload, FetchesChecksAndDecrypts) {
  start();
  ASSERT_EQ(results_.size(), 1U);
  ASSERT_TRUE(results_[0].ok()) << results_[0].error().message;
  EXPECT_EQ(*results_[0], plain_);
  ASSERT_EQ(fetched_.size(), 1U);
  EXPECT_EQ(fetched_[0].url, download_url(MediaScheme::kHttps, "a.whatsapp.net", "/v/t62.7118-24/x.enc?oh=1",
                                          MediaType::kHistory, file_.digests.sealed_sha256));
  EXPECT_THAT(fetched_[0].headers,
              ElementsAre(std::pair<std::string, std::string>("Origin", "https://web.whatsapp.com"),
                          std::pair<std::string, std::string>("Referer", "https://web.whatsapp.com/")));
  EXPECT_EQ(fetched_[0].largest, file_.file.size());
  const auto iqs = sent("iq");
  ASSERT_EQ(iqs.size(), 1U);
  EXPECT_EQ(iqs[0].attribute("xmlns"), "w:m");
  EXPECT_EQ(iqs[0].attribute("type"), "set");
}

TEST_F(MediaDownload, SpeaksTheSchemeOfTheConfiguration) {
  config_.media_scheme = MediaScheme::kHttp;
  host_ = [this](const HttpFetch&) { return Answer(HttpAnswer{200, file_.file}); };
  start();
  EXPECT_THAT(fetched_.at(0).url, testing::StartsWith("http://a.whatsapp.net/v/"));
}

TEST_F(MediaDownload, KeepsTheHostsForTheirTime) {
  start();
  start();
  EXPECT_EQ(asked_hosts_, 1U);
  connect();
  start();
  EXPECT_EQ(asked_hosts_, 1U) << "they outlive the connection";
  clock_.advance(Seconds(301));
  start();
  EXPECT_EQ(asked_hosts_, 2U);
  EXPECT_EQ(results_.size(), 4U);
}

TEST_F(MediaDownload, AsksForTheHostsOnceForAllThatWait) {
  std::optional<Node> iq;
  server_ = [&iq](const Node& asked) {
    iq = asked;
    return std::nullopt;
  };
  start();
  start();
  EXPECT_EQ(sent("iq").size(), 1U);
  ASSERT_TRUE(answer(*iq, media_conn_).ok());
  EXPECT_EQ(results_.size(), 2U);
}

TEST_F(MediaDownload, TriesEachHostThenAllAgainLater) {
  int failures = 3;
  hosts_["a.whatsapp.net"] = [&failures, this] {
    return failures-- > 0 ? Answer(HttpAnswer{503, {}}) : Answer(HttpAnswer{200, file_.file});
  };
  hosts_["b.whatsapp.net"] = [] { return Answer(Error{Errc::kUnavailable, Cause::kHttpFailed, "no connection"}); };
  start();
  EXPECT_THAT(asked(), ElementsAre("a", "b"));
  EXPECT_TRUE(results_.empty());
  run_for(Milliseconds(1999));
  EXPECT_EQ(fetched_.size(), 2U);
  run_for(Milliseconds(1));
  EXPECT_EQ(fetched_.size(), 4U);
  run_for(Seconds(10));
  EXPECT_EQ(fetched_.size(), 6U);
  run_for(Seconds(60));
  ASSERT_EQ(results_.size(), 1U);
  EXPECT_TRUE(results_[0].ok());
}

TEST_F(MediaDownload, GivesUpAfterTheLastRound) {
  for (const char* host : {"a.whatsapp.net", "b.whatsapp.net"}) hosts_[host] = with_status(429);
  start();
  run_for(Seconds(72));
  expect_error(Errc::kUnavailable, Cause::kMediaUnavailable);
  EXPECT_EQ(fetched_.size(), 8U);
  EXPECT_THAT(results_[0].error().message, HasSubstr("429"));
  run_for(Seconds(600));
  EXPECT_EQ(fetched_.size(), 8U);
}

TEST_F(MediaDownload, SaysThatAFileIsGone) {
  for (const int status : {404, 410}) {
    results_.clear();
    fetched_.clear();
    hosts_["a.whatsapp.net"] = with_status(status);
    start();
    expect_error(Errc::kNotFound, Cause::kMediaGone);
    EXPECT_EQ(fetched_.size(), 1U) << "the others have it no longer either";
  }
}

TEST_F(MediaDownload, AsksForNewHostsOnceWhereOneRefuses) {
  for (const int status : {401, 403}) {
    results_.clear();
    int refusals = 1;
    hosts_["a.whatsapp.net"] = [&, status] {
      return refusals-- > 0 ? Answer(HttpAnswer{status, {}}) : Answer(HttpAnswer{200, file_.file});
    };
    const std::size_t asked = asked_hosts_;
    start();
    EXPECT_EQ(asked_hosts_, status == 401 ? asked + 2 : asked + 1);
    ASSERT_EQ(results_.size(), 1U);
    EXPECT_TRUE(results_[0].ok());
  }
  results_.clear();
  hosts_["a.whatsapp.net"] = with_status(403);
  start();
  expect_error(Errc::kNotFound, Cause::kMediaGone);
}

TEST_F(MediaDownload, TakesAnotherHostsFileWhereOneIsDamaged) {
  hosts_["a.whatsapp.net"] = [this] {
    Bytes damaged = file_.file;
    damaged[3] ^= 1;
    return Answer(HttpAnswer{200, damaged});
  };
  start();
  ASSERT_EQ(results_.size(), 1U);
  EXPECT_TRUE(results_[0].ok());
  EXPECT_THAT(asked(), ElementsAre("a", "b"));

  results_.clear();
  hosts_["b.whatsapp.net"] = with_status(500);
  start();
  expect_error(Errc::kUntrusted, Cause::kMediaDamaged);
}

TEST_F(MediaDownload, NeverAsksForMoreThanItMayTake) {
  MediaReference large = reference();
  large.digests.plain_length = large.largest;
  start(std::move(large));
  expect_error(Errc::kMalformed, Cause::kMediaUnavailable);
  EXPECT_TRUE(fetched_.empty());

  results_.clear();
  MediaReference unknown = reference();
  unknown.digests.plain_length.reset();
  unknown.largest = 500;
  hosts_["a.whatsapp.net"] = [] {
    return Answer(Error{Errc::kMalformed, Cause::kHttpFailed, "larger than 500 bytes"});
  };
  start(std::move(unknown));
  EXPECT_EQ(fetched_.at(0).largest, 500U);
  expect_error(Errc::kMalformed, Cause::kMediaUnavailable);
  EXPECT_EQ(fetched_.size(), 1U);
}

TEST_F(MediaDownload, TellsWhyTheServerNamedNoHosts) {
  server_ = [](const Node&) { return Node("iq").with("type", "error").child(Node("error").with("code", "503")); };
  start();
  expect_error(Errc::kRejected, Cause::kIqRejected);

  results_.clear();
  server_ = [](const Node&) { return Node("iq").with("type", "result").child(Node("media_conn").with("ttl", "1")); };
  start();
  expect_error(Errc::kMalformed, Cause::kMediaUnavailable);

  results_.clear();
  server_ = nullptr;
  start();
  run_for(Seconds(76));
  expect_error(Errc::kTimedOut, Cause::kIqTimeout);
}

TEST_F(MediaDownload, IsForgottenWithItsConnection) {
  host_ = nullptr;
  start();
  ASSERT_EQ(waiting_.size(), 1U);
  connect();
  fetched(waiting_[0], HttpAnswer{200, file_.file});
  EXPECT_TRUE(results_.empty());
  EXPECT_EQ(link_.fetches.pending(), 0U);
}

TEST_F(MediaDownload, TriesAgainWhereTheWorkersAreBusy) {
  overloaded_ = true;
  start();
  EXPECT_EQ(fetched_.size(), 2U);
  overloaded_ = false;
  run_for(Seconds(2));
  ASSERT_EQ(results_.size(), 1U);
  EXPECT_TRUE(results_[0].ok());
}

TEST(MakeReference, TakesWhatIsWhole) {
  const Bytes digest(32, 1);
  const auto whole = make_reference("/a", digest, digest, digest, 7);
  ASSERT_TRUE(whole.ok());
  EXPECT_EQ(whole->digests.plain_length, 7U);
  const auto sparse = make_reference("/a", digest, {}, {}, std::nullopt);
  ASSERT_TRUE(sparse.ok());
  EXPECT_FALSE(sparse->digests.sealed_sha256 || sparse->digests.plain_sha256 || sparse->digests.plain_length);
  for (const auto& broken :
       {make_reference("https://evil.example/a", digest, {}, {}, 7), make_reference("", digest, {}, {}, 7),
        make_reference("/a", {}, {}, {}, 7), make_reference("/a", Bytes(31, 1), {}, {}, 7),
        make_reference("/a", digest, Bytes(33, 1), {}, 7), make_reference("/a", digest, {}, Bytes(16, 1), 7)}) {
    ASSERT_FALSE(broken.ok());
    EXPECT_EQ(broken.error().code, Errc::kMalformed);
    EXPECT_EQ(broken.error().cause, Cause::kMediaUnavailable);
  }
}

}  // namespace
}  // namespace ponte::protocol::media
