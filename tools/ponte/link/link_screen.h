// A link under way as lines of a terminal, and as plain lines for a file or a pipe.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/time.h"
#include "ponte/common/terminal.h"
#include "ponte/link/link_progress.h"

namespace ponte::tool {

/// What stays the same while the screen is drawn.
struct LinkScreen {
  std::string instance;
  std::string url;       ///< of ponted
  bool colours = false;  ///< of words; the QR code has its own at any rate
};

/// Every line fits the width, all together fit the height with one to spare. Where a QR code does not fit, the lines
/// say so and name other ways. The last line has the state and the time left.
std::vector<std::string> draw_link(const LinkScreen& screen, const LinkView& view, TerminalSize size, Mono now);

/// The rows of a QR code in half blocks, black on white whatever the terminal's colours, with its quiet zone.
/// kInvalidArgument where no QR code holds the text.
Result<std::vector<std::string>> qr_rows(std::string_view text);

/// What goes to something that is no terminal when `view` has come: no escape sequence in it. Empty where there is
/// nothing to say.
std::string plain_link(const LinkScreen& screen, const LinkView& view, Mono now);

/// For what is no terminal: lines are as long as they come.
inline constexpr std::size_t kUnwrapped = static_cast<std::size_t>(-1);

/// How it ended: linked, or what went wrong, the cause and the remedy. Lines of at most `columns`, or kUnwrapped.
std::vector<std::string> link_result(const LinkScreen& screen, const LinkView& view, std::size_t columns);

}  // namespace ponte::tool
