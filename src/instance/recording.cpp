#include "instance/recording.h"

#include <charconv>

#include "base/hex.h"
#include "base/writer.h"
#include "crypto/digest.h"

namespace ponte::instance::recording {
namespace {

using namespace protocol;  // NOLINT(google-build-using-namespace): this file is about protocol's values

Error malformed(std::string what) {
  return {Errc::kMalformed, Cause::kInvalidRequest, "recording: " + std::move(what)};
}

/// A digest that tells whether two batches change the same records in the same way.
std::string batch_digest(const store::WriteBatch& batch) {
  Writer writer;
  for (const store::Write& write : batch.writes) {
    writer.big_endian(write.key.size(), 4);
    writer.bytes(as_bytes(write.key));
    writer.u8(write.value ? 1 : 0);
    if (!write.value) continue;
    writer.big_endian(write.value->size(), 4);
    writer.bytes(*write.value);
  }
  return to_hex(crypto::sha256(writer.view()));
}

std::string_view disposition_name(event::Disposition disposition) {
  switch (disposition) {
    case event::Disposition::kRestart: return "restart";
    case event::Disposition::kRetry: return "retry";
    case event::Disposition::kStop: return "stop";
    case event::Disposition::kLoggedOut: return "logged_out";
  }
  return "?";
}

std::string mono_text(Mono mono) {
  return std::to_string(mono.time_since_epoch().count());
}

std::string_view passkey_stage_name(event::Passkey::Stage stage) {
  switch (stage) {
    case event::Passkey::Stage::kRequested: return "requested";
    case event::Passkey::Stage::kSubmitted: return "submitted";
    case event::Passkey::Stage::kConfirm: return "confirm";
    case event::Passkey::Stage::kConfirmed: return "confirmed";
    case event::Passkey::Stage::kEnded: return "ended";
  }
  return "?";
}

struct EventText {
  std::string operator()(const event::PairingCode& e) const {
    return "pairing_code " + e.number + " " + e.code + " " + mono_text(e.valid_until);
  }
  std::string operator()(const event::PairingCodeEnded& e) const {
    return "pairing_code_ended " + e.number + " " + std::string(cause_name(e.why.cause)) +
           (e.renewed ? " renewed" : "");
  }
  std::string operator()(const event::Passkey& e) const {
    std::string out = "passkey " + std::string(passkey_stage_name(e.stage)) + " " + mono_text(e.valid_until);
    if (!e.code.empty()) out += " " + e.code;
    if (e.why) out += " " + std::string(cause_name(e.why->cause));
    return out;
  }
  std::string operator()(const event::Refused& e) const { return "refused " + std::string(cause_name(e.why.cause)); }
  std::string operator()(const event::ResumptionFailed& e) const {
    return "resumption_failed " + std::string(cause_name(e.why.cause));
  }
  std::string operator()(const event::QrCode& e) const { return "qr_code " + e.text + " " + mono_text(e.valid_until); }
  std::string operator()(const event::PairSuccess& e) const {
    return "pair_success " + e.jid.to_string() + " " + (e.lid ? e.lid->to_string() : "-") + " " + e.platform;
  }
  std::string operator()(const event::ScannedWithoutMultidevice&) const { return "scanned_without_multidevice"; }
  std::string operator()(const event::Unlinked&) const { return "unlinked"; }
  std::string operator()(const event::Online&) const { return "online"; }
  std::string operator()(const event::ClientExpires& e) const {
    return "client_expires " + std::to_string(unix_seconds(e.when));
  }
  std::string operator()(const event::Ended& e) const {
    return "ended " + std::string(disposition_name(e.disposition)) + " " + std::string(cause_name(e.why.cause));
  }
};

struct OutputText {
  std::string operator()(const SendBytes& o) const { return "send " + to_hex(o.bytes); }
  std::string operator()(const CloseChannel&) const { return "close"; }
  std::string operator()(const Commit& o) const {
    const bool power = o.batch.durability == store::Durability::kPowerLoss;
    return std::string("commit ") + (power ? "power " : "crash ") + batch_digest(o.batch);
  }
  std::string operator()(const StartWork& o) const {
    const std::string head = "work " + std::to_string(o.id) + " " + std::to_string(o.epoch) + " ";
    const auto* prekeys = std::get_if<GeneratePrekeys>(&o.request);
    return prekeys ? head + std::to_string(prekeys->first_id) + " " + std::to_string(prekeys->count) : head + "code";
  }
  std::string operator()(const Emit& o) const { return "event " + std::visit(EventText{}, o.event); }
};

struct CommandText {
  std::string operator()(const command::Logout&) const { return "logout"; }
  std::string operator()(const command::RequestPairingCode& c) const {
    return "request_code " + c.number + (c.code ? " " + *c.code : "");
  }
  std::string operator()(const command::SubmitAssertion& c) const {
    return "submit_assertion " + to_hex(c.credential_id) + " " + to_hex(as_bytes(c.assertion));
  }
  std::string operator()(const command::ConfirmPasskey&) const { return "confirm_passkey"; }
  std::string operator()(const command::SetPresence& c) const {
    return std::string("presence ") + (c.presence == Presence::kAvailable ? "available" : "unavailable");
  }
};

template <typename Number>
bool parse_number(std::string_view text, Number& out) {
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), out);
  return problem == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::string render(const Output& output) {
  return std::visit(OutputText{}, output);
}

std::vector<std::string> render_config(const SessionConfig& config) {
  return {"root_key " + to_hex(config.root_key),
          "version " + config.version.to_string(),
          "device_name " + config.device_name,
          std::string("qr_format ") + (config.qr_format == QrFormat::kUrl ? "url" : "bare"),
          "qr_first_ttl " + std::to_string(config.qr_first_ttl.count()),
          "qr_ttl " + std::to_string(config.qr_ttl.count())};
}

Status parse_config(std::string_view value, SessionConfig& config) {
  const auto space = value.find(' ');
  const std::string_view name = value.substr(0, space);
  const std::string_view rest = space == std::string_view::npos ? std::string_view() : value.substr(space + 1);
  std::int64_t number = 0;
  if (name == "root_key") {
    PONTE_ASSIGN(const Bytes key, from_hex(rest));
    if (key.size() != 32) return malformed("root_key: expected 32 bytes");
    config.root_key = to_array<32>(key);
  } else if (name == "version") {
    PONTE_ASSIGN(config.version, ClientVersion::parse(rest));
  } else if (name == "device_name") {
    config.device_name = rest;
  } else if (name == "qr_format" && (rest == "url" || rest == "bare")) {
    config.qr_format = rest == "url" ? QrFormat::kUrl : QrFormat::kBare;
  } else if (name == "qr_first_ttl" && parse_number(rest, number)) {
    config.qr_first_ttl = Milliseconds(number);
  } else if (name == "qr_ttl" && parse_number(rest, number)) {
    config.qr_ttl = Milliseconds(number);
  } else {
    return malformed("Config: expected a known name with its value, got '" + std::string(value) + "'");
  }
  return Status::Ok();
}

std::string render_open(const OpenOptions& options) {
  std::string out = "open";
  if (options.history_days) out += " history=" + std::to_string(*options.history_days);
  if (options.version) out += " version=" + options.version->to_string();
  if (options.resumption == Resumption::kForbidden) out += " xx";
  if (options.presence == Presence::kAvailable) out += " available";
  return out;
}

Result<OpenOptions> parse_open(const std::vector<std::string>& words) {
  OpenOptions options;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string& word = words[i];
    std::uint32_t days = 0;
    // Recordings older than the names have the days alone.
    const std::string_view history = std::string_view(word).substr(word.starts_with("history=") ? 8 : 0);
    if (word.starts_with("version=")) {
      PONTE_ASSIGN(options.version, ClientVersion::parse(std::string_view(word).substr(8)));
    } else if (word == "xx") {
      options.resumption = Resumption::kForbidden;
    } else if (word == "available") {
      options.presence = Presence::kAvailable;
    } else if (parse_number(history, days)) {
      options.history_days = days;
    } else {
      return malformed("open: unknown option '" + word + "'");
    }
  }
  return options;
}

