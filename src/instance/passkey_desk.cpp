#include "instance/passkey_desk.h"

#include <utility>

#include "protocol/pairing/link_code.h"
#include "protocol/pairing/webauthn.h"

namespace ponte::instance {

void PasskeyDesk::on_event(const protocol::event::Passkey& event, const Now& now) {
  if (event.stage == Stage::kEnded) {
    close(event.why.value_or(Error{}));
    return;
  }
  PasskeyState state;
  state.stage = event.stage;
  state.options = event.options;
  if (!event.code.empty()) state.code = protocol::pairing::display_code(event.code);
  state.expires_at = now.wall + (event.valid_until - now.mono);
  state_ = state;
  // That the code is shown is news, but no answer to whoever handed the assertion in: he has it already.
  if (event.why) {
    waiting_.answer(*event.why);
  } else if (event.stage == Stage::kSubmitted || event.stage == Stage::kConfirmed) {
    waiting_.answer(state);
  }
}

void PasskeyDesk::close(const Error& why) {
  state_.reset();
  waiting_.answer(why);
}

Error PasskeyDesk::demand(const std::string& instance_name) const {
  const std::string path = "/v1/instances/" + instance_name + "/passkey";
  switch (state_->stage) {
    case Stage::kConfirm:
      return {Errc::kRejected, Cause::kPasskeyConfirmationRequired,
              "compare the code of GET " + path + " with the one on the phone, then POST " + path + "/confirm"};
    case Stage::kRequested:
      return {Errc::kRejected, Cause::kPasskeyRequired,
              "the account asks for a passkey: GET " + path + " gives the request options, which a browser on " +
                  "web.whatsapp.com signs with the account's passkey; POST the assertion to the same path"};
    default: return {Errc::kRejected, Cause::kPasskeyRequired, "a link by passkey is under way; see GET " + path};
  }
}

Status PasskeyDesk::expect(Stage stage) const {
  if (!state_) return Error{Errc::kNotFound, Cause::kPasskeyNotRequested, "no passkey is asked for"};
  if (state_->stage == stage && !waiting_.pending()) return Status::Ok();
  const char* what = stage == Stage::kRequested ? "an assertion" : "a confirmation";
  return Error{Errc::kAlreadyExists, Cause::kPasskeyNotRequested, std::string(what) + " is not what is waited for now"};
}

std::optional<protocol::Command> PasskeyDesk::submit(const std::string& json, Reply<PasskeyState> reply) {
  Result<protocol::command::SubmitAssertion> assertion = [&]() -> Result<protocol::command::SubmitAssertion> {
    PONTE_TRY(expect(Stage::kRequested));
    PONTE_ASSIGN(const auto options, protocol::pairing::parse_request_options(state_->options));
    return protocol::pairing::read_assertion(json, options);
  }();
  if (!assertion.ok()) {
    reply.answer(assertion.error());
    return std::nullopt;
  }
  waiting_ = std::move(reply);
  return std::move(*assertion);
}

std::optional<protocol::Command> PasskeyDesk::confirm(Reply<PasskeyState> reply) {
  if (const Status status = expect(Stage::kConfirm); !status.ok()) {
    reply.answer(status.error());
    return std::nullopt;
  }
  waiting_ = std::move(reply);
  return protocol::command::ConfirmPasskey{};
}

}  // namespace ponte::instance
