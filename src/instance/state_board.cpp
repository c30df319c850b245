#include "instance/state_board.h"

namespace ponte::instance {

StateBoard::StateBoard(const store::InstanceRecord& record, StateListener& listener, const Clock& clock)
    : listener_(listener), clock_(clock), name_(record.name) {
  info_.id = record.id;
  info_.name = record.name;
  info_.token = record.token;
  info_.created_at = record.created_at;
  info_.state_since = record.created_at;
  set_record(record);
}

InstanceInfo StateBoard::info() const {
  const std::lock_guard lock(mutex_);
  InstanceInfo out = info_;
  if (const std::int64_t heard = heard_at_.load(); heard != 0) out.last_stanza_at = Wall(Milliseconds(heard));
  return out;
}

State StateBoard::state_now() const {
  const std::lock_guard lock(mutex_);
  return info_.state;
}

void StateBoard::set_state(State state, std::optional<Error> reason) {
  const std::lock_guard lock(mutex_);
  if (info_.state != state) info_.state_since = clock_.now().wall;
  info_.state = state;
  info_.reason = std::move(reason);
  info_.reason_since = clock_.now().wall;
}

void StateBoard::set_reason(const Error& reason) {
  const std::lock_guard lock(mutex_);
  info_.reason = reason;
  info_.reason_since = clock_.now().wall;
}

void StateBoard::set_record(const store::InstanceRecord& record) {
  const std::lock_guard lock(mutex_);
  info_.settings = record.settings;
  info_.proxy = record.proxy;
  info_.websocket = record.websocket;
  if (info_.proxy) info_.proxy->password.clear();
  info_.updated_at = record.updated_at;
}

void StateBoard::set_account(const store::Account& account) {
  const auto jid = protocol::wire::Jid::parse(account.jid);
  const std::lock_guard lock(mutex_);
  info_.number_jid = jid ? std::optional(jid->without_device().to_string()) : std::nullopt;
  info_.lid = account.lid.empty() ? std::nullopt : std::optional(account.lid);
  info_.platform = account.platform;
  info_.business_name = account.business_name;
  info_.push_name = account.push_name;
}

void StateBoard::set_paired(const protocol::event::PairSuccess& paired) {
  const std::lock_guard lock(mutex_);
  info_.number_jid = paired.jid.without_device().to_string();
  info_.lid = paired.lid ? std::optional(paired.lid->to_string()) : std::nullopt;
  info_.platform = paired.platform;
  info_.business_name = paired.business_name;
}

void StateBoard::set_push_name(const std::string& name) {
  const std::lock_guard lock(mutex_);
  info_.push_name = name;
}

void StateBoard::forget_account() {
  const std::lock_guard lock(mutex_);
  info_.number_jid.reset();
  info_.lid.reset();
  info_.platform.clear();
  info_.business_name.clear();
  info_.push_name.clear();
}

void StateBoard::set_passkey(std::optional<PasskeyState> passkey) {
  const std::lock_guard lock(mutex_);
  info_.passkey = std::move(passkey);
}

void StateBoard::set_qr(std::optional<protocol::event::QrCode> qr) {
  const std::lock_guard lock(mutex_);
  qr_ = std::move(qr);
}

Result<std::string> StateBoard::shown_qr() const {
  const std::lock_guard lock(mutex_);
  if (qr_ && qr_->valid_until > clock_.now().mono) return qr_->text;
  return Error{Errc::kNotFound, Cause::kQrNotAvailable, "no QR code is out; connect asks for one"};
}

StateEvent StateBoard::event(std::string_view state) const {
  StateEvent out;
  out.state = state;
  out.instance_id = info_.id;
  out.instance = name_;
  out.connection = info_.state;
  out.at = clock_.now().wall;
  out.jid = info_.number_jid;
  return out;
}

void StateBoard::tell(std::string_view state, std::optional<Error> reason) const {
  StateEvent out = event(state);
  out.reason = std::move(reason);
  listener_.on_state(out);
}

void StateBoard::tell_qr(const std::string& text, Milliseconds expires_in) const {
  StateEvent out = event("qr_ready");
  out.qr_text = text;
  out.expires_in = expires_in;
  listener_.on_state(out);
}

void StateBoard::tell_code(const std::string& code, Milliseconds expires_in) const {
  StateEvent out = event("qr_ready");
  out.pairing_code = code;
  out.expires_in = expires_in;
  listener_.on_state(out);
}

}  // namespace ponte::instance
