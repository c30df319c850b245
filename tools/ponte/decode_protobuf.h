// Recognising and drawing the protobufs of connection and pairing.
//
// Protobuf parsers accept nearly anything, so each function also asks for the fields and sizes that the
// message always has. All return kMalformed with the reason where the bytes are something else.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "ponte/outline.h"

namespace ponte::tool {

Status draw_handshake_message(ByteView bytes, Outline& out);
Status draw_certificate_chain(ByteView bytes, Outline& out);
Status draw_signed_device_identity_hmac(ByteView bytes, Outline& out);
Status draw_signed_device_identity(ByteView bytes, Outline& out);
Status draw_device_identity(ByteView bytes, Outline& out);
Status draw_client_payload(ByteView bytes, Outline& out);
Status draw_device_props(ByteView bytes, Outline& out);
Status draw_client_pairing_props(ByteView bytes, Outline& out);

}  // namespace ponte::tool
