#include "ponte/common/terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

namespace ponte::tool {
namespace {

constexpr std::size_t kLongestSecret = 1024;

constexpr const char* kControllingTerminal = "/dev/tty";

bool environment_has(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

Error cancelled() {
  return {Errc::kCancelled, Cause::kSuperseded, "interrupted"};
}

/// A terminal without echo, for as long as this lives.
class Unechoed {
 public:
  explicit Unechoed(const char* path) : descriptor_(::open(path, O_RDWR | O_CLOEXEC | O_NOCTTY)) {
    if (descriptor_ < 0 || ::tcgetattr(descriptor_, &before_) != 0) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHONL);
    changed_ = ::tcsetattr(descriptor_, TCSANOW, &silent) == 0;
  }
  ~Unechoed() {
    if (changed_) ::tcsetattr(descriptor_, TCSADRAIN, &before_);
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Unechoed(const Unechoed&) = delete;
  Unechoed& operator=(const Unechoed&) = delete;

  bool usable() const { return changed_; }
  int descriptor() const { return descriptor_; }
  void say(std::string_view text) const { (void)!::write(descriptor_, text.data(), text.size()); }

 private:
  int descriptor_;
  termios before_{};
  bool changed_ = false;
};

}  // namespace

bool output_is_terminal() {
  const char* kind = std::getenv("TERM");
  return ::isatty(STDOUT_FILENO) == 1 && kind != nullptr && *kind != '\0' && std::string_view(kind) != "dumb";
}

bool output_takes_colours() {
  return output_is_terminal() && !environment_has("NO_COLOR");
}

TerminalSize terminal_size() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) return {};
  return {size.ws_col, size.ws_row};
}

Signals::Signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGWINCH}) sigaddset(&set, signal);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  descriptor_ = ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

Signals::~Signals() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Signals::Taken Signals::take() {
  signalfd_siginfo what{};
  Taken taken = Taken::kNothing;
  while (::read(descriptor_, &what, sizeof what) == static_cast<ssize_t>(sizeof what)) {
    if (what.ssi_signo != SIGWINCH) return Taken::kStop;
    taken = Taken::kResized;
  }
  return taken;
}

Result<SecretBytes> ask_secret(const std::string& prompt, Signals& signals) {
  const Unechoed terminal(kControllingTerminal);
  if (!terminal.usable()) return Error{Errc::kInvalidArgument, Cause::kInvalidToken, "there is no terminal to ask on"};
  terminal.say(prompt);
  SecretBytes text{Bytes(kLongestSecret)};
  for (;;) {
    pollfd ready[2] = {{terminal.descriptor(), POLLIN, 0}, {signals.descriptor(), POLLIN, 0}};
    if (::poll(ready, 2, -1) < 0 && errno != EINTR) break;
    if (signals.take() == Signals::Taken::kStop) break;
    if ((ready[0].revents & (POLLIN | POLLHUP | POLLERR)) == 0) continue;
    // A terminal hands over whole lines.
    const ssize_t count = ::read(terminal.descriptor(), text.mutable_view().data(), kLongestSecret);
    terminal.say("\n");
    if (count <= 0) break;
    return SecretBytes(to_bytes(text.view().first(static_cast<std::size_t>(count))));
  }
  return cancelled();
}

void write_out(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

std::string replacement(const std::vector<std::string>& before, const std::vector<std::string>& after) {
  std::string out;
  const auto up = [&out](std::size_t lines) {
    if (lines > 0) out += "\x1b[" + std::to_string(lines) + "A";
  };
  if (before.size() != after.size()) {
    up(before.size());
    out += "\r\x1b[J";
    for (const std::string& line : after) out += line + "\r\n";
    return out;
  }
  for (std::size_t i = 0; i < after.size(); ++i) {
    if (before[i] == after[i]) continue;
    const std::size_t distance = after.size() - i;
    up(distance);
    out += "\r" + after[i] + "\x1b[K\r\x1b[" + std::to_string(distance) + "B";
  }
  return out;
}

struct LiveBlock::Keyboard {
  Unechoed unechoed{kControllingTerminal};
};

LiveBlock::LiveBlock() : keyboard_(std::make_unique<Keyboard>()) {
  write_out("\x1b[?25l");
}

LiveBlock::~LiveBlock() {
  write_out("\x1b[0m\x1b[?25h");
}

void LiveBlock::show(std::vector<std::string> lines) {
  std::string out;
  if (std::exchange(stale_, false)) {
    out = replacement(lines_, {});
    lines_.clear();
  }
  out += replacement(lines_, lines);
  write_out(out);
  lines_ = std::move(lines);
}

}  // namespace ponte::tool
