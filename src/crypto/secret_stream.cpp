#include "crypto/secret_stream.h"

#include <sodium.h>

#include "crypto/algorithms.h"
#include "crypto/digest.h"

namespace ponte::crypto {
namespace {

static_assert(kStreamOverhead == crypto_secretstream_xchacha20poly1305_ABYTES);
static_assert(std::tuple_size_v<StreamHeader> == crypto_secretstream_xchacha20poly1305_HEADERBYTES);

struct WipedState {
  WipedState() = default;
  WipedState(const WipedState&) = delete;
  WipedState& operator=(const WipedState&) = delete;
  ~WipedState() { sodium_memzero(&stream, sizeof(stream)); }

  crypto_secretstream_xchacha20poly1305_state stream{};
};

Error not_opened() {
  return {Errc::kUntrusted, Cause::kDecryptionFailed, "a chunk does not open: another key, or damage"};
}

}  // namespace

struct SecretStreamSealer::State : WipedState {};
struct SecretStreamOpener::State : WipedState {};

SecretStreamSealer::SecretStreamSealer(const Secret<32>& key) : state_(std::make_unique<State>()) {
  initialize();
  require(crypto_secretstream_xchacha20poly1305_init_push(&state_->stream, header_.data(), key.view().data()) == 0,
          "secretstream");
}
SecretStreamSealer::SecretStreamSealer(SecretStreamSealer&&) noexcept = default;
SecretStreamSealer& SecretStreamSealer::operator=(SecretStreamSealer&&) noexcept = default;
SecretStreamSealer::~SecretStreamSealer() = default;

Bytes SecretStreamSealer::seal(ByteView plaintext, ByteView associated_data, ChunkKind kind) {
  Bytes out(plaintext.size() + kStreamOverhead);
  const unsigned char tag = kind == ChunkKind::kLast ? crypto_secretstream_xchacha20poly1305_TAG_FINAL
                                                     : crypto_secretstream_xchacha20poly1305_TAG_MESSAGE;
  require(crypto_secretstream_xchacha20poly1305_push(&state_->stream, out.data(), nullptr, plaintext.data(),
                                                     plaintext.size(), associated_data.data(), associated_data.size(),
                                                     tag) == 0,
          "secretstream");
  return out;
}

SecretStreamOpener::SecretStreamOpener(const Secret<32>& key, const StreamHeader& header)
    : state_(std::make_unique<State>()) {
  initialize();
  require(crypto_secretstream_xchacha20poly1305_init_pull(&state_->stream, header.data(), key.view().data()) == 0,
          "secretstream");
}
SecretStreamOpener::SecretStreamOpener(SecretStreamOpener&&) noexcept = default;
SecretStreamOpener& SecretStreamOpener::operator=(SecretStreamOpener&&) noexcept = default;
SecretStreamOpener::~SecretStreamOpener() = default;

Result<OpenedChunk> SecretStreamOpener::open(ByteView chunk, ByteView associated_data) {
  if (chunk.size() < kStreamOverhead) return not_opened();
  Bytes plaintext(chunk.size() - kStreamOverhead);
  unsigned char tag = 0;
  if (crypto_secretstream_xchacha20poly1305_pull(&state_->stream, plaintext.data(), nullptr, &tag, chunk.data(),
                                                 chunk.size(), associated_data.data(), associated_data.size()) != 0)
    return not_opened();
  OpenedChunk opened{SecretBytes(std::move(plaintext)), ChunkKind::kMore};
  if (tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL) opened.kind = ChunkKind::kLast;
  return opened;
}

}  // namespace ponte::crypto
