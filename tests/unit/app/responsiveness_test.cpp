#include "app/responsiveness.h"

#include <gtest/gtest.h>

#include <future>

namespace ponte::app {
namespace {

using Answers = Responsiveness::Answers;

std::future<Result<Answers>> ask(Responsiveness& responsiveness) {
  auto promise = std::make_shared<std::promise<Result<Answers>>>();
  auto future = promise->get_future();
  responsiveness.ask(Reply<Answers>([promise](Result<Answers> answers) { promise->set_value(std::move(answers)); }));
  return future;
}

bool run(Task task) {
  task();
  return true;
}

TEST(Responsiveness, TellsWhoCameRoundAndWhoDidNot) {
  std::vector<Task> kept;
  Responsiveness responsiveness({run,
                                 [&](Task task) {
                                   kept.push_back(std::move(task));
                                   return true;
                                 },
                                 [](Task) { return false; }, run},
                                Milliseconds(20));
  const auto answers = ask(responsiveness).get();
  ASSERT_TRUE(answers.ok());
  ASSERT_EQ(answers->size(), 4u);
  EXPECT_TRUE(answers->at(0));
  EXPECT_FALSE(answers->at(1)) << "it hangs";
  EXPECT_FALSE(answers->at(2)) << "it takes nothing";
  EXPECT_TRUE(answers->at(3));
  for (Task& late : kept) late();  // a round that is over takes no harm
}

TEST(Responsiveness, DoesNotWaitWhereAllHaveAnswered) {
  Responsiveness responsiveness({run}, std::chrono::hours(1));
  EXPECT_TRUE(ask(responsiveness).get()->at(0));
  EXPECT_TRUE(ask(responsiveness).get()->at(0)) << "and once more";
}

TEST(Responsiveness, StoppingAnswersWhoWaits) {
  std::promise<void> asked;
  std::vector<Task> kept;
  Responsiveness responsiveness({[&](Task task) {
                                  kept.push_back(std::move(task));
                                  asked.set_value();
                                  return true;
                                }},
                                std::chrono::hours(1));
  auto answers = ask(responsiveness);
  asked.get_future().wait();
  responsiveness.stop();
  EXPECT_FALSE(answers.get()->at(0));
  const auto refused = ask(responsiveness).get();
  EXPECT_FALSE(refused.ok()) << "nobody is left to answer";
}

}  // namespace
}  // namespace ponte::app
