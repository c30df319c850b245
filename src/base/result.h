// Result<T> and Status: a value, or an Error that says what was expected and what came.
//
// GCC 12 and clang 14 share no std::expected, hence this small type.
#pragma once

#include <cassert>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace ponte {

/// One code per reaction: what a caller does about it, not what went wrong.
enum class Errc {
  kInvalidArgument,
  kUnauthenticated,
  kForbidden,
  kNotFound,
  kAlreadyExists,
  kNotConnected,
  kRateLimited,
  kTimedOut,
  kUnavailable,
  kUnsupported,
  kMalformed,
  kUntrusted,
  kRejected,
  kStorage,
  kCancelled,
  kInternal,
};

// One line per cause: enumerator, and the stable UPPER_SNAKE name a client sees as `error.code`.
// Add, never rename.
#define PONTE_CAUSES(X)                                            \
  X(kInternal, "INTERNAL")                                         \
  X(kReplyDropped, "REPLY_DROPPED")                                \
  X(kShuttingDown, "SHUTTING_DOWN")                                \
  X(kOverloaded, "OVERLOADED")                                     \
  X(kNotImplemented, "NOT_IMPLEMENTED")                            \
  X(kInvalidRequest, "INVALID_REQUEST")                            \
  X(kInvalidToken, "INVALID_TOKEN")                                \
  X(kInvalidInstanceName, "INVALID_INSTANCE_NAME")                 \
  X(kInvalidNumber, "INVALID_NUMBER")                              \
  X(kInvalidCode, "INVALID_CODE")                                  \
  X(kOriginNotAllowed, "ORIGIN_NOT_ALLOWED")                       \
  X(kWebSocketDisabled, "WEBSOCKET_DISABLED")                      \
  X(kWebSocketNotConfigured, "WEBSOCKET_NOT_CONFIGURED")           \
  X(kInvalidHistory, "INVALID_HISTORY")                            \
  X(kInvalidProxy, "INVALID_PROXY")                                \
  X(kInvalidWebhook, "INVALID_WEBHOOK")                            \
  X(kWebhookLimit, "WEBHOOK_LIMIT")                                \
  X(kWebhookNotFound, "WEBHOOK_NOT_FOUND")                         \
  X(kWebhookDisabled, "WEBHOOK_DISABLED")                          \
  X(kDeadLetterNotFound, "DEAD_LETTER_NOT_FOUND")                  \
  X(kInvalidAssertion, "INVALID_ASSERTION")                        \
  X(kSettingRequired, "SETTING_REQUIRED")                          \
  X(kInvalidField, "INVALID_FIELD")                                \
  X(kInvalidLink, "INVALID_LINK")                                  \
  X(kLinkLimit, "LINK_LIMIT")                                      \
  X(kLinkNotFound, "LINK_NOT_FOUND")                               \
  X(kLinkExpired, "LINK_EXPIRED")                                  \
  X(kLinkUsed, "LINK_USED")                                        \
  X(kLinkInstanceDeleted, "LINK_INSTANCE_DELETED")                 \
  X(kInstanceNotFound, "INSTANCE_NOT_FOUND")                       \
  X(kInstanceExists, "INSTANCE_EXISTS")                            \
  X(kNoSavedSession, "NO_SAVED_SESSION")                           \
  X(kTokenInUse, "TOKEN_IN_USE")                                   \
  X(kRouteNotFound, "ROUTE_NOT_FOUND")                             \
  X(kMethodNotAllowed, "METHOD_NOT_ALLOWED")                       \
  X(kRequestTooLarge, "REQUEST_TOO_LARGE")                         \
  X(kRequestTimeout, "REQUEST_TIMEOUT")                            \
  X(kRateLimited, "RATE_LIMITED")                                  \
  X(kConnectTimeout, "CONNECT_TIMEOUT")                            \
  X(kNameNotResolved, "NAME_NOT_RESOLVED")                         \
  X(kConnectionRefused, "CONNECTION_REFUSED")                      \
  X(kNetworkFailed, "NETWORK_FAILED")                              \
  X(kNetworkTimeout, "NETWORK_TIMEOUT")                            \
  X(kConnectionClosed, "CONNECTION_CLOSED")                        \
  X(kProxyUnreachable, "PROXY_UNREACHABLE")                        \
  X(kProxyRefused, "PROXY_REFUSED")                                \
  X(kProxyAuthFailed, "PROXY_AUTH_FAILED")                         \
  X(kProxyNotAllowed, "PROXY_NOT_ALLOWED")                         \
  X(kTlsFailed, "TLS_FAILED")                                      \
  X(kTlsUntrusted, "TLS_UNTRUSTED")                                \
  X(kWebSocketRefused, "WEBSOCKET_REFUSED")                        \
  X(kWebSocketProtocol, "WEBSOCKET_PROTOCOL")                      \
  X(kHttpFailed, "HTTP_FAILED")                                    \
  X(kTargetNotAllowed, "TARGET_NOT_ALLOWED")                       \
  X(kFrameMalformed, "FRAME_MALFORMED")                            \
  X(kFrameTooLarge, "FRAME_TOO_LARGE")                             \
  X(kNodeMalformed, "NODE_MALFORMED")                              \
  X(kNodeTooLarge, "NODE_TOO_LARGE")                               \
  X(kStanzaUnexpected, "STANZA_UNEXPECTED")                        \
  X(kProtobufMalformed, "PROTOBUF_MALFORMED")                      \
  X(kHandshakeMalformed, "HANDSHAKE_MALFORMED")                    \
  X(kHandshakeTimeout, "HANDSHAKE_TIMEOUT")                        \
  X(kDecryptionFailed, "DECRYPTION_FAILED")                        \
  X(kWeakKey, "WEAK_KEY")                                          \
  X(kCounterExhausted, "COUNTER_EXHAUSTED")                        \
  X(kCertificateMalformed, "CERTIFICATE_MALFORMED")                \
  X(kCertificateSignature, "CERTIFICATE_SIGNATURE")                \
  X(kCertificateIssuer, "CERTIFICATE_ISSUER")                      \
  X(kCertificateKeyMismatch, "CERTIFICATE_KEY_MISMATCH")           \
  X(kCertificateNotYetValid, "CERTIFICATE_NOT_YET_VALID")          \
  X(kCertificateExpired, "CERTIFICATE_EXPIRED")                    \
  X(kPairDeviceTimeout, "PAIR_DEVICE_TIMEOUT")                     \
  X(kLoginTimeout, "LOGIN_TIMEOUT")                                \
  X(kKeepaliveTimeout, "KEEPALIVE_TIMEOUT")                        \
  X(kIqTimeout, "IQ_TIMEOUT")                                      \
  X(kIqRejected, "IQ_REJECTED")                                    \
  X(kQrExpired, "QR_EXPIRED")                                      \
  X(kQrNotAvailable, "QR_NOT_AVAILABLE")                           \
  X(kPairingHmacMismatch, "PAIRING_HMAC_MISMATCH")                 \
  X(kPairingSignatureMismatch, "PAIRING_SIGNATURE_MISMATCH")       \
  X(kPairingMalformed, "PAIRING_MALFORMED")                        \
  X(kPairingRefused, "PAIRING_REFUSED")                            \
  X(kPairingBadRequest, "PAIRING_BAD_REQUEST")                     \
  X(kPairingThrottled, "PAIRING_THROTTLED")                        \
  X(kPairingUnavailable, "PAIRING_UNAVAILABLE")                    \
  X(kPairingCodeExpired, "PAIRING_CODE_EXPIRED")                   \
  X(kPairingUnanswered, "PAIRING_UNANSWERED")                      \
  X(kPasskeyRequired, "PASSKEY_REQUIRED")                          \
  X(kPasskeyNotRequested, "PASSKEY_NOT_REQUESTED")                 \
  X(kPasskeyRejected, "PASSKEY_REJECTED")                          \
  X(kPasskeyConfirmationRequired, "PASSKEY_CONFIRMATION_REQUIRED") \
  X(kSignalNoSession, "SIGNAL_NO_SESSION")                         \
  X(kSignalNoSenderKey, "SIGNAL_NO_SENDER_KEY")                    \
  X(kSignalUnknownPrekey, "SIGNAL_UNKNOWN_PREKEY")                 \
  X(kSignalDuplicate, "SIGNAL_DUPLICATE")                          \
  X(kSignalInvalidMessage, "SIGNAL_INVALID_MESSAGE")               \
  X(kSignalInvalidKey, "SIGNAL_INVALID_KEY")                       \
  X(kSignalMalformed, "SIGNAL_MALFORMED")                          \
  X(kSignalVersion, "SIGNAL_VERSION")                              \
  X(kSignalPadding, "SIGNAL_PADDING")                              \
  X(kAppStateMismatch, "APP_STATE_MISMATCH")                       \
  X(kAppStateKeyMissing, "APP_STATE_KEY_MISSING")                  \
  X(kNotConnected, "NOT_CONNECTED")                                \
  X(kNotOnWhatsApp, "NOT_ON_WHATSAPP")                             \
  X(kMessageNotFound, "MESSAGE_NOT_FOUND")                         \
  X(kMediaNotAvailable, "MEDIA_NOT_AVAILABLE")                     \
  X(kSendNoDevice, "SEND_NO_DEVICE")                               \
  X(kSendRefused, "SEND_REFUSED")                                  \
  X(kSendForbidden, "SEND_FORBIDDEN")                              \
  X(kSendStaleAddressing, "SEND_STALE_ADDRESSING")                 \
  X(kSendRateLimited, "SEND_RATE_LIMITED")                         \
  X(kSendReachOutLocked, "SEND_REACH_OUT_LOCKED")                  \
  X(kSendNewChatLimit, "SEND_NEW_CHAT_LIMIT")                      \
  X(kSendTimeout, "SEND_TIMEOUT")                                  \
  X(kSendUnconfirmed, "SEND_UNCONFIRMED")                          \
  X(kMediaGone, "MEDIA_GONE")                                      \
  X(kMediaDamaged, "MEDIA_DAMAGED")                                \
  X(kMediaUnavailable, "MEDIA_UNAVAILABLE")                        \
  X(kHistoryMalformed, "HISTORY_MALFORMED")                        \
  X(kHistoryTooLarge, "HISTORY_TOO_LARGE")                         \
  X(kHistoryUnanswered, "HISTORY_UNANSWERED")                      \
  X(kSuperseded, "SUPERSEDED")                                     \
  X(kMultideviceUnsupported, "MULTIDEVICE_UNSUPPORTED")            \
  X(kLoggedOut, "LOGGED_OUT")                                      \
  X(kAccountLocked, "ACCOUNT_LOCKED")                              \
  X(kBanned, "BANNED")                                             \
  X(kTemporarilyBanned, "TEMPORARILY_BANNED")                      \
  X(kClientOutdated, "CLIENT_OUTDATED")                            \
  X(kVersionUnavailable, "VERSION_UNAVAILABLE")                    \
  X(kClientRefused, "CLIENT_REFUSED")                              \
  X(kServerError, "SERVER_ERROR")                                  \
  X(kStreamReplaced, "STREAM_REPLACED")                            \
  X(kStreamError, "STREAM_ERROR")                                  \
  X(kRestartRequired, "RESTART_REQUIRED")                          \
  X(kInstanceDeleted, "INSTANCE_DELETED")                          \
  X(kStoreUnavailable, "STORE_UNAVAILABLE")                        \
  X(kStoreCorrupt, "STORE_CORRUPT")                                \
  X(kStoreInUse, "STORE_IN_USE")                                   \
  X(kMasterKeyMissing, "MASTER_KEY_MISSING")                       \
  X(kRecordingDiffers, "RECORDING_DIFFERS")                        \
  X(kConfigInvalid, "CONFIG_INVALID")

