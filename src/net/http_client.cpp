#include "net/http_client.h"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/log.h"
#include "net/http_client_transfer.h"

namespace ponte::net {
namespace {

using SteadyClock = std::chrono::steady_clock;

// Connections left open for kept requests.
constexpr long kMaxKept = HttpClient::kMaxInFlight;
// libcurl wakes up by itself for what it has to do, and fetch() wakes it.
constexpr Milliseconds kIdle{3'600'000};

struct FreeMulti {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};

// What a caller's receiver throws ends neither the thread nor the other requests.
template <typename Function>
void guarded(Function function) {
  try {
    function();
  } catch (const std::exception& exception) {
    log::error("net", std::string("the receiver of an HTTP answer threw: ") + exception.what());
  } catch (...) {
    log::error("net", "the receiver of an HTTP answer threw something that is no std::exception");
  }
}

Error shutting_down() {
  return {Errc::kCancelled, Cause::kShuttingDown, "the HTTP client is shutting down"};
}

Error cancelled() {
  return {Errc::kCancelled, Cause::kSuperseded, "the HTTP request was cancelled"};
}

}  // namespace

struct HttpClient::Impl {
  struct Queued {
    std::unique_ptr<HttpTransfer> transfer;
    HttpTicket ticket;
    SteadyClock::time_point deadline;
  };
  struct InFlight {
    std::unique_ptr<HttpTransfer> transfer;
    HttpTicket ticket;
  };

  Result<HttpTicket> enqueue(std::unique_ptr<HttpTransfer>& transfer);
  Status start_thread();
  void stop();

  // The client's thread.
  void run();
  bool take_queued();
  void end_cancelled(const std::vector<HttpTicket>& tickets);
  void begin(Queued queued);
  bool collect_finished();
  Milliseconds patience();

