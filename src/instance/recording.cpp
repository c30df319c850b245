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

void digest_writes(Writer& writer, const std::vector<store::Write>& writes) {
  for (const store::Write& write : writes) {
    writer.big_endian(write.key.size(), 4);
    writer.bytes(as_bytes(write.key));
    writer.u8(write.value ? 1 : 0);
    if (!write.value) continue;
    writer.big_endian(write.value->size(), 4);
    writer.bytes(*write.value);
  }
}

/// A digest that tells whether two batches change the same records in the same way. Of an owner beside, what its name
/// adds to the device's counts: the device itself has another name when it is replayed.
std::string batch_digest(const store::WriteBatch& batch) {
  constexpr std::uint32_t kBeside = 0xFFFFFFFF;  // no length of a key
  Writer writer;
  digest_writes(writer, batch.writes);
  for (const store::OwnedWrites& part : batch.beside) {
    const std::string_view added =
        std::string_view(part.owner).substr(part.owner.starts_with(batch.owner) ? batch.owner.size() : 0);
    writer.big_endian(kBeside, 4);
    writer.big_endian(added.size(), 4);
    writer.bytes(as_bytes(added));
    digest_writes(writer, part.writes);
  }
  return to_hex(crypto::sha256(writer.view()));
}

/// Which kinds of events are committed with a batch; what they say is about the records in it.
struct ToldText {
  std::string operator()(const event::MessageExchanged&) const { return " exchanged"; }
  std::string operator()(const event::MessageLost&) const { return " lost"; }
  std::string operator()(const event::StatusChanged&) const { return " status"; }
  std::string operator()(const event::LabelUpdated&) const { return " label"; }
};

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