/// What went wrong, one enumerator per cause.
enum class Cause {
#define PONTE_CAUSE_ENUMERATOR(name, text) name,
  PONTE_CAUSES(PONTE_CAUSE_ENUMERATOR)
#undef PONTE_CAUSE_ENUMERATOR
};

/// The stable UPPER_SNAKE name of a cause (`error.code` of the REST contract).
std::string_view cause_name(Cause cause);
/// The cause of that name; nullopt for a name that is none.
std::optional<Cause> cause_from_name(std::string_view name);

/// Why something failed. `message` says what was expected and what came; it never holds key material.
struct Error {
  Errc code = Errc::kInternal;
  Cause cause = Cause::kInternal;
  std::string message;
  /// When a retry makes sense, where the peer or a limit said so.
  std::optional<std::chrono::seconds> retry_after = std::nullopt;
};

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT(google-explicit-constructor)
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(google-explicit-constructor)

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & { return *std::get_if<0>(&checked()); }
  const T& value() const& { return *std::get_if<0>(&checked()); }
  T&& value() && { return std::move(*std::get_if<0>(&checked())); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const& {
    assert(!ok());
    return *std::get_if<1>(&state_);
  }
  Error&& error() && {
    assert(!ok());
    return std::move(*std::get_if<1>(&state_));
  }

 private:
  auto& checked() {
    assert(ok());
    return state_;
  }
  const auto& checked() const {
    assert(ok());
    return state_;
  }
  std::variant<T, Error> state_;
};

