// Links, and what their pages show while the simulator's phone scans, types, refuses or keeps silent (contract 1.9).
#include <gmock/gmock.h>

#include <set>

#include "instance/links.h"
#include "sim/service_line.h"

namespace ponte::instance {
namespace {

using View = LinkView::State;
using ViewPointer = std::shared_ptr<const LinkView>;
using ::testing::ElementsAre;

/// A page that is open.
struct Page final : LinkWatcher {
  bool show(const ViewPointer& view) override {
    views.push_back(view);
    return !closed;
  }
  bool beat() override {
    ++beats;
    return !closed;
  }
  void end(const std::optional<Error>& why) override {
    ended = true;
    if (why) cause = why->cause;
  }
  std::vector<View> states() const {
    std::vector<View> out;
    for (const ViewPointer& view : views) {
      if (out.empty() || out.back() != view->state) out.push_back(view->state);
    }
    return out;
  }
  const LinkView& last() const { return *views.back(); }

  std::vector<ViewPointer> views;
  bool closed = false;
  bool ended = false;
  std::optional<Cause> cause;
  int beats = 0;
};

class LinkPages : public test::ServiceLine {
 protected:
  LinkPages() { create("sales"); }

  CreatedLink made(LinkRequest request = {}, const std::string& name = "sales") {
    auto [made, reply] = call<CreatedLink>();
    links_->create(info(name), std::move(request), std::move(reply));
    settle();
    return made->value();
  }
  LinkHolder holder(const CreatedLink& link) { return *links_->authenticate(link.token); }
  std::shared_ptr<Page> open_page(const CreatedLink& link) {
    auto page = std::make_shared<Page>();
    EXPECT_TRUE(links_->watch(holder(link), page).ok());
    return page;
  }
  CallPtr<ViewPointer> start_by(const CreatedLink& link, std::optional<std::string> number = std::nullopt) {
    auto [made, reply] = call<ViewPointer>();
    links_->start(holder(link), std::move(number), std::move(reply));
    settle();
    return made;
  }
  CallPtr<std::monostate> revoke(const CreatedLink& link) {
    auto [made, reply] = call<std::monostate>();
    links_->revoke(link.link.instance_id, link.link.id, std::move(reply));
    settle();
    return made;
  }
  Cause why_not(const CreatedLink& link) {
    const auto open = links_->open(holder(link));
    return open.ok() ? Cause::kInternal : open.error().cause;
  }
};

TEST_F(LinkPages, OpeningAPageChangesNothing) {
  const CreatedLink link = made();
  const auto page = open_page(link);
  EXPECT_EQ((*links_->view(holder(link)))->state, View::kIdle);
  run_for(Seconds(120));
  EXPECT_THAT(page->states(), ElementsAre(View::kIdle));
  EXPECT_EQ(dials(), 0U);
  EXPECT_EQ(info("sales").state, State::kDisconnected);
}

TEST_F(LinkPages, AScanIsFollowedToTheNumber) {
  const CreatedLink link = made();
  const auto page = open_page(link);
  const auto started = start_by(link)->value();
  ASSERT_EQ(started->state, View::kQr);
  const auto paired = scan(started->qr->text);
  ASSERT_TRUE(run_to("sales", State::kConnected, Seconds(30)));
  EXPECT_THAT(page->states(), ElementsAre(View::kIdle, View::kStarting, View::kQr, View::kLinking, View::kConnected));
  EXPECT_EQ(page->last().number, info("sales").number_jid->substr(0, info("sales").number_jid->find('@')));
  EXPECT_TRUE(page->ended) << "its work is done";
  EXPECT_FALSE(page->cause);
  EXPECT_EQ(why_not(link), Cause::kLinkUsed);
  EXPECT_EQ(start_by(link)->cause(), Cause::kLinkUsed);
}

TEST_F(LinkPages, TheQrIsReplacedAsItRotatesAndThenTheAttemptIsOver) {
  const CreatedLink link = made();
  const auto page = open_page(link);
  (void)start_by(link);
  run_for(Seconds(170));
  std::set<std::string> shown;
  for (const auto& view : page->views) {
    if (view->qr) shown.insert(view->qr->text);
  }
  EXPECT_EQ(shown.size(), 6U);
  EXPECT_EQ(page->last().state, View::kFailed);
  EXPECT_FALSE(page->last().qr) << "no stale QR";
  EXPECT_EQ(page->last().reason->cause, Cause::kQrExpired);
  EXPECT_EQ(why_not(link), Cause::kInternal) << "it can be started again";
  EXPECT_EQ(start_by(link)->value()->state, View::kQr);
  EXPECT_FALSE(page->last().reason);
}

TEST_F(LinkPages, ACodeIsShownBesideTheQrAndLinksWhenItIsTyped) {
  const CreatedLink link = made();
  const auto page = open_page(link);
  const auto started = start_by(link, kNumber)->value();
  ASSERT_EQ(started->state, View::kCode);
  EXPECT_TRUE(started->qr) << "the tab of the QR has it too";
  (void)enter_code(started->code->text);
  ASSERT_TRUE(run_to("sales", State::kConnected, Seconds(30)));
  EXPECT_EQ(page->last().state, View::kConnected);
  EXPECT_EQ(page->last().number, kNumber);
  EXPECT_EQ(why_not(link), Cause::kLinkUsed);
}

TEST_F(LinkPages, ACodeThatRunsOutLeavesNoDeadCode) {
  const CreatedLink link = made();
  const auto page = open_page(link);
  (void)start_by(link, kNumber);
  ASSERT_TRUE(run_until([&] { return page->last().state == View::kFailed; }));
  EXPECT_FALSE(page->last().code);
  EXPECT_FALSE(page->last().qr);
  EXPECT_TRUE(page->last().reason);
}

TEST_F(LinkPages, ANumberThatIsRefusedFailsTheAttemptInWords) {
  simulator::Faults faults;
  faults.code_refusal = simulator::CodeRefusal{429, "rate-overlimit", 90};
  fault(faults);
  const CreatedLink link = made();
  const auto page = open_page(link);
  const auto started = start_by(link, kNumber);
  ASSERT_TRUE(run_until([&] { return started->done(); }));
  EXPECT_EQ(started->cause(), Cause::kPairingThrottled);
  EXPECT_NE(page->last().state, View::kCode);
  ASSERT_TRUE(page->last().reason);
  EXPECT_EQ(page->last().reason->cause, Cause::kPairingThrottled);
}

TEST_F(LinkPages, APasskeyIsTheNextStepNotAFailure) {
  simulator::Faults faults;
  faults.passkey = true;
  fault(faults);
  const CreatedLink link = made();
  const auto page = open_page(link);
  (void)scan(start_by(link)->value()->qr->text);
  ASSERT_EQ(page->last().state, View::kPasskey);
  EXPECT_FALSE(page->last().qr);
  ASSERT_TRUE(page->last().passkey);
  EXPECT_EQ(start_by(link)->value()->state, View::kPasskey) << "whoever comes later is told the same";

  auto [submitted, reply] = call<ViewPointer>();
  links_->submit_passkey(holder(link), passkey_assertion("sales"), std::move(reply));
  settle();
  ASSERT_EQ(page->last().passkey->stage, PasskeyState::Stage::kConfirm);
  auto [confirmed, confirm_reply] = call<ViewPointer>();
  links_->confirm_passkey(holder(link), std::move(confirm_reply));
  ASSERT_TRUE(run_to("sales", State::kConnected, Seconds(30)));
  EXPECT_EQ(page->last().state, View::kConnected);
  EXPECT_TRUE(page->last().number);
  EXPECT_EQ(why_not(link), Cause::kLinkUsed);
}

TEST_F(LinkPages, AnInstanceThatSomebodyElseHasLinkedIsConnectedWithoutItsNumber) {
  const CreatedLink link = made();
  (void)scan(connect("sales")->value().text);
  ASSERT_TRUE(run_to("sales", State::kConnected, Seconds(30)));
  const auto page = open_page(link);
  EXPECT_EQ(page->last().state, View::kConnected);
  EXPECT_FALSE(page->last().number);
  EXPECT_EQ(start_by(link)->value()->state, View::kConnected);
  EXPECT_FALSE(page->last().number);
  EXPECT_EQ(why_not(link), Cause::kInternal) << "it has linked nothing";
}

TEST_F(LinkPages, AnotherLinkOfTheInstanceIsToldThatItIsLinkedAndNothingElse) {
  const CreatedLink link = made();
  const CreatedLink other = made();
  const auto page = open_page(other);
  const auto started = start_by(link)->value();
  ASSERT_EQ(started->state, View::kQr);
  EXPECT_EQ((*links_->view(holder(other)))->state, View::kIdle);
  (void)scan(started->qr->text);
  ASSERT_TRUE(run_to("sales", State::kConnected, Seconds(30)));
  EXPECT_THAT(page->states(), ElementsAre(View::kIdle, View::kConnected));
  EXPECT_EQ(page->views.size(), 2U) << "once for each change";
  EXPECT_FALSE(page->last().number);
  EXPECT_FALSE((*links_->view(holder(other)))->number);
  EXPECT_EQ(why_not(link), Cause::kLinkUsed);
  EXPECT_EQ(why_not(other), Cause::kInternal) << "it has linked nothing";
}

TEST_F(LinkPages, TwoLinksThatBeganTheSameAttemptAreBothUsed) {
  const CreatedLink link = made();
  const CreatedLink other = made();
  (void)start_by(link);
  (void)scan(start_by(other)->value()->qr->text);
  ASSERT_TRUE(run_to("sales", State::kConnected, Seconds(30)));
  EXPECT_EQ(why_not(link), Cause::kLinkUsed);
  EXPECT_EQ(why_not(other), Cause::kLinkUsed);
}

TEST_F(LinkPages, ALinkWithSeveralUsesLinksSoOften) {
  LinkRequest twice;
  twice.uses = 2;
  const CreatedLink link = made(twice);
  for (int use = 0; use < 2; ++use) {
    (void)scan(start_by(link)->value()->qr->text);
    ASSERT_TRUE(run_to("sales", State::kConnected, Seconds(30)));
    EXPECT_EQ(links_->list(info("sales").id).front().used, static_cast<unsigned>(use) + 1);
    (void)log_out("sales");
    run_for(Seconds(10));
  }
  EXPECT_EQ(why_not(link), Cause::kLinkUsed);
}

TEST_F(LinkPages, AnAttemptThatFailedSpendsNothingWhenSomebodyElseLinksLater) {
  const CreatedLink link = made();
  (void)start_by(link);
  run_for(Seconds(170));
  (void)scan(connect("sales")->value().text);
  ASSERT_TRUE(run_to("sales", State::kConnected, Seconds(30)));
  EXPECT_EQ(why_not(link), Cause::kInternal);
}

TEST_F(LinkPages, ItsTimeEndsItAndThePagesThatAreOpen) {
  LinkRequest minute;
  minute.life = Seconds(60);
  const CreatedLink link = made(minute);
  const auto page = open_page(link);
  run_for(Seconds(59));
  links_->beat();
  EXPECT_EQ(page->beats, 1);
  run_for(Seconds(2));
  links_->beat();
  EXPECT_EQ(page->cause, Cause::kLinkExpired);
  EXPECT_EQ(links_->watchers(), 0U);
  EXPECT_EQ(why_not(link), Cause::kLinkExpired);
  EXPECT_EQ(start_by(link)->cause(), Cause::kLinkExpired);
  EXPECT_EQ(dials(), 0U);
}

TEST_F(LinkPages, RevokedItIsUnknown) {
  const CreatedLink link = made();
  const LinkHolder before = holder(link);
  const auto page = open_page(link);
  EXPECT_TRUE(revoke(link)->result->ok());
  EXPECT_EQ(page->cause, Cause::kInvalidToken);
  EXPECT_FALSE(links_->authenticate(link.token));
  EXPECT_EQ(links_->open(before).error().cause, Cause::kInvalidToken);
  EXPECT_EQ(revoke(link)->cause(), Cause::kLinkNotFound);
  start();
  EXPECT_FALSE(links_->authenticate(link.token));
}

TEST_F(LinkPages, AnotherInstancesLinkIsNotFound) {
  create("other");
  const CreatedLink link = made();
  auto [made, reply] = call<std::monostate>();
  links_->revoke(info("other").id, link.link.id, std::move(reply));
  EXPECT_EQ(made->cause(), Cause::kLinkNotFound);
  EXPECT_TRUE(links_->list(info("other").id).empty());
  EXPECT_EQ(why_not(link), Cause::kInternal);
}

TEST_F(LinkPages, WithItsInstanceItGoesAndSaysSo) {
  LinkRequest titled;
  titled.title = "Ana's phone";
  titled.return_url = "https://shop.example/done";
  const CreatedLink link = made(titled);
  const auto page = open_page(link);
  (void)remove("sales");
  EXPECT_EQ(page->cause, Cause::kLinkInstanceDeleted);
  EXPECT_EQ(why_not(link), Cause::kLinkInstanceDeleted);
  EXPECT_FALSE(links_->list(link.link.instance_id).front().title) << "what was written on it is gone";
  create("sales");
  EXPECT_EQ(start_by(link)->cause(), Cause::kLinkInstanceDeleted) << "another one of the same name";
  start();
  EXPECT_EQ(why_not(link), Cause::kLinkInstanceDeleted);
}

TEST_F(LinkPages, ARestartKeepsWhatWasMadeAndWhatWasUsed) {
  LinkRequest twice;
  twice.uses = 2;
  twice.title = "Ana's phone";
  twice.history_days = 7;
  const CreatedLink link = made(twice);
  (void)scan(start_by(link)->value()->qr->text);
  ASSERT_TRUE(run_to("sales", State::kConnected, Seconds(30)));
  const auto before = links_->list(info("sales").id);
  start();
  EXPECT_EQ(links_->list(info("sales").id), before);
  EXPECT_EQ(before.front().used, 1U);
  EXPECT_EQ(holder(link).link_id, link.link.id);
}

TEST_F(LinkPages, ThirtyDaysAfterItsEndNothingIsLeft) {
  const CreatedLink link = made();
  run_for(Seconds(3600) + Links::kKept);
  EXPECT_EQ(why_not(link), Cause::kLinkExpired);
  run_for(Seconds(1));
  start();
  EXPECT_FALSE(links_->authenticate(link.token));
}

TEST_F(LinkPages, AStoreThatTakesNoWritesMakesNoLink) {
  store_.fail_commit(1);
  auto [made, reply] = call<CreatedLink>();
  links_->create(info("sales"), {}, std::move(reply));
  settle();
  EXPECT_EQ(made->error().code, Errc::kStorage);
  EXPECT_TRUE(links_->list(info("sales").id).empty());
}

TEST_F(LinkPages, ATokenIsGoodForItsLinkAlone) {
  const CreatedLink link = made();
  EXPECT_EQ(link.token.size(), 43U);
  EXPECT_FALSE(manager_->authenticate(link.token)) << "no token of the account, nor of an instance";
  EXPECT_FALSE(links_->authenticate("account-token"));
  EXPECT_FALSE(links_->authenticate(info("sales").token));
  EXPECT_FALSE(links_->authenticate(link.token.substr(0, 42)));
  EXPECT_FALSE(links_->authenticate(""));
}

TEST_F(LinkPages, MorePagesThanAPersonHasAreRefused) {
  const CreatedLink link = made();
  std::vector<std::shared_ptr<Page>> pages;
  for (std::size_t i = 0; i < Links::kMostWatchers; ++i) pages.push_back(open_page(link));
  EXPECT_EQ(links_->watch(holder(link), std::make_shared<Page>()).error().cause, Cause::kOverloaded);
  pages.front()->closed = true;
  links_->beat();
  EXPECT_TRUE(links_->watch(holder(link), std::make_shared<Page>()).ok());
}

TEST_F(LinkPages, AServerThatCannotBeReachedIsAFailureWithItsCause) {
  network_.failure() = [](const auto&) {
    return Error{Errc::kUnavailable, Cause::kConnectionRefused, "connection refused"};
  };
  const CreatedLink link = made();
  const auto page = open_page(link);
  const auto started = start_by(link);
  ASSERT_TRUE(run_until([&] { return started->done(); }));
  EXPECT_EQ(started->cause(), Cause::kConnectionRefused);
  EXPECT_EQ(page->last().state, View::kFailed);
  EXPECT_EQ(page->last().reason->cause, Cause::kConnectionRefused);
}

}  // namespace
}  // namespace ponte::instance