std::string numbers(std::uint64_t id, std::uint64_t epoch) {
  return std::to_string(id) + " " + std::to_string(epoch);
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

std::string outcome(const Status& status) {
  return status.ok() ? "ok" : std::string(cause_name(status.error().cause));
}

std::string_view app_state_stage_name(event::AppStateSync::Stage stage) {
  switch (stage) {
    case event::AppStateSync::Stage::kUpdated: return "updated";
    case event::AppStateSync::Stage::kBlocked: return "blocked";
    case event::AppStateSync::Stage::kBegunAnew: return "begun_anew";
    case event::AppStateSync::Stage::kFailed: return "failed";
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
  std::string operator()(const event::AppStateSync& e) const {
    return "app_state " + e.collection + " " + std::string(app_state_stage_name(e.stage)) + " " +
           std::to_string(e.version) + " " + std::to_string(e.changes) + " " + std::to_string(e.skipped) +
           (e.why ? " " + std::string(cause_name(e.why->cause)) : "");
  }
  std::string operator()(const event::PushNameChanged& e) const { return "push_name " + to_hex(as_bytes(e.name)); }
  std::string operator()(const event::IdentityChanged& e) const { return "identity_changed " + e.who.to_string(); }
  std::string operator()(const event::SendEnded& e) const {
    return "send_ended " + std::to_string(e.ticket) + " " + outcome(e.result.ok() ? Status() : e.result.error());
  }
  std::string operator()(const event::CommandEnded& e) const {
    return "command_ended " + std::to_string(e.ticket) + " " + outcome(e.status);
  }
  std::string operator()(const event::MediaFetched& e) const {
    return "media_fetched " + std::to_string(e.ticket) + " " + outcome(e.bytes.ok() ? Status() : e.bytes.error());
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
    std::string out = std::string("commit ") + (power ? "power " : "crash ") + batch_digest(o.batch);
    for (const Told& told : o.told) out += std::visit(ToldText{}, told);
    return out;
  }
  std::string operator()(const StartWork& o) const {
    const std::string head = "work " + numbers(o.id, o.epoch) + " ";
    if (const auto* media = std::get_if<OpenMedia>(&o.request)) {
      return head + "media " + std::string(media::mms_type(media->type)) + " " + to_hex(crypto::sha256(media->file));
    }
    const auto* prekeys = std::get_if<GeneratePrekeys>(&o.request);
    return prekeys ? head + std::to_string(prekeys->first_id) + " " + std::to_string(prekeys->count) : head + "code";
  }
  std::string operator()(const StartFetch& o) const {
    std::string out = "fetch " + numbers(o.id, o.epoch) + " " + std::to_string(o.request.largest) + " " + o.request.url;
    for (const auto& [name, value] : o.request.headers) out += " " + name + "=" + to_hex(as_bytes(value));
    return out;
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
  std::string operator()(const command::SetReading& c) const {
    return std::string("reading ") + (c.reading == Reading::kAtOnce ? "at_once" : "when_asked");
  }
  std::string operator()(const command::SendText& c) const {
    std::string out =
        "send_text " + std::to_string(c.ticket) + " " + c.text.to.to_string() + " text=" + hex(c.text.text);
    out += " source=" + hex(c.text.source);
    if (c.text.id) out += " id=" + hex(*c.text.id);
    if (c.text.reply_to) out += " reply_to=" + hex(*c.text.reply_to);
    if (c.text.reply_chat) out += " reply_chat=" + c.text.reply_chat->to_string();
    for (const wire::Jid& mentioned : c.text.mentions) out += " mention=" + mentioned.to_string();
    if (c.text.mention_all) out += " mention_all=";
    return out;
  }
  std::string operator()(const command::MarkRead& c) const {
    std::string out = "mark_read " + std::to_string(c.ticket) + " " + c.chat.to_string();
    for (const std::string& id : c.ids) out += " id=" + hex(id);
    return out;
  }
  std::string operator()(const command::SendChatState& c) const {
    return "chat_state " + std::to_string(c.ticket) + " " + c.to.to_string() + " " +
           std::to_string(static_cast<int>(c.state));
  }
  std::string operator()(const command::FetchMedia& c) const {
    return "fetch_media " + std::to_string(c.ticket) + " " + c.message.chat + " sender=" + hex(c.message.sender) +
           " id=" + hex(c.message.id);
  }
  std::string operator()(const command::RequestOlder& c) const {
    return "request_older " + std::to_string(c.ticket) + " " + c.chat.to_string() + " " + std::to_string(c.count);
  }

 private:
  static std::string hex(const std::string& text) { return to_hex(as_bytes(text)); }
};

template <typename Number>
bool parse_number(std::string_view text, Number& out) {
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), out);
  return problem == std::errc() && end == text.data() + text.size();
}

/// Ticket and address, as all commands about a chat begin: words 2 and 3.
struct ChatWords {
  messages::Ticket ticket = 0;
  wire::Jid jid;
};
Result<ChatWords> parse_chat(const std::vector<std::string>& words) {
  ChatWords out;
  const auto jid = words.size() > 3 ? wire::Jid::parse(words[3]) : std::nullopt;
  if (!jid || !parse_number(words[2], out.ticket)) return malformed(words[1] + ": expected a ticket and an address");
  out.jid = *jid;
  return out;
}

Result<std::string> hex_text(std::string_view text) {
  PONTE_ASSIGN(const Bytes bytes, from_hex(text));
  return to_text(bytes);
}

Result<Command> parse_send_text(const std::vector<std::string>& words) {
  PONTE_ASSIGN(const ChatWords chat, parse_chat(words));
  command::SendText out{chat.ticket, {}};
  out.text.to = chat.jid;
  for (std::size_t i = 4; i < words.size(); ++i) {
    const std::size_t equals = words[i].find('=');
    const std::string name = words[i].substr(0, equals);
    const std::string value = equals == std::string::npos ? "" : words[i].substr(equals + 1);
    if (name == "mention" || name == "reply_chat") {
      const auto jid = wire::Jid::parse(value);
      if (!jid) return malformed("send_text: " + name + " is no address");
      if (name == "mention") out.text.mentions.push_back(*jid);
      if (name == "reply_chat") out.text.reply_chat = *jid;
      continue;
    }
    if (name == "mention_all") {
      out.text.mention_all = true;
      continue;
    }
    PONTE_ASSIGN(std::string text, hex_text(value));
    if (name == "text") {
      out.text.text = std::move(text);
    } else if (name == "source") {
      out.text.source = std::move(text);
    } else if (name == "id") {
      out.text.id = std::move(text);
    } else if (name == "reply_to") {
      out.text.reply_to = std::move(text);
    } else {
      return malformed("send_text: unknown word '" + name + "'");
    }
  }
  return Command(std::move(out));
}

Result<Command> parse_mark_read(const std::vector<std::string>& words) {
  PONTE_ASSIGN(const ChatWords chat, parse_chat(words));
  command::MarkRead out{chat.ticket, chat.jid, {}};
  for (std::size_t i = 4; i < words.size(); ++i) {
    if (!words[i].starts_with("id=")) return malformed("mark_read: unknown word '" + words[i] + "'");
    PONTE_ASSIGN(std::string id, hex_text(std::string_view(words[i]).substr(3)));
    out.ids.push_back(std::move(id));
  }
  return Command(std::move(out));
}

Result<Command> parse_chat_state(const std::vector<std::string>& words) {
  PONTE_ASSIGN(const ChatWords chat, parse_chat(words));
  unsigned state = 0;
  if (words.size() != 5 || !parse_number(words[4], state) || state > 2)
    return malformed("chat_state: expected a state from 0 to 2");
  return Command(command::SendChatState{chat.ticket, chat.jid, static_cast<messages::ChatState>(state)});
}

Result<Command> parse_fetch_media(const std::vector<std::string>& words) {
  PONTE_ASSIGN(const ChatWords chat, parse_chat(words));
  if (words.size() != 6 || !words[4].starts_with("sender=") || !words[5].starts_with("id="))
    return malformed("fetch_media: expected a chat, sender= and id=");
  PONTE_ASSIGN(std::string sender, hex_text(std::string_view(words[4]).substr(7)));
  PONTE_ASSIGN(std::string id, hex_text(std::string_view(words[5]).substr(3)));
  return Command(command::FetchMedia{chat.ticket, {chat.jid.to_string(), std::move(sender), std::move(id)}});
}

Result<Command> parse_request_older(const std::vector<std::string>& words) {
  PONTE_ASSIGN(const ChatWords chat, parse_chat(words));
  command::RequestOlder out{chat.ticket, chat.jid};
  if (words.size() != 5 || !parse_number(words[4], out.count)) return malformed("request_older: expected a number");
  return Command(std::move(out));
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
          "qr_ttl " + std::to_string(config.qr_ttl.count()),
          std::string("media_scheme ") + (config.media_scheme == MediaScheme::kHttps ? "https" : "http")};
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
  } else if (name == "media_scheme" && (rest == "https" || rest == "http")) {
    config.media_scheme = rest == "https" ? MediaScheme::kHttps : MediaScheme::kHttp;
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
  if (options.reading == Reading::kAtOnce) out += " reading";
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
    } else if (word == "reading") {
      options.reading = Reading::kAtOnce;
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
  if (name == "reading" && words.size() == 3 && (words[2] == "at_once" || words[2] == "when_asked")) {
    return Command(command::SetReading{words[2] == "at_once" ? Reading::kAtOnce : Reading::kWhenAsked});
  }
  if (name == "send_text") return parse_send_text(words);
  if (name == "mark_read") return parse_mark_read(words);
  if (name == "chat_state") return parse_chat_state(words);
  if (name == "fetch_media") return parse_fetch_media(words);
  if (name == "request_older") return parse_request_older(words);
  return malformed("unknown command '" + name + "'");
}

