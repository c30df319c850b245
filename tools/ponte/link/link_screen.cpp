#include "ponte/link/link_screen.h"

#include <algorithm>

#include "api/qr_image.h"
#include "ponte/common/cause_words.h"
#include "ponte/common/phone_number.h"
#include "ponte/common/text.h"

namespace ponte::tool {
namespace {

using Stage = LinkView::Stage;
using Lines = std::vector<std::string>;

// White letters on black of the 256 colours, which no theme changes; blocks are the light modules.
constexpr const char* kQrColours = "\x1b[38;5;231;48;5;16m";
// The last row of an odd number: below it is the terminal's own ground.
constexpr const char* kQrLastColours = "\x1b[38;5;231;49m";
constexpr const char* kPlain = "\x1b[0m";
constexpr const char* kBold = "\x1b[1m";

/// Words are read more easily in lines that are not too long.
constexpr std::size_t kWidest = 76;
constexpr std::size_t kIndent = 2;

/// What ponted and others wrote, in one line.
std::string one_line(std::string_view text) {
  std::string out = printable(text);
  std::replace(out.begin(), out.end(), '\n', ' ');
  return out;
}

class Page {
 public:
  explicit Page(std::size_t columns) {
    if (columns == kUnwrapped) return;
    indent_.assign(columns > kIndent ? kIndent : 0, ' ');
    width_ = std::min(columns, kWidest + kIndent) - indent_.size();
  }

  void say(const std::string& text) {
    for (const std::string& line : wrapped(one_line(text), width_)) lines.push_back(indent_ + line);
  }
  void step(const std::string& mark, const std::string& text) {
    const std::size_t room = width_ > mark.size() + 1 ? width_ - mark.size() - 1 : width_;
    std::string before = mark + " ";
    for (const std::string& line : wrapped(one_line(text), room)) {
      std::string& added = lines.emplace_back(indent_);
      added += before;
      added += line;
      before.assign(mark.size() + 1, ' ');
    }
  }
  void title(const std::string& text, bool colours) {
    for (const std::string& line : wrapped(one_line(text), width_)) {
      lines.push_back(indent_ + (colours ? kBold + line + kPlain : line));
    }
  }
  void shown_code(const std::string& code, bool colours) {
    lines.push_back("    " + (colours ? kBold + one_line(code) + kPlain : one_line(code)));
  }
  void gap() { lines.emplace_back(); }

  Lines lines;
  bool compact = false;  ///< there is no room for empty lines

