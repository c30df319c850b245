#include "simulator/messaging_media.h"

#include "crypto/cbc.h"
#include "crypto/digest.h"
#include "crypto/kdf.h"

namespace ponte::simulator {

SealedMedia seal_media(ByteView plaintext, const Secret<32>& media_key, std::string_view info) {
  // IV 16, cipher key 32, MAC key 32; the rest serves nothing.
  ByteArray<112> keys;
  crypto::hkdf_sha256(media_key.view(), {}, as_bytes(info), keys);
  const ByteView view(keys);
  const auto iv = to_array<16>(view.first(16));
  SealedMedia out;
  out.file = crypto::aes256_cbc_encrypt(Secret<32>(to_array<32>(view.subspan(16, 32))), iv, plaintext);
  const auto mac = crypto::hmac_sha256(view.subspan(48, 32), iv, out.file);
  append(out.file, ByteView(mac).first(10));
  out.plain_sha256 = crypto::sha256(plaintext);
  out.sealed_sha256 = crypto::sha256(out.file);
  return out;
}

}  // namespace ponte::simulator
