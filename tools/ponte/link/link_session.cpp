#include "ponte/link/link_session.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdio>
#include <deque>
#include <mutex>
#include <utility>

#include "ponte/common/exit_codes.h"
#include "ponte/common/ponted_client.h"
#include "ponte/link/link_progress.h"
#include "ponte/link/link_screen.h"

namespace ponte::tool {
namespace {

constexpr unsigned kPollSeconds = 25;
constexpr Milliseconds kPollTimeout{40'000};
/// Above the longest that ponted lets a caller of connect wait by default.
constexpr Milliseconds kConnectTimeout{90'000};
constexpr Milliseconds kTick{1'000};
constexpr const char* kStopped =
    "Stopped. Ponte goes on with the attempt until its codes run out;\nthe same command shows the code again.\n";

enum class Asked { kOnce, kConnect, kPoll, kLook, kPasskey };

/// Answers on their way from the HTTP client's thread to ours.
class Mailbox {
 public:
  Mailbox() : descriptor_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  ~Mailbox() { ::close(descriptor_); }
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  struct Letter {
    Asked asked;
    Result<Answer> answer;
  };
  void put(Letter letter) {
    const std::lock_guard lock(mutex_);
    letters_.push_back(std::move(letter));
    const std::uint64_t one = 1;
    (void)!::write(descriptor_, &one, sizeof one);
  }
  std::optional<Letter> take() {
    const std::lock_guard lock(mutex_);
    std::uint64_t count = 0;
    (void)!::read(descriptor_, &count, sizeof count);
    if (letters_.empty()) return std::nullopt;
    Letter letter = std::move(letters_.front());
    letters_.pop_front();
    return letter;
  }
  int descriptor() const { return descriptor_; }

 private:
  const int descriptor_;
  std::mutex mutex_;
  std::deque<Letter> letters_;
};

class Session {
 public:
  Session(const LinkRequest& request, SecretBytes token, Signals& signals)
      : request_(request),
        signals_(signals),
        client_(http_, request.url, std::move(token)),
        progress_(request.number ? LinkProgress::Method::kCode : LinkProgress::Method::kQr),
        screen_{request.instance, client_.url(), output_takes_colours()} {}

  int run();

 private:
  std::optional<Result<Answer>> ask(const Call& call);
  bool find_or_make();
  void follow();
  void start(Asked asked, const Call& call);
  void start_connect();
  void start_poll();
  void on_letter(const Mailbox::Letter& letter);
  void show();
  Signals::Taken wait(Milliseconds time);
  int finish();
  std::string path(const char* rest = "") const { return "/v1/instances/" + request_.instance + rest; }

  const LinkRequest& request_;
  Signals& signals_;
  const SystemClock clock_;
  Mailbox mailbox_;
  net::HttpClient http_;  // before what it answers to
  PontedClient client_;
  LinkProgress progress_;
  const LinkScreen screen_;
  std::optional<LiveBlock> block_;
  std::string said_;  // where there is no terminal: what was said last, so that it is not said twice
  std::optional<Mono> poll_at_;
  std::optional<CallFailure> failure_;  // before the attempt began
  bool stopped_ = false;
};

/// Sleeps until an answer, a signal or the end of `time`.
Signals::Taken Session::wait(Milliseconds time) {
  pollfd ready[2] = {{mailbox_.descriptor(), POLLIN, 0}, {signals_.descriptor(), POLLIN, 0}};
  ::poll(ready, 2, static_cast<int>(time.count()));
  return signals_.take();
}

void Session::start(Asked asked, const Call& call) {
  client_.start(call, [this, asked](Result<Answer> answer) { mailbox_.put({asked, std::move(answer)}); });
}

/// nullopt: a signal came first.
std::optional<Result<Answer>> Session::ask(const Call& call) {
  start(Asked::kOnce, call);
  for (;;) {
    if (auto letter = mailbox_.take()) return std::move(letter->answer);
    if (wait(kTick) == Signals::Taken::kStop) {
      stopped_ = true;
      return std::nullopt;
    }
  }
}

bool Session::find_or_make() {
  auto found = ask({.path = path()});
  if (found) failure_ = failure_of(*found);
  if (found && failure_ && failure_->cause == "INSTANCE_NOT_FOUND") {
    Call create{.method = "POST", .path = "/api/instance/new"};
    create.body = {{"name", request_.instance}};
    const auto made = ask(create);
    failure_ = made ? failure_of(*made) : std::nullopt;
    // Somebody else may have been quicker.
    if (made && failure_ && failure_->cause != "INSTANCE_EXISTS") return false;
    found = made ? ask({.path = path()}) : std::nullopt;
    if (found) failure_ = failure_of(*found);
  }
  if (!found || failure_) return false;
  progress_.on_first_look(**found);
  return true;
}

void Session::start_connect() {
  std::string query;
  if (request_.number) query = "?number=" + *request_.number;
  if (request_.history) query += (query.empty() ? "?" : "&") + ("history=" + std::to_string(*request_.history));
  progress_.connect_begins();
  start(Asked::kConnect, {.path = "/api/instance/connect/" + request_.instance + query, .timeout = kConnectTimeout});
}

void Session::start_poll() {
  poll_at_.reset();
  // Where ponted was away, what counts is how things stand now.
  const unsigned seconds = progress_.lost() ? 0 : kPollSeconds;
  start(Asked::kPoll,
        {.path = path() + "?wait=" + std::to_string(seconds) + "&since=" + std::to_string(progress_.sequence()),
         .timeout = kPollTimeout});
}

void Session::on_letter(const Mailbox::Letter& letter) {
  switch (letter.asked) {
    case Asked::kConnect: progress_.on_connect(letter.answer, clock_.now().mono); break;
    case Asked::kPasskey: progress_.on_passkey(letter.answer); break;
    case Asked::kLook: progress_.on_state(letter.answer); break;
    case Asked::kPoll:
      progress_.on_state(letter.answer);
      poll_at_ = clock_.now().mono + (progress_.lost() ? kTick : Milliseconds(0));
      break;
    case Asked::kOnce: break;
  }
}

void Session::follow() {
  start_connect();
  start_poll();
  while (!progress_.over()) {
    show();
    const Signals::Taken signal = wait(kTick);
    if (signal == Signals::Taken::kStop) {
      stopped_ = true;
      return;
    }
    if (signal == Signals::Taken::kResized && block_) block_->forget_what_is_shown();
    while (auto letter = mailbox_.take()) on_letter(*letter);
    if (progress_.over()) return;
    if (progress_.take_wish_for_code()) start_connect();
    if (progress_.take_wish_for_passkey()) start(Asked::kPasskey, {.path = path("/passkey")});
    if (progress_.take_doubt()) start(Asked::kLook, {.path = path()});
    if (poll_at_ && *poll_at_ <= clock_.now().mono) start_poll();
  }
}

void Session::show() {
  const Mono now = clock_.now().mono;
  const LinkView& view = progress_.view();
  if (block_) return block_->show(draw_link(screen_, view, terminal_size(), now));
  const std::string what = std::to_string(static_cast<int>(view.stage)) + view.code + view.passkey_stage;
  if (std::exchange(said_, what) != what) write_out(plain_link(screen_, view, now));
}

int Session::finish() {
  const bool live = block_.has_value();
  if (block_) block_->show({});
  block_.reset();
  if (stopped_) {
    std::fputs(kStopped, stderr);
    return kFailed;
  }
  LinkView view = progress_.view();
  if (failure_) {
    view.stage = LinkView::Stage::kFailed;
    view.cause = failure_->cause;
    view.details = failure_->details;
    view.retry_at = failure_->retry_at;
  }
  std::string text;
  for (const std::string& line : link_result(screen_, view, live ? terminal_size().columns : kUnwrapped))
    text += line + "\n";
  if (view.stage == LinkView::Stage::kLinked) {
    write_out(text);
    return kOk;
  }
  std::fputs(text.c_str(), stderr);
  return kFailed;
}

int Session::run() {
  if (!find_or_make() || progress_.over()) return finish();
  if (output_is_terminal()) block_.emplace();
  follow();
  return finish();
}

}  // namespace

int run_link(const LinkRequest& request, SecretBytes token, Signals& signals) {
  return Session(request, std::move(token), signals).run();
}

}  // namespace ponte::tool