std::string render_fetched(FetchId id, Epoch epoch, const Result<HttpAnswer>& answer) {
  std::string out = "fetched " + numbers(id, epoch) + " ";
  if (!answer.ok()) {
    return out + "failed " + std::string(cause_name(answer.error().cause)) + " " +
           std::to_string(static_cast<int>(answer.error().code));
  }
  out += std::to_string(answer->status);
  return answer->body.empty() ? out : out + " " + to_hex(answer->body);
}

Result<Fetched> parse_fetched(const std::vector<std::string>& words) {
  Fetched out{0, 0, HttpAnswer{}};
  if (words.size() < 4 || !parse_number(words[1], out.id) || !parse_number(words[2], out.epoch))
    return malformed("fetched: expected an id, an epoch and what came");
  if (words[3] == "failed" && words.size() == 6) {
    int code = 0;
    const auto cause = cause_from_name(words[4]);
    if (!cause || !parse_number(words[5], code) || code < 0 || code > static_cast<int>(Errc::kInternal))
      return malformed("fetched: unknown failure '" + words[4] + "'");
    out.answer = Error{static_cast<Errc>(code), *cause, "the recorded fetch failed"};
    return out;
  }
  HttpAnswer answer;
  if (words.size() > 5 || !parse_number(words[3], answer.status)) return malformed("fetched: expected a status");
  if (words.size() == 5) {
    PONTE_ASSIGN(answer.body, from_hex(words[4]));
  }
  out.answer = std::move(answer);
  return out;
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