std::string render_command(const Command& command) {
  return "command " + std::visit(CommandText{}, command);
}

Result<Command> parse_command(const std::vector<std::string>& words) {
  const std::string name = words.size() > 1 ? words[1] : "";
  if (name == "logout" && words.size() == 2) return Command(command::Logout{});
  if (name == "confirm_passkey" && words.size() == 2) return Command(command::ConfirmPasskey{});
  if (name == "request_code" && (words.size() == 3 || words.size() == 4)) {
    command::RequestPairingCode out{words[2], std::nullopt};
    if (words.size() == 4) out.code = words[3];
    return Command(std::move(out));
  }
  if (name == "submit_assertion" && words.size() == 4) {
    PONTE_ASSIGN(Bytes id, from_hex(words[2]));
    PONTE_ASSIGN(const Bytes assertion, from_hex(words[3]));
    return Command(command::SubmitAssertion{std::move(id), to_text(assertion)});
  }
  if (name == "presence" && words.size() == 3 && (words[2] == "available" || words[2] == "unavailable")) {
    return Command(command::SetPresence{words[2] == "available" ? Presence::kAvailable : Presence::kUnavailable});
  }
  return malformed("unknown command '" + name + "'");
}

std::string render_now(const Now& now) {
  return mono_text(now.mono) + " " + std::to_string(unix_milliseconds(now.wall));
}

Result<Now> parse_now(std::string_view value) {
  const auto space = value.find(' ');
  std::int64_t mono = 0;
  std::int64_t wall = 0;
  if (space == std::string_view::npos || !parse_number(value.substr(0, space), mono) ||
      !parse_number(value.substr(space + 1), wall)) {
    return malformed("Now: expected two numbers of milliseconds, got '" + std::string(value) + "'");
  }
  return Now{Mono(Milliseconds(mono)), Wall(Milliseconds(wall))};
}

}  // namespace ponte::instance::recording
