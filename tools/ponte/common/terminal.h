// The terminal that the tool runs in.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"

namespace ponte::tool {

struct TerminalSize {
  std::size_t columns = 80;
  std::size_t rows = 24;
};

/// Whether standard output is a terminal that knows cursor movements.
bool output_is_terminal();
/// Whether words may be coloured there (https://no-color.org).
bool output_takes_colours();
TerminalSize terminal_size();

/// Interrupt, termination and a resized window, taken as values. Make it before any thread.
class Signals {
 public:
  Signals();
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  enum class Taken { kNothing, kStop, kResized };
  Taken take();
  /// For poll().
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

/// Asks on the controlling terminal, without echo, and puts the terminal back however it ends. kInvalidArgument where
/// there is none; kCancelled for an interrupt.
Result<SecretBytes> ask_secret(const std::string& prompt, Signals& signals);

/// The escape sequences that turn `before`, with the cursor on the line below it, into `after`; only what differs is
/// written where both have as many lines.
std::string replacement(const std::vector<std::string>& before, const std::vector<std::string>& after);

/// A block of lines at the cursor, which is hidden and replaced in place while this lives. Keys are not echoed.
class LiveBlock {
 public:
  LiveBlock();
  ~LiveBlock();
  LiveBlock(const LiveBlock&) = delete;
  LiveBlock& operator=(const LiveBlock&) = delete;

  void show(std::vector<std::string> lines);
  /// All lines are written anew at the next show: the window has another size.
  void forget_what_is_shown() { stale_ = true; }

 private:
  struct Keyboard;
  std::unique_ptr<Keyboard> keyboard_;
  std::vector<std::string> lines_;
  bool stale_ = false;
};

/// All of it to standard output.
void write_out(std::string_view text);

}  // namespace ponte::tool