 private:
  std::size_t width_ = kUnwrapped;
  std::string indent_;
};

Lines split_lines(const std::string& text) {
  Lines out;
  std::size_t from = 0;
  for (std::size_t at = text.find('\n'); at != std::string::npos; from = at + 1, at = text.find('\n', from)) {
    out.push_back(text.substr(from, at - from));
  }
  return out;
}

long long seconds_left(const LinkView& view, Mono now) {
  return std::max<long long>(0, std::chrono::ceil<Seconds>(view.expires_at - now).count());
}

std::string countdown(const LinkView& view, Mono now) {
  const long long left = seconds_left(view, now);
  if (view.stage == Stage::kQr) {
    return left > 0 ? "Waiting for the scan. The next code comes in " + std::to_string(left) + " s."
                    : "Waiting for the next code.";
  }
  if (left == 0) return "Waiting. The code has run out.";
  const std::string seconds = std::to_string(left % 60);
  return "Waiting for the code to be typed. " + std::to_string(left / 60) + ":" +
         std::string(2 - std::min<std::size_t>(2, seconds.size()), '0') + seconds + " left.";
}

const char* starting_words(const LinkView& view) {
  return view.was_linked ? "Logging in. No code is needed: the account is linked." : "Asking WhatsApp for a code.";
}

std::string state_words(const LinkView& view, Mono now) {
  switch (view.stage) {
    case Stage::kStarting: return starting_words(view);
    case Stage::kQr:
    case Stage::kCode: return countdown(view, now);
    case Stage::kPasskey: return "Waiting for the passkey.";
    case Stage::kLoggingIn:
      return view.was_linked ? "Logging in." : view.by_code ? "The code is right, logging in." : "Scanned, logging in.";
    case Stage::kWaiting:
      return "Linked, but not connected. Ponte tries again by itself" +
             (view.retry_at.empty() ? "." : " at " + view.retry_at + ".");
    case Stage::kLinked:
    case Stage::kFailed: return {};
  }
  return {};
}

void other_ways(Page& page, const LinkScreen& screen) {
  page.say("Make the window larger or its letters smaller, and the code appears. Or take another way:");
  page.step("-", "a picture of the code, with the token in a header: " + screen.url + "/v1/instances/" +
                     screen.instance + "/qr.png");
  page.step("-",
            "a page to open on another screen: POST " + screen.url + "/v1/instances/" + screen.instance + "/links");
  page.step("-", "a code to type: this command with --number and the phone's number");
}

void draw_qr(Page& page, const LinkScreen& screen, const LinkView& view, TerminalSize size) {
  Page words(size.columns);
  words.gap();
  words.say("On the phone: WhatsApp > Settings > Linked devices > Link a device. Then scan this code.");
  const auto rows = qr_rows(view.code);
  const std::size_t width = rows.ok() ? columns_of(rows->front()) : 0;
  // The state's line, and the one on which the cursor rests; and before the state an empty one.
  const std::size_t least = (rows.ok() ? rows->size() : 0) + 2;
  const std::size_t whole = page.lines.size() + least + 1 + words.lines.size();
  if (!rows.ok() || width > size.columns || least > size.rows) {
    page.say("The window is too small for the QR code: it has " + std::to_string(size.columns) + " columns and " +
             std::to_string(size.rows) + " lines; " + std::to_string(width) + " and " + std::to_string(least) +
             " are needed.");
    page.gap();
    return other_ways(page, screen);
  }
  // In a window that is just high enough, the code is what counts.
  if (whole > size.rows) page.lines.clear();
  page.lines.insert(page.lines.end(), rows->begin(), rows->end());
  if (whole <= size.rows) page.lines.insert(page.lines.end(), words.lines.begin(), words.lines.end());
  page.compact = whole > size.rows;
}

void draw_code(Page& page, const LinkScreen& screen, const LinkView& view) {
  page.shown_code(view.code, screen.colours);
  page.gap();
  page.say("On the phone: WhatsApp > Settings > Linked devices > Link a device > Link with phone number instead.");
  page.say("Then type this code. The phone may also show a message that asks for it.");
}

void draw_passkey(Page& page, const LinkScreen& screen, const LinkView& view) {
  const std::string path = screen.url + "/v1/instances/" + screen.instance + "/passkey";
  if (view.passkey_stage == "confirm") {
    page.shown_code(view.code, screen.colours);
    page.gap();
    page.say("Does the phone show this code? Then confirm it, with the account token in a header:");
    page.step(" ", "POST " + path + "/confirm");
    page.say("If it shows another code, do not: somebody else would get the account. Stop with Ctrl-C.");
    return;
  }
  if (view.passkey_stage == "submitted" || view.passkey_stage == "confirmed") {
    page.say("The passkey's answer is with WhatsApp.");
    return;
  }
  page.say(
      "This account lets no device in without its passkey, which a browser gives to WhatsApp's own page only. "
      "There are ten minutes for this:");
  page.gap();
  page.step("1.", "GET " + path + " with the account token in a header. Keep what `publicKey` has.");
  page.step("2.",
            "On a machine that has the passkey, open https://web.whatsapp.com, and in the browser's console run "
            "the two lines that docs/runbook.md has under \"An account with a passkey\".");
  page.step("3.", "POST the result to the same address. This screen then shows a code to compare.");
}

}  // namespace

Result<std::vector<std::string>> qr_rows(std::string_view text) {
  PONTE_ASSIGN(const std::string blocks, api::qr_blocks(text));
  Lines rows = split_lines(blocks);
  for (std::string& row : rows) {
    row.insert(0, &row == &rows.back() ? kQrLastColours : kQrColours);
    row += kPlain;
  }
  return rows;
}

std::vector<std::string> draw_link(const LinkScreen& screen, const LinkView& view, TerminalSize size, Mono now) {
  Page page(size.columns);
  page.title("Linking " + screen.instance, screen.colours);
  page.gap();
  switch (view.stage) {
    case Stage::kQr: draw_qr(page, screen, view, size); break;
    case Stage::kCode: draw_code(page, screen, view); break;
    case Stage::kPasskey: draw_passkey(page, screen, view); break;
    case Stage::kWaiting: page.say(words_of_cause(view.cause, screen.instance).what); break;
    default: break;
  }
  if (!page.compact && !page.lines.back().empty()) page.gap();
  page.say(state_words(view, now));
  // A line that scrolled out of the window could not be replaced.
  const std::size_t most = size.rows > 1 ? size.rows - 1 : 1;
  if (page.lines.size() > most) page.lines.erase(page.lines.begin(), page.lines.end() - static_cast<long>(most));
  return std::move(page.lines);
}

std::vector<std::string> link_result(const LinkScreen& screen, const LinkView& view, std::size_t columns) {
  Page page(columns);
  if (view.stage == Stage::kLinked) {
    const std::string who = view.number.empty() ? "." : " as " + display_number(view.number) + ".";
    page.say((view.was_linked ? screen.instance + " is linked" : "Linked") + who);
    return std::move(page.lines);
  }
  CauseWords words = words_of_cause(view.cause, screen.instance);
  if (view.cause == kPontedUnreachable) {
    words = {"No Ponte answers at " + screen.url + ".", "Start ponted, or name its address with --url."};
  } else if (view.cause == kNotPonted) {
    words = {"What answers at " + screen.url + " is not Ponte.", "Name the address of ponted with --url."};
  }
  page.title("Not linked. " + words.what, screen.colours);
  page.step("Cause: ", view.cause + (view.details.empty() ? "" : ": " + view.details));
  if (!view.retry_at.empty()) page.step("Not before: ", view.retry_at);
  page.step("Remedy:", words.remedy);
  return std::move(page.lines);
}

std::string plain_link(const LinkScreen& screen, const LinkView& view, Mono now) {
  const std::string left = std::to_string(seconds_left(view, now)) + " s";
  if (view.stage == Stage::kQr) {
    const auto blocks = api::qr_blocks(view.code);
    return "Scan this code within " + left + " (WhatsApp > Settings > Linked devices > Link a device).\n" +
           (blocks.ok() ? *blocks : std::string()) + one_line(view.code) + "\n";
  }
  if (view.stage == Stage::kCode) {
    return "Type this code within " + left +
           " (WhatsApp > Settings > Linked devices > Link a device > Link with phone number instead).\n" +
           one_line(view.code) + "\n";
  }
  Page page(kUnwrapped);
  if (view.stage == Stage::kPasskey) draw_passkey(page, screen, view);
  const std::string words = state_words(view, now);
  if (!words.empty()) page.say(words);
  std::string out;
  for (const std::string& line : page.lines) out += line + "\n";
  return out;
}

}  // namespace ponte::tool
