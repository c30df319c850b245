#include "net/event_loop.h"

#include <pthread.h>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <string>
#include <thread>

#include "base/log.h"

namespace ponte::net {
namespace {

constexpr std::size_t kThreadNameLimit = 15;

void log_exception(const std::string& loop, std::exception_ptr thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& exception) {
    log::error("net", "a task of loop " + loop + " threw: " + exception.what());
  } catch (...) {
    log::error("net", "a task of loop " + loop + " threw something that is no std::exception");
  }
}

class LoopTimer final : public Timer {
 public:
  LoopTimer(asio::io_context& context, Milliseconds delay, Task task) : state_(std::make_shared<State>(context)) {
    state_->task = std::move(task);
    state_->timer.expires_after(delay);
    state_->timer.async_wait([state = state_](const std::error_code& error) {
      // An expiry that is already queued comes without an error although the timer was cancelled.
      if (error || !state->task) return;
      Task due = std::move(state->task);
      due();
    });
  }
  ~LoopTimer() override {
    Task cancelled = std::move(state_->task);
    state_->timer.cancel();
  }

 private:
  // Shared with the pending wait, which outlives the timer by one turn of the loop.
  struct State {
    explicit State(asio::io_context& context) : timer(context) {}
    asio::steady_timer timer;
    Task task;
  };
  std::shared_ptr<State> state_;
};

// Tells a waiting thread that a task has run, or was destroyed without having run.
class Signal {
 public:
  void raise() {
    const std::lock_guard lock(mutex_);
    raised_ = true;
    condition_.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    condition_.wait(lock, [this] { return raised_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable condition_;
  bool raised_ = false;
};

class RaiseOnDestruction {
 public:
  explicit RaiseOnDestruction(Signal& signal) : signal_(&signal) {}
  RaiseOnDestruction(RaiseOnDestruction&& other) noexcept : signal_(std::exchange(other.signal_, nullptr)) {}
  RaiseOnDestruction& operator=(RaiseOnDestruction&&) = delete;
  ~RaiseOnDestruction() {
    if (signal_) signal_->raise();
  }

 private:
  Signal* signal_;
};

}  // namespace

// A queue of our own, so that stop() can destroy what has not run and posts survive the loop.
struct EventLoop::Mailbox final : LoopPoster::Mailbox, std::enable_shared_from_this<EventLoop::Mailbox> {
  void post(Task task) override;
  void drain();
  void close();

  std::string name;
  std::mutex mutex;                     // guards the three below
  asio::io_context* context = nullptr;  // null once the loop has stopped
  std::deque<Task> tasks;
  bool drain_scheduled = false;
};

void EventLoop::Mailbox::post(Task task) {
  const std::lock_guard lock(mutex);
  if (!context) return;  // `task` is a parameter: it is destroyed after the lock
  tasks.push_back(std::move(task));
  if (std::exchange(drain_scheduled, true)) return;
  asio::post(*context, [self = shared_from_this()] { self->drain(); });
}

void EventLoop::Mailbox::drain() {
  std::deque<Task> batch;
  {
    const std::lock_guard lock(mutex);
    batch.swap(tasks);
    drain_scheduled = false;
  }
  while (!batch.empty()) {
    Task task = std::move(batch.front());
    batch.pop_front();
    try {
      task();
    } catch (...) {
      log_exception(name, std::current_exception());
    }
  }
}

void EventLoop::Mailbox::close() {
  std::deque<Task> dropped;  // destroyed outside the lock: a task's destructor may post
  const std::lock_guard lock(mutex);
  context = nullptr;
  dropped.swap(tasks);
}

struct EventLoop::Impl {
  explicit Impl(const char* name) : context(1), work(context.get_executor()) {
    mailbox->name = name;
    mailbox->context = &context;
  }

  void run();

  asio::io_context context;
  asio::executor_work_guard<asio::io_context::executor_type> work;
  std::shared_ptr<Mailbox> mailbox = std::make_shared<Mailbox>();
  std::thread thread;
  std::thread::id thread_id;
};

void EventLoop::Impl::run() {
  for (;;) {
    try {
      context.run();
      return;
    } catch (...) {
      log_exception(mailbox->name, std::current_exception());
    }
  }
}

EventLoop::EventLoop(const char* name) : impl_(std::make_unique<Impl>(name)) {
  Signal started;
  impl_->thread = std::thread([this, &started] {
    pthread_setname_np(pthread_self(), impl_->mailbox->name.substr(0, kThreadNameLimit).c_str());
    impl_->thread_id = std::this_thread::get_id();
    started.raise();
    impl_->run();
  });
  started.wait();
}

EventLoop::~EventLoop() {
  stop();
}

void EventLoop::post(Task task) {
  impl_->mailbox->post(std::move(task));
}

LoopPoster EventLoop::poster() const {
  return LoopPoster(impl_->mailbox);
}

void EventLoop::run_and_wait(Task task) {
  Signal done;
  post([task = std::move(task), on_end = RaiseOnDestruction(done)]() mutable { task(); });
  done.wait();
}

std::unique_ptr<Timer> EventLoop::after(Milliseconds delay, Task task) {
  return std::make_unique<LoopTimer>(impl_->context, delay, std::move(task));
}

bool EventLoop::in_loop_thread() const {
  return std::this_thread::get_id() == impl_->thread_id;
}

asio::io_context& EventLoop::context() {
  return impl_->context;
}

void EventLoop::stop() {
  impl_->context.stop();
  if (impl_->thread.joinable()) impl_->thread.join();
  impl_->mailbox->close();
}

}  // namespace ponte::net
