#include "simulator/recording.h"

#include <algorithm>
#include <charconv>

#include "base/hex.h"

namespace ponte::simulator::recording {
namespace {

Error malformed(std::string what) {
  return {Errc::kMalformed, Cause::kInvalidRequest, "recording: " + std::move(what)};
}

/// Calls `use(name, member)` for each option but the seed, so that both directions know the same names.
template <typename AnyOptions, typename Use>
void each_option(AnyOptions& options, const Use& use) {
  use("first_ref_ttl", options.first_ref_ttl);
  use("ref_ttl", options.ref_ttl);
  use("ref_grace", options.ref_grace);
  use("ref_count", options.ref_count);
  use("handshake_timeout", options.handshake_timeout);
  use("pairing_timeout", options.pairing_timeout);
  use("restart_close_delay", options.restart_close_delay);
  use("ping_interval", options.ping_interval);
  use("idle_timeout", options.idle_timeout);
  use("minimum_revision", options.minimum_revision);
  use("sample_notification", options.sample_notification);
}

std::int64_t to_number(Milliseconds time) {
  return time.count();
}
template <typename Number>
std::int64_t to_number(Number number) {
  return static_cast<std::int64_t>(number);
}

void from_number(std::int64_t number, Milliseconds& time) {
  time = Milliseconds(number);
}
template <typename Number>
void from_number(std::int64_t number, Number& out) {
  out = static_cast<Number>(number);
}

}  // namespace

std::vector<std::string> render_options(const Options& options) {
  std::vector<std::string> out;
  if (options.seed) out.push_back("seed " + to_hex(*options.seed));
  each_option(options, [&out](const char* name, const auto& member) {
    out.push_back(std::string(name) + " " + std::to_string(to_number(member)));
  });
  return out;
}

Status parse_option(std::string_view value, Options& options) {
  const auto space = std::min(value.find(' '), value.size());
  const std::string_view name = value.substr(0, space);
  const std::string_view rest = value.substr(std::min(space + 1, value.size()));
  if (name == "seed") {
    PONTE_ASSIGN(const Bytes seed, from_hex(rest));
    if (seed.size() != 32) return malformed("seed: expected 32 bytes");
    options.seed = to_array<32>(seed);
    return Status::Ok();
  }
  std::uint32_t number = 0;
  const auto [end, problem] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
  const bool is_number = problem == std::errc() && end == rest.data() + rest.size();
  bool known = false;
  each_option(options, [&](const char* option, auto& member) {
    if (name != option) return;
    known = true;
    from_number(number, member);
  });
  if (!known || !is_number) {
    return malformed("Option: expected a known name with its number, got '" + std::string(value) + "'");
  }
  return Status::Ok();
}

std::string render_now(const Now& now) {
  return std::to_string(now.mono.time_since_epoch().count()) + " " + std::to_string(unix_milliseconds(now.wall));
}

std::string render(ConnectionId id, const Output& output) {
  const std::string connection = std::to_string(id);
  if (const auto* bytes = std::get_if<SendBytes>(&output)) return "send " + connection + " " + to_hex(bytes->bytes);
  const bool normal = std::get<Close>(output).kind == Close::Kind::kNormal;
  return "close " + connection + (normal ? " normal" : " abort");
}

std::string render_text(std::string_view text) {
  const bool printable = std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
  // The lines of a .vec file lose spaces at their ends.
  const bool plain = printable && !text.empty() && text.front() != ' ' && text.back() != ' ';
  return plain ? "text " + std::string(text) : "hex " + to_hex(as_bytes(text));
}

Result<std::string> parse_text(std::string_view value) {
  if (value.substr(0, 5) == "text ") return std::string(value.substr(5));
  if (value == "hex") return std::string();
  if (value.substr(0, 4) != "hex ") return malformed("expected text or hex, got '" + std::string(value) + "'");
  PONTE_ASSIGN(const Bytes bytes, from_hex(value.substr(4)));
  return to_text(bytes);
}

}  // namespace ponte::simulator::recording
