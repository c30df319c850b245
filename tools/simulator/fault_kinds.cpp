#include "simulator/fault_kinds.h"

#include <array>

namespace ponte::simulator {
namespace {

/// The enumerator at the position of `name`.
template <typename Enum, std::size_t N>
std::optional<Enum> from_name(const std::array<std::string_view, N>& names, std::string_view name) {
  for (std::size_t i = 0; i < N; ++i) {
    if (names[i] == name) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

}  // namespace

std::optional<HandshakeFault> handshake_fault_from_name(std::string_view name) {
  static constexpr std::array<std::string_view, 9> kNames = {"none",
                                                             "silent",
                                                             "drop-after-hello",
                                                             "half-server-hello",
                                                             "garbage-server-hello",
                                                             "bad-tag",
                                                             "drop-after-finish",
                                                             "silent-after-finish",
                                                             "garbage-after-finish"};
  return from_name<HandshakeFault>(kNames, name);
}

std::optional<RefDefect> ref_defect_from_name(std::string_view name) {
  static constexpr std::array<std::string_view, 6> kNames = {"none",  "huge",     "control-characters",
                                                             "comma", "not-text", "empty"};
  return from_name<RefDefect>(kNames, name);
}

std::optional<PairSuccessDefect> pair_success_defect_from_name(std::string_view name) {
  static constexpr std::array<std::string_view, 10> kNames = {"none",
                                                              "bad-hmac",
                                                              "bad-account-signature",
                                                              "short-signature-key",
                                                              "short-signature",
                                                              "no-identity",
                                                              "garbage-identity",
                                                              "no-device",
                                                              "foreign-sender",
                                                              "twice"};
  return from_name<PairSuccessDefect>(kNames, name);
}

std::optional<CodeDefect> code_defect_from_name(std::string_view name) {
  static constexpr std::array<std::string_view, 9> kNames = {"none",      "wrong-ref",      "short-wrap",
                                                             "no-wrap",   "short-identity", "zero-ephemeral",
                                                             "duplicate", "late",           "foreign-sender"};
  return from_name<CodeDefect>(kNames, name);
}

std::optional<PasskeyDefect> passkey_defect_from_name(std::string_view name) {
  static constexpr std::array<std::string_view, 10> kNames = {"none",
                                                              "bad-options",
                                                              "no-options",
                                                              "refuse-assertion",
                                                              "silent-prologue",
                                                              "short-primary-key",
                                                              "short-primary-nonce",
                                                              "unsolicited-continuation",
                                                              "refuse-nonce",
                                                              "silent-after-confirmation"};
  return from_name<PasskeyDefect>(kNames, name);
}

std::optional<FreezePoint> freeze_point_from_name(std::string_view name) {
  static constexpr std::array<std::string_view, 12> kNames = {
      "client-hello",        "client-finish",   "pair-device-ack",
      "pair-success-answer", "companion-hello", "companion-finish",
      "passkey-prologue",    "companion-nonce", "encrypted-pairing-request",
      "prekey-upload",       "active",          "logout"};
  return from_name<FreezePoint>(kNames, name);
}

std::optional<Packing> packing_from_name(std::string_view name) {
  static constexpr std::array<std::string_view, 4> kNames = {"none", "bytes", "random", "join"};
  return from_name<Packing>(kNames, name);
}

std::optional<IkAnswer> ik_answer_from_name(std::string_view name) {
  static constexpr std::array<std::string_view, 5> kNames = {"accept", "fallback", "garbage", "no-payload", "short"};
  return from_name<IkAnswer>(kNames, name);
}

}  // namespace ponte::simulator