  std::mutex mutex;  // guards the four below
  std::deque<Queued> queue;
  std::vector<HttpTicket> unwanted;
  HttpTicket last_ticket = 0;
  bool stopping = false;
  // Made by the first request, under the mutex; then used by the thread, except for its wakeup.
  std::unique_ptr<CURLM, FreeMulti> multi;
  std::unordered_map<CURL*, InFlight> in_flight;
  std::thread thread;
};

Status HttpClient::Impl::start_thread() {
  // Never undone: look-ups that hang may outlive the client.
  static const CURLcode initialized = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (initialized == CURLE_OK) multi.reset(curl_multi_init());
  if (!multi) return Error{Errc::kInternal, Cause::kHttpFailed, "libcurl cannot be set up"};
  curl_multi_setopt(multi.get(), CURLMOPT_MAXCONNECTS, kMaxKept);
  thread = std::thread([this] { run(); });
  return Status::Ok();
}

Result<HttpTicket> HttpClient::Impl::enqueue(std::unique_ptr<HttpTransfer>& transfer) {
  const std::lock_guard lock(mutex);
  if (stopping) return shutting_down();
  if (queue.size() >= kMaxQueued)
    return Error{Errc::kUnavailable, Cause::kOverloaded, "too many HTTP requests are waiting"};
  if (!multi) PONTE_TRY(start_thread());
  const auto deadline = SteadyClock::now() + transfer->timeout();
  queue.push_back({std::move(transfer), ++last_ticket, deadline});
  curl_multi_wakeup(multi.get());
  return last_ticket;
}

void HttpClient::Impl::run() {
  pthread_setname_np(pthread_self(), "http");
  // TLS writes to sockets whose peer may be gone, and libcurl was told to leave signals alone.
  sigset_t broken_pipe;
  sigemptyset(&broken_pipe);
  sigaddset(&broken_pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
  while (take_queued()) {
    int running = 0;
    curl_multi_perform(multi.get(), &running);
    // Who finished made room for who is queued.
    if (collect_finished()) continue;
    curl_multi_poll(multi.get(), nullptr, 0, static_cast<int>(patience().count()), nullptr);
  }
}

// False when it is time to end.
bool HttpClient::Impl::take_queued() {
  std::deque<Queued> overdue, dropped, next;
  std::vector<HttpTicket> tickets;
  {
    const std::lock_guard lock(mutex);
    if (stopping) return false;
    const auto now = SteadyClock::now();
    tickets = std::exchange(unwanted, {});
    const auto wanted = std::stable_partition(queue.begin(), queue.end(), [&](const Queued& entry) {
      return std::find(tickets.begin(), tickets.end(), entry.ticket) != tickets.end();
    });
    std::move(queue.begin(), wanted, std::back_inserter(dropped));
    queue.erase(queue.begin(), wanted);
    const auto waits =
        std::stable_partition(queue.begin(), queue.end(), [&](const Queued& entry) { return entry.deadline <= now; });
    std::move(queue.begin(), waits, std::back_inserter(overdue));
    queue.erase(queue.begin(), waits);
    while (!queue.empty() && in_flight.size() + next.size() < kMaxInFlight) {
      next.push_back(std::move(queue.front()));
      queue.pop_front();
    }
  }
  end_cancelled(tickets);
  for (Queued& entry : dropped) guarded([&] { entry.transfer->fail(cancelled()); });
  for (Queued& entry : overdue) guarded([&] { entry.transfer->fail(entry.transfer->overdue()); });
  for (Queued& entry : next) begin(std::move(entry));
  return true;
}

void HttpClient::Impl::end_cancelled(const std::vector<HttpTicket>& tickets) {
  for (const HttpTicket ticket : tickets) {
    const auto found = std::find_if(in_flight.begin(), in_flight.end(),
                                    [ticket](const auto& entry) { return entry.second.ticket == ticket; });
    if (found == in_flight.end()) continue;
    const InFlight ended = std::move(found->second);
    curl_multi_remove_handle(multi.get(), found->first);
    in_flight.erase(found);
    guarded([&] { ended.transfer->fail(cancelled()); });
  }
}

void HttpClient::Impl::begin(Queued queued) {
  const auto left = std::chrono::duration_cast<Milliseconds>(queued.deadline - SteadyClock::now());
  Status prepared = queued.transfer->prepare(left);
  CURL* const handle = queued.transfer->handle();
  if (prepared.ok() && curl_multi_add_handle(multi.get(), handle) != CURLM_OK)
    prepared = Error{Errc::kInternal, Cause::kHttpFailed, "libcurl does not take an HTTP request"};
  if (!prepared.ok()) return guarded([&] { queued.transfer->fail(std::move(prepared).error()); });
  in_flight.emplace(handle, InFlight{std::move(queued.transfer), queued.ticket});
}

bool HttpClient::Impl::collect_finished() {
  bool any = false;
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode code = message->data.result;
    auto entry = in_flight.extract(message->easy_handle);
    curl_multi_remove_handle(multi.get(), entry.key());  // the message goes with it
    guarded([&] { entry.mapped().transfer->finish(code); });
    any = true;
  }
  return any;
}

// Until a queued request's time is over.
Milliseconds HttpClient::Impl::patience() {
  const std::lock_guard lock(mutex);
  if (queue.empty()) return kIdle;
  const auto first = std::min_element(queue.begin(), queue.end(), [](const Queued& left, const Queued& right) {
    return left.deadline < right.deadline;
  });
  const auto left = std::chrono::ceil<Milliseconds>(first->deadline - SteadyClock::now());
  return std::clamp(left, Milliseconds(0), kIdle);
}

void HttpClient::Impl::stop() {
  {
    const std::lock_guard lock(mutex);
    stopping = true;
    if (multi) curl_multi_wakeup(multi.get());
  }
  if (thread.joinable()) thread.join();
  for (auto& [handle, entry] : in_flight) {
    curl_multi_remove_handle(multi.get(), handle);
    guarded([&, &transfer = *entry.transfer] { transfer.fail(shutting_down()); });
  }
  in_flight.clear();
  for (Queued& entry : queue) guarded([&] { entry.transfer->fail(shutting_down()); });
  queue.clear();
}

HttpClient::HttpClient() : impl_(std::make_unique<Impl>()) {}

HttpClient::~HttpClient() {
  impl_->stop();
}

HttpTicket HttpClient::fetch(HttpRequest request, Reply<HttpReply> reply) {
  if (Status usable = check_http_request(request); !usable.ok()) {
    reply.answer(std::move(usable).error());
    return 0;
  }
  auto transfer = std::make_unique<HttpTransfer>(std::move(request), std::move(reply));
  auto accepted = impl_->enqueue(transfer);
  if (accepted.ok()) return *accepted;
  transfer->fail(std::move(accepted).error());
  return 0;
}

void HttpClient::cancel(HttpTicket ticket) {
  if (ticket == 0) return;
  const std::lock_guard lock(impl_->mutex);
  impl_->unwanted.push_back(ticket);
  if (impl_->multi) curl_multi_wakeup(impl_->multi.get());
}

}  // namespace ponte::net
