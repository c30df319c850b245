// Files as media hosts have them: sealed (wire: messages.md 6.1).
#pragma once

#include <string_view>

#include "base/bytes.h"
#include "base/secret.h"

namespace ponte::simulator {

struct SealedMedia {
  Bytes file;
  ByteArray<32> plain_sha256{};
  ByteArray<32> sealed_sha256{};
};

/// `info` is the name of the kind of file, such as `WhatsApp History Keys`.
SealedMedia seal_media(ByteView plaintext, const Secret<32>& media_key, std::string_view info);

}  // namespace ponte::simulator
