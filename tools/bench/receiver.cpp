// bench_receiver: a receiver of webhooks that answers at once, on one thread, and counts.
#include <sys/socket.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "bench/poller.h"

namespace ponte::bench {
namespace {

constexpr const char* kAbout =
    R"(Listens on a port of 127.0.0.1 and answers every request with 200 and no body, at once, over connections that
stay open. Prints READY when it listens. Ends after --requests or --seconds; then prints one line of JSON:
  requests, connections (that were opened), activeSeconds (from the first request to the last), gapMs (p50, p99 of the
  time between one request and the next, whoever sent it) and cpuSeconds.)";

/// Bytes of the first request in `text`, body included; nullopt while it is not whole. Only Content-Length counts.
std::optional<std::size_t> request_size(std::string_view text) {
  constexpr std::string_view kEnd = "\r\n\r\n";
  constexpr std::string_view kLength = "\r\nContent-Length: ";  // as libcurl writes it
  const std::size_t end = text.find(kEnd);
  if (end == std::string_view::npos) return std::nullopt;
  std::size_t length = 0;
  if (const std::size_t at = text.substr(0, end).find(kLength); at != std::string_view::npos) {
    std::from_chars(text.data() + at + kLength.size(), text.data() + end, length);
  }
  const std::size_t size = end + kEnd.size() + length;
  return size <= text.size() ? std::optional(size) : std::nullopt;
}

class Receiver {
 public:
  Receiver(std::uint16_t port, std::size_t wanted) : wanted_(wanted), listener_(listen_on(port)) {
    poller_.add(listener_.get(), kListener);
    times_.reserve(wanted);
  }

  void run(double seconds);
  nlohmann::ordered_json report() const;

 private:
  static constexpr std::uint64_t kListener = 0;
  struct Client {
    UniqueFd fd;
    std::string received;
  };

  void accept_one();
  void on_readable(std::uint64_t id);

  const std::size_t wanted_;
  UniqueFd listener_;
  Poller poller_;
  std::map<std::uint64_t, Client> clients_;
  std::uint64_t accepted_ = 0;
  std::vector<double> times_;  ///< of the requests
};

void Receiver::run(double seconds) {
  const double deadline = now_seconds() + seconds;
  while (times_.size() < wanted_) {
    const double left = deadline - now_seconds();
    if (left <= 0) return;
    for (const epoll_event& event : poller_.wait(static_cast<int>(std::min(left, 1.0) * 1000) + 1)) {
      event.data.u64 == kListener ? accept_one() : on_readable(event.data.u64);
    }
  }
}

void Receiver::accept_one() {
  UniqueFd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!fd) return;
  poller_.add(fd.get(), ++accepted_);
  clients_[accepted_].fd = std::move(fd);
}

void Receiver::on_readable(std::uint64_t id) {
  constexpr std::string_view kAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  const auto found = clients_.find(id);
  if (found == clients_.end()) return;
  Client& client = found->second;
  char buffer[16 * 1024];
  const ssize_t size = ::recv(client.fd.get(), buffer, sizeof buffer, 0);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (size <= 0) {
    clients_.erase(found);
    return;
  }
  client.received.append(buffer, static_cast<std::size_t>(size));
  while (const auto whole = request_size(client.received)) {
    client.received.erase(0, *whole);
    times_.push_back(now_seconds());
    if (::send(client.fd.get(), kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL) < 0) fail("send");
  }
}

nlohmann::ordered_json Receiver::report() const {
  std::vector<double> gaps;
  for (std::size_t i = 1; i < times_.size(); ++i) gaps.push_back((times_[i] - times_[i - 1]) * 1e3);
  std::ranges::sort(gaps);
  const auto quantile = [&](double share) {
    return gaps.empty() ? 0 : gaps[static_cast<std::size_t>(share * static_cast<double>(gaps.size() - 1))];
  };
  return {{"requests", times_.size()},
          {"connections", accepted_},
          {"activeSeconds", times_.empty() ? 0 : times_.back() - times_.front()},
          {"gapMs", {{"p50", quantile(0.5)}, {"p99", quantile(0.99)}}},
          {"cpuSeconds", cpu_seconds()}};
}

}  // namespace
}  // namespace ponte::bench

int main(int argc, char** argv) {
  using namespace ponte;  // NOLINT(google-build-using-namespace)
  try {
    std::uint16_t port = 0;
    std::size_t requests = 0;
    double seconds = 120;
    CLI::App cli(bench::kAbout, "bench_receiver");
    cli.add_option("--port", port)->required()->check(CLI::Range(1, 65'535));
    cli.add_option("--requests", requests, "after which it ends")->required()->check(CLI::Range(1, 10'000'000));
    cli.add_option("--seconds", seconds, "to live at most")->check(CLI::Range(1, 3'600))->capture_default_str();
    CLI11_PARSE(cli, argc, argv);
    bench::Receiver receiver(port, requests);
    std::puts("READY");
    std::fflush(stdout);
    receiver.run(seconds);
    std::printf("%s\n", receiver.report().dump().c_str());
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "bench_receiver: %s\n", problem.what());
    return 1;
  }
  return 0;
}
