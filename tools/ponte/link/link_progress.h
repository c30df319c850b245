// What becomes of a link, from ponted's answers alone.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "ponte/common/ponted_client.h"

namespace ponte::tool {

/// What a person is told. Rendered by link_screen.
struct LinkView {
  // kStarting ──► kQr, kCode ──► kLoggingIn ──► kLinked; kPasskey after either; kWaiting and back; all to kFailed.
  enum class Stage {
    kStarting,   ///< no code yet
    kQr,         ///< `code` is what a phone scans
    kCode,       ///< `code` is XXXX-XXXX
    kPasskey,    ///< the account wants its passkey; `passkey_stage`, and with stage `confirm` `code`
    kLoggingIn,  ///< scanned or typed
    kWaiting,    ///< linked, but not connected; Ponte tries again by itself
    kLinked,
    kFailed,
  };
  Stage stage = Stage::kStarting;
  std::string code = {};
  Mono expires_at{};               ///< of the code
  std::string passkey_stage = {};  ///< as the contract has it (1.2); empty where it is not known
  std::string number = {};         ///< digits, once linked
  bool was_linked = false;         ///< before this began: no phone is needed
  bool by_code = false;            ///< a code is typed, none is scanned
  std::string cause = {};          ///< of kWaiting and kFailed: the code, what ponted says, when it tries again
  std::string details = {};
  std::string retry_at = {};
};

/// Follows one instance. Pure: answers go in, what is shown and what is to be asked next come out.
class LinkProgress {
 public:
  enum class Method { kQr, kCode };
  explicit LinkProgress(Method method) : method_(method) { view_.by_code = method == Method::kCode; }

  /// The instance as it is before connect: GET /v1/instances/:instance.
  void on_first_look(const Answer& answer);
  /// connect was called; its answer comes by on_connect.
  void connect_begins() { connecting_ = true; }
  void on_connect(const Result<Answer>& answer, Mono now);
  /// Of the long poll.
  void on_state(const Result<Answer>& answer);
  /// Of GET /v1/instances/:instance/passkey.
  void on_passkey(const Result<Answer>& answer);

  const LinkView& view() const { return view_; }
  bool over() const { return view_.stage == LinkView::Stage::kLinked || view_.stage == LinkView::Stage::kFailed; }
  /// The newest event that is known: `since` of the next poll.
  std::uint64_t sequence() const { return sequence_; }
  /// Whether the code is to be asked for again; true once.
  bool take_wish_for_code();
  bool take_wish_for_passkey();
  /// Whether the next look must not wait for a change; true once.
  bool take_doubt();
  /// Whether ponted did not answer the last look: ask again in a while.
  bool lost() const { return losses_ > 0; }

 private:
  void on_look(const Answer& answer);
  void on_connecting(const nlohmann::json& body, bool changed);
  void on_down(const nlohmann::json& body);
  void linked(const nlohmann::json& instance);
  void fail(std::string cause, std::string details, std::string retry_at = {});

  const Method method_;
  LinkView view_;
  std::uint64_t sequence_ = 0;
  bool connecting_ = false;    // a call of connect is under way
  bool answered_ = false;      // one was answered with a code
  bool connect_lost_ = false;  // it, or a look after it, was not answered: it is called again once ponted is there
  bool wants_code_ = false;
  bool wants_passkey_ = false;
  bool doubts_ = false;
  unsigned downs_ = 0;   // looks in a row that found it down
  unsigned losses_ = 0;  // looks in a row without an answer
};

/// The cause and words of a call that did not come to an answer of the contract.
struct CallFailure {
  std::string cause;
  std::string details;
  std::string retry_at;
};
/// nullopt where the answer is a success.
std::optional<CallFailure> failure_of(const Result<Answer>& answer);

/// Causes of the tool's own, besides those of the contract.
inline constexpr const char* kPontedUnreachable = "PONTED_UNREACHABLE";
inline constexpr const char* kNotPonted = "NOT_PONTED";

}  // namespace ponte::tool