/// Success, or an Error.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Error error) : error_(std::move(error)) {}  // NOLINT(google-explicit-constructor)
  static Status Ok() { return {}; }

  bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  const Error& error() const& {
    assert(!ok());
    return *error_;
  }
  Error&& error() && {
    assert(!ok());
    return std::move(*error_);
  }

 private:
  std::optional<Error> error_;
};

}  // namespace ponte

#define PONTE_CONCAT_INNER(a, b) a##b
#define PONTE_CONCAT(a, b) PONTE_CONCAT_INNER(a, b)

/// Returns the error of a Status expression from the enclosing function.
#define PONTE_TRY(expression)                                                                         \
  do {                                                                                                \
    if (auto ponte_status = (expression); !ponte_status.ok()) return std::move(ponte_status).error(); \
  } while (false)

/// `PONTE_ASSIGN(auto name, expression)`: the value of a Result, or return its error.
#define PONTE_ASSIGN(declaration, expression) \
  PONTE_ASSIGN_IMPL(PONTE_CONCAT(ponte_result_, __LINE__), declaration, expression)
#define PONTE_ASSIGN_IMPL(temporary, declaration, expression) \
  auto temporary = (expression);                              \
  if (!temporary.ok()) return std::move(temporary).error();   \
  declaration = std::move(temporary).value()
