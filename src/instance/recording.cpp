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

struct EventText {
  std::string operator()(const event::QrCode& e) const { return "qr_code " + e.text + " " + mono_text(e.valid_until); }
  std::string operator()(const event::PairSuccess& e) const {
    return "pair_success " + e.jid.to_string() + " " + (e.lid ? e.lid->to_string() : "-") + " " + e.platform;
  }
  std::string operator()(const event::ScannedWithoutMultidevice&) const { return "scanned_without_multidevice"; }
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
    const auto& work = std::get<GeneratePrekeys>(o.request);
    return "work " + std::to_string(o.id) + " " + std::to_string(o.epoch) + " " + std::to_string(work.first_id) + " " +
           std::to_string(work.count);
  }
  std::string operator()(const Emit& o) const { return "event " + std::visit(EventText{}, o.event); }
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
