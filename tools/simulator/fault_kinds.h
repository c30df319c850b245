// The kinds of faults, by the names that the admin API gives them.
#pragma once

#include <optional>
#include <string_view>

#include "simulator/chain.h"
#include "simulator/responder.h"

namespace ponte::simulator {

/// Where a handshake goes wrong.
enum class HandshakeFault {
  kNone,
  kSilent,              ///< ClientHello is never answered
  kDropAfterHello,      ///< the socket closes instead of ServerHello
  kHalfServerHello,     ///< half of ServerHello's frame, then the socket closes
  kGarbageServerHello,  ///< a frame that is no handshake message
  kBadTag,              ///< ServerHello with a flipped bit in its encrypted static
  kDropAfterFinish,     ///< the socket closes once ClientFinish has arrived
  kSilentAfterFinish,   ///< neither pair-device nor success follows
  kGarbageAfterFinish,  ///< a transport frame that does not decrypt
};

/// What is wrong with the refs of pair-device.
enum class RefDefect {
  kNone,
  kHuge,               ///< a mebibyte each, and at most twelve of them
  kControlCharacters,  ///< with line ends, an escape sequence and a zero byte
  kComma,              ///< with the character that separates the fields of a QR text
  kNotText,            ///< bytes that are neither ASCII nor UTF-8
  kEmpty,
};

/// What is wrong with pair-success.
enum class PairSuccessDefect {
  kNone,
  kBadHmac,
  kBadAccountSignature,
  kShortSignatureKey,  ///< accountSignatureKey of 31 bytes
  kShortSignature,     ///< accountSignature of 63 bytes
  kNoIdentity,         ///< device-identity is missing
  kGarbageIdentity,    ///< device-identity is no protobuf
  kNoDevice,           ///< the device node with the JIDs is missing
  kForeignSender,      ///< the iq comes from a user instead of the server
  kTwice,              ///< sent twice
};

/// What is wrong with primary_hello.
enum class CodeDefect {
  kNone,
  kWrongRef,       ///< another ref than companion_hello was answered with
  kShortWrap,      ///< the wrapped ephemeral of 79 bytes
  kNoWrap,         ///< without wrapped ephemeral, as some accounts with a passkey send it (wire: pairing.md 6.5)
  kShortIdentity,  ///< primary_identity_pub of 31 bytes
  kZeroEphemeral,  ///< the wrapped ephemeral opens to zeros: every agreement with it is zero
  kDuplicate,      ///< sent twice
  kLate,           ///< the code may be typed up to ten minutes after companion_hello
  kForeignSender,  ///< the notification comes from a user instead of the server
};

/// What goes wrong where an account demands a passkey.
enum class PasskeyDefect {
  kNone,
  kBadOptions,               ///< passkey_request_options is no JSON
  kNoOptions,                ///< passkey_request_options is missing
  kRefuseAssertion,          ///< every passkey_prologue is answered with 401
  kSilentPrologue,           ///< passkey_prologue is not answered
  kShortPrimaryKey,          ///< the phone's key of 31 bytes
  kShortPrimaryNonce,        ///< the phone's nonce of 31 bytes
  kUnsolicitedContinuation,  ///< a crsc_continuation right after the request, before any passkey_prologue
  kRefuseNonce,              ///< companion_nonce is answered with 400, and the attempt ends
  kSilentAfterConfirmation,  ///< no pair-success follows encrypted_pairing_request
};

/// Inbound messages at which a connection can freeze.
enum class FreezePoint {
  kClientHello,
  kClientFinish,
  kPairDeviceAck,      ///< the answer to pair-device
  kPairSuccessAnswer,  ///< the answer to pair-success, also where it is an error
  kCompanionHello,
  kCompanionFinish,
  kPasskeyPrologue,
  kCompanionNonce,
  kEncryptedPairingRequest,
  kPrekeyUpload,
  kActive,
  kLogout,  ///< remove-companion-device
};

/// How frames are laid into WebSocket messages.
enum class Packing {
  kOneFrame,  ///< one frame in each message, as the server does
  kBytes,     ///< every byte a message of its own
  kRandom,    ///< pieces of 1 to 64 bytes
  kJoined,    ///< all frames of one step in one message
};

std::optional<HandshakeFault> handshake_fault_from_name(std::string_view name);
std::optional<RefDefect> ref_defect_from_name(std::string_view name);
std::optional<PairSuccessDefect> pair_success_defect_from_name(std::string_view name);
std::optional<CodeDefect> code_defect_from_name(std::string_view name);
std::optional<PasskeyDefect> passkey_defect_from_name(std::string_view name);
std::optional<FreezePoint> freeze_point_from_name(std::string_view name);
std::optional<Packing> packing_from_name(std::string_view name);
std::optional<IkAnswer> ik_answer_from_name(std::string_view name);

}  // namespace ponte::simulator
