#include "ponte/passphrase.h"

#include <fcntl.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "crypto/compare.h"
#include "portable/files.h"
#include "store/data_directory.h"

namespace ponte::tool {
namespace {

constexpr std::size_t kShortest = 8;
constexpr std::size_t kLongest = 1024;

Error refused(std::string what) {
  return {Errc::kInvalidArgument, Cause::kInvalidField, std::move(what)};
}

volatile sig_atomic_t interrupted_by = 0;

void note_signal(int signal) {
  interrupted_by = signal;
}

/// Signals that would end the process are noted for as long as this lives, and end it afterwards: a terminal is not
/// left silent behind.
class HeldSignals {
 public:
  HeldSignals() {
    struct sigaction note {};
    note.sa_handler = note_signal;  // without SA_RESTART: reading ends
    for (std::size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &note, &before_[i]);
  }
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;
  ~HeldSignals() {
    for (std::size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &before_[i], nullptr);
    if (interrupted_by != 0) ::raise(interrupted_by);
  }

 private:
  static constexpr std::array kSignals{SIGINT, SIGTERM, SIGHUP, SIGQUIT};
  std::array<struct sigaction, kSignals.size()> before_{};
};

/// One line, without its end. Read byte by byte: what comes behind is somebody else's.
Result<SecretBytes> read_line(int fd) {
  Bytes line;
  line.reserve(kLongest + 2);  // never grows, and so leaves no copies
  for (std::uint8_t byte = 0; line.size() <= kLongest;) {
    const ssize_t got = ::read(fd, &byte, 1);
    if (got < 0 && errno == EINTR && interrupted_by == 0) continue;
    if (got < 0) return store::file_error("cannot read the passphrase", errno);
    if (got == 0 || byte == '\n') break;
    line.push_back(byte);
  }
  if (!line.empty() && line.back() == '\r') line.pop_back();
  return SecretBytes(std::move(line));
}

/// The terminal, which shows nothing of what is typed for as long as this lives.
class SilentTerminal {
 public:
  explicit SilentTerminal(int fd) : fd_(fd) {
    silent_ = ::tcgetattr(fd, &before_) == 0;
    if (!silent_) return;
    termios now = before_;
    now.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    now.c_lflag |= ECHONL;
    silent_ = ::tcsetattr(fd, TCSAFLUSH, &now) == 0;
  }
  SilentTerminal(const SilentTerminal&) = delete;
  SilentTerminal& operator=(const SilentTerminal&) = delete;
  ~SilentTerminal() {
    if (silent_) ::tcsetattr(fd_, TCSAFLUSH, &before_);
  }
  bool silent() const { return silent_; }

 private:
  int fd_;
  termios before_{};
  bool silent_ = false;
};

Result<SecretBytes> ask(int terminal, std::string_view question) {
  const HeldSignals held;  // first: they end the process once the terminal is as it was
  const SilentTerminal silent(terminal);
  if (!silent.silent())
    return refused("the terminal cannot be kept from showing the passphrase: use --passphrase-file");
  if (::write(terminal, question.data(), question.size()) < 0) return store::file_error("cannot ask", errno);
  return read_line(terminal);
}

Result<SecretBytes> ask_at_terminal(Asked asked) {
  const portable::Descriptor terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
  if (terminal.get() < 0) return refused("there is no terminal to ask for the passphrase: use --passphrase-file");
  PONTE_ASSIGN(SecretBytes first, ask(terminal.get(), "Passphrase: "));
  if (asked == Asked::kOnce) return first;
  PONTE_ASSIGN(const SecretBytes second, ask(terminal.get(), "The same again: "));
  if (!crypto::equal_constant_time(first.view(), second.view())) return refused("the two passphrases differ");
  return first;
}

Result<SecretBytes> read_from(const std::string& file) {
  if (file == "-") return read_line(STDIN_FILENO);
  const portable::Descriptor opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (opened.get() < 0) return store::file_error("cannot open " + file, errno);
  return read_line(opened.get());
}

}  // namespace

Result<SecretBytes> read_passphrase(const std::string& file, Asked asked) {
  PONTE_ASSIGN(SecretBytes passphrase, file.empty() ? ask_at_terminal(asked) : read_from(file));
  const std::size_t size = passphrase.view().size();
  if (size >= kShortest && size <= kLongest) return passphrase;
  return refused("expected a passphrase of 8 to 1024 bytes, got " +
                 (size > kLongest ? "a longer one" : std::to_string(size)));
}

}  // namespace ponte::tool
