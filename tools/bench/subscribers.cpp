// bench_subscribers: many clients that follow the events of one instance at once, on one thread. How many events each
// got, and how long one event takes from the first of them to the last.
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "bench/event_counter.h"
#include "bench/poller.h"

namespace ponte::bench {
namespace {

constexpr const char* kAbout =
    R"(Opens --count connections to an instance's events on 127.0.0.1, all first, then asks on each for the stream.
Prints READY when every one of them is open. Ends when each has had so many events as --events or a line on
standard input says, when that input ends, or after --seconds; then prints one line of JSON:
  subscribers, dropped (connections that the server has closed), events (that all who are left have had),
  deliveries (all together), openSeconds (from the first request to the last answer), seconds (from the first
  request to the last event), activeSeconds (from the first event to the last), spreadMs (p50, p99, max: of one event
  from its first receiver to its last; all are counted in order from when they came) and cpuSeconds.
Exits 1 where a connection does not open.)";

struct Options {
  std::uint16_t port = 0;
  std::string path;
  std::vector<std::string> headers;
  std::size_t count = 1000;
  bool websocket = false;
  std::optional<std::size_t> events;
  double seconds = 120;
};

/// One connection.
struct Client {
  UniqueFd fd;
  std::string head;  ///< of the answer, until it is whole
  bool open = false;
  std::size_t events = 0;
  SseCounter sse;
  FrameCounter frames;
};

/// When the first and the last client had the event of one place in the order.
struct Arrival {
  double first = 0;
  double last = 0;
};

class Subscribers {
 public:
  explicit Subscribers(Options options)
      : options_(std::move(options)), wanted_(options_.events), clients_(options_.count) {}

  void open();
  void run();
  nlohmann::ordered_json report() const;

 private:
  static constexpr std::uint64_t kStandardInput = std::numeric_limits<std::uint64_t>::max();

  std::string request() const;
  void read_wanted();
  void on_readable(Client& client);
  std::string_view after_head(Client& client, std::string_view bytes);
  void on_bytes(Client& client, std::string_view bytes);
  void count(Client& client, std::size_t events);
  void answer_pings(Client& client);
  void lose(Client& client);
  bool done() const;

  const Options options_;
  std::optional<std::size_t> wanted_;  ///< events of each
  Poller poller_;
  std::vector<Client> clients_;
  std::vector<Arrival> arrivals_;  ///< by the event's place in the order, the same for all
  std::vector<char> buffer_ = std::vector<char>(256 * 1024);
  std::size_t open_ = 0;
  std::size_t dropped_ = 0;
  std::size_t deliveries_ = 0;
  bool input_ended_ = false;
  double now_ = 0;  ///< of what was read last
  double asked_ = 0;
  double opened_ = 0;
};

std::string Subscribers::request() const {
  std::string text = "GET " + options_.path + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(options_.port) + "\r\n";
  for (const std::string& header : options_.headers) text += header + "\r\n";
  // Any key does: what is answered to it is not looked at.
  if (options_.websocket) {
    text +=
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  }
  return text + "\r\n";
}

void Subscribers::open() {
  if (!wanted_) poller_.add(STDIN_FILENO, kStandardInput);
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    clients_[i].fd = connect_to(options_.port);
    poller_.add(clients_[i].fd.get(), i);
  }
  const std::string text = request();
  asked_ = now_seconds();
  for (const Client& client : clients_) {
    if (::send(client.fd.get(), text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size()))
      fail("send");
  }
}

void Subscribers::run() {
  const double deadline = now_seconds() + options_.seconds;
  while (!done()) {
    const double left = deadline - now_seconds();
    if (left <= 0) break;
    for (const epoll_event& event : poller_.wait(static_cast<int>(std::min(left, 1.0) * 1000) + 1)) {
      event.data.u64 == kStandardInput ? read_wanted() : on_readable(clients_[event.data.u64]);
    }
  }
  if (open_ + dropped_ < options_.count) {
    throw std::runtime_error("expected " + std::to_string(options_.count) + " open connections, got " +
                             std::to_string(open_));
  }
}

/// A line with the number of events that each is to get.
void Subscribers::read_wanted() {
  const ssize_t size = ::read(STDIN_FILENO, buffer_.data(), buffer_.size());
  std::size_t wanted = 0;
  if (size <= 0 || std::from_chars(buffer_.data(), buffer_.data() + size, wanted).ec != std::errc()) {
    input_ended_ = true;
  } else {
    wanted_ = wanted;
  }
}

void Subscribers::on_readable(Client& client) {
  if (!client.fd) return;
  const ssize_t size = ::recv(client.fd.get(), buffer_.data(), buffer_.size(), 0);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (size <= 0) return lose(client);
  now_ = now_seconds();
  std::string_view bytes(buffer_.data(), static_cast<std::size_t>(size));
  if (!client.open) bytes = after_head(client, bytes);
  if (client.open) on_bytes(client, bytes);
}

