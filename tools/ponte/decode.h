// `ponte decode`: says what some bytes or a text are, and draws them for people.
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace ponte::tool {

/// Recognises, in this order:
/// - QR texts, prefixed or bare, with five fields or the four of before 2026 (wire: pairing.md 5.2);
/// - hex text (white space and a leading 0x are allowed), which is then read as the bytes it stands for;
/// and of bytes:
/// - the start of a client's stream: prologue, routing block, frames (1.2, 1.3);
/// - a plaintext stanza, with or without flag byte (4), with the protobufs in its leaves;
/// - the protobufs HandshakeMessage, CertChain, ADVSignedDeviceIdentityHMAC, ADVSignedDeviceIdentity,
///   ADVDeviceIdentity, ClientPayload, DeviceProps, ClientPairingProps;
/// - frames with their 3-byte length.
///
/// The first line of the answer names what was found. A certificate's signatures are checked against
/// WhatsApp's root and its validity is shown in UTC, but held against no clock. The ADV secret of a QR
/// text is counted, not shown.
/// kMalformed where nothing fits; the message lists what was tried and why it does not fit.
Result<std::string> decode_any(ByteView input);

}  // namespace ponte::tool