/// What is behind the answer's head, in `bytes`.
std::string_view Subscribers::after_head(Client& client, std::string_view bytes) {
  constexpr std::string_view kEnd = "\r\n\r\n";
  const std::size_t before = client.head.size();
  client.head += bytes;
  const std::size_t end = client.head.find(kEnd);
  if (end == std::string::npos) return {};
  const std::string expected = options_.websocket ? "HTTP/1.1 101" : "HTTP/1.1 200";
  if (!client.head.starts_with(expected)) {
    throw std::runtime_error("expected " + expected + ", got " + client.head.substr(0, 500));
  }
  bytes.remove_prefix(end + kEnd.size() - before);
  client.head = {};
  client.open = true;
  if (++open_ == options_.count) {
    opened_ = now_;
    std::puts("READY");
    std::fflush(stdout);
  }
  return bytes;
}

void Subscribers::on_bytes(Client& client, std::string_view bytes) {
  if (!options_.websocket) return count(client, client.sse.feed(bytes));
  count(client, client.frames.feed(bytes));
  answer_pings(client);
  if (client.frames.closed()) lose(client);
}

void Subscribers::count(Client& client, std::size_t events) {
  for (; events > 0; --events) {
    if (client.events == arrivals_.size()) arrivals_.push_back({now_, now_});
    arrivals_[client.events++].last = now_;
    ++deliveries_;
  }
}

/// Whoever is silent for a minute is closed.
void Subscribers::answer_pings(Client& client) {
  constexpr char kPong[] = {'\x8a', '\x80', 0, 0, 0, 0};  // no payload, masked with zeros
  for (std::size_t pings = client.frames.take_pings(); pings > 0; --pings) {
    (void)::send(client.fd.get(), kPong, sizeof kPong, MSG_NOSIGNAL);
  }
}

void Subscribers::lose(Client& client) {
  if (!client.open) throw std::runtime_error("a connection ended before it was open; got " + client.head);
  client.fd.reset();
  --open_;
  ++dropped_;
}

bool Subscribers::done() const {
  if (input_ended_) return true;
  if (!wanted_ || open_ + dropped_ < options_.count) return false;
  return std::ranges::all_of(clients_, [this](const Client& each) { return !each.fd || each.events >= *wanted_; });
}

nlohmann::ordered_json Subscribers::report() const {
  std::size_t complete = std::numeric_limits<std::size_t>::max();
  for (const Client& client : clients_) {
    if (client.fd) complete = std::min(complete, client.events);
  }
  if (open_ == 0) complete = 0;
  std::vector<double> spreads;
  double last = asked_;
  for (std::size_t i = 0; i < arrivals_.size(); ++i) {
    if (i < complete) spreads.push_back((arrivals_[i].last - arrivals_[i].first) * 1e3);
    last = std::max(last, arrivals_[i].last);
  }
  std::ranges::sort(spreads);
  const auto quantile = [&](double share) {
    return spreads.empty() ? 0 : spreads[static_cast<std::size_t>(share * static_cast<double>(spreads.size() - 1))];
  };
  return {{"subscribers", options_.count},
          {"dropped", dropped_},
          {"events", complete},
          {"deliveries", deliveries_},
          {"openSeconds", opened_ - asked_},
          {"seconds", last - asked_},
          {"activeSeconds", arrivals_.empty() ? 0 : last - arrivals_.front().first},
          {"spreadMs", {{"p50", quantile(0.5)}, {"p99", quantile(0.99)}, {"max", quantile(1)}}},
          {"cpuSeconds", cpu_seconds()}};
}

}  // namespace
}  // namespace ponte::bench

int main(int argc, char** argv) {
  using namespace ponte;  // NOLINT(google-build-using-namespace)
  try {
    bench::Options options;
    CLI::App cli(bench::kAbout, "bench_subscribers");
    cli.add_option("--port", options.port)->required()->check(CLI::Range(1, 65'535));
    cli.add_option("--path", options.path, "of the stream, with its query")->required();
    cli.add_option("--header", options.headers, "of each request, as \"name: value\"; may be repeated");
    cli.add_option("--count", options.count, "connections")->check(CLI::Range(1, 20'000))->capture_default_str();
    cli.add_flag("--websocket", options.websocket, "a WebSocket; else Server-Sent Events");
    cli.add_option("--events", options.events, "of each; without it standard input says so");
    cli.add_option("--seconds", options.seconds, "to live at most")->check(CLI::Range(1, 3'600))->capture_default_str();
    CLI11_PARSE(cli, argc, argv);
    bench::Subscribers subscribers(std::move(options));
    subscribers.open();
    subscribers.run();
    std::printf("%s\n", subscribers.report().dump().c_str());
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "bench_subscribers: %s\n", problem.what());
    return 1;
  }
  return 0;
}
