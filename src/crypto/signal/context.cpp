#include "crypto/signal/context.h"

#include <sodium.h>

#include <climits>
#include <cstring>
#include <utility>

#include "crypto/digest.h"

namespace ponte::crypto {
namespace {

constexpr std::size_t kKeySize = 32;
constexpr std::size_t kBlockSize = 16;

/// A wiped buffer for `size` bytes that are still to come; null where there is no memory.
SignalBuffer new_buffer(std::size_t size) {
  return SignalBuffer(signal_buffer_alloc(size));
}

MutableByteView mutable_view(const SignalBuffer& buffer) {
  return {signal_buffer_data(buffer.get()), signal_buffer_len(buffer.get())};
}

}  // namespace

/// The provider: what libsignal calls. `self` is the SignalContext. A primitive that fails ends the process, as
/// everywhere in crypto/: libsignal reads and releases what a failed init left behind.
struct SignalContext::Callbacks {
  static int random(std::uint8_t* data, std::size_t size, void* self) {
    auto& context = *static_cast<SignalContext*>(self);
    return context.guarded([&] {
      context.random_.fill({data, size});
      return SG_SUCCESS;
    });
  }

  static int hmac_init(void** mac, const std::uint8_t* key, std::size_t size, void* self) {
    static constexpr std::uint8_t kEmptyKey[1] = {};  // EVP_MAC_init takes a null key for "keep the old one"
    MacContext context = std::exchange(static_cast<SignalContext*>(self)->spare_mac_, nullptr);
    if (!context) context.reset(EVP_MAC_CTX_dup(algorithms().hmac_sha256));
    require(context && EVP_MAC_init(context.get(), size > 0 ? key : kEmptyKey, size, nullptr) == 1, "HMAC-SHA256");
    *mac = context.release();
    return SG_SUCCESS;
  }
  static int hmac_update(void* mac, const std::uint8_t* data, std::size_t size, void*) {
    require(EVP_MAC_update(static_cast<EVP_MAC_CTX*>(mac), data, size) == 1, "HMAC-SHA256");
    return SG_SUCCESS;
  }
  static int hmac_final(void* mac, signal_buffer** output, void*) {
    SignalBuffer buffer = new_buffer(32);
    if (!buffer) return SG_ERR_NOMEM;
    std::size_t written = 0;
    require(EVP_MAC_final(static_cast<EVP_MAC_CTX*>(mac), signal_buffer_data(buffer.get()), &written, 32) == 1,
            "HMAC-SHA256");
    *output = buffer.release();
    return SG_SUCCESS;
  }
  static void hmac_cleanup(void* mac, void* self) {
    static_cast<SignalContext*>(self)->spare_mac_.reset(static_cast<EVP_MAC_CTX*>(mac));
  }

  static int sha512_init(void** digest, void*) {
    DigestContext context(EVP_MD_CTX_new());
    require(context && EVP_DigestInit_ex2(context.get(), algorithms().sha512, nullptr) == 1, "SHA-512");
    *digest = context.release();
    return SG_SUCCESS;
  }
  static int sha512_update(void* digest, const std::uint8_t* data, std::size_t size, void*) {
    require(EVP_DigestUpdate(static_cast<EVP_MD_CTX*>(digest), data, size) == 1, "SHA-512");
    return SG_SUCCESS;
  }
  /// Leaves the context ready for the next message (wire: messages.md 1.5).
  static int sha512_final(void* digest, signal_buffer** output, void*) {
    SignalBuffer buffer = new_buffer(64);
    if (!buffer) return SG_ERR_NOMEM;
    auto* context = static_cast<EVP_MD_CTX*>(digest);
    require(EVP_DigestFinal_ex(context, signal_buffer_data(buffer.get()), nullptr) == 1 &&
                EVP_DigestInit_ex2(context, algorithms().sha512, nullptr) == 1,
            "SHA-512");
    *output = buffer.release();
    return SG_SUCCESS;
  }
  static void sha512_cleanup(void* digest, void*) { EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(digest)); }

  struct CipherInput {
    ByteView key;
    ByteView iv;
    ByteView data;
  };

  /// The algorithm for a valid input; null for key sizes that this protocol does not have, and for what is too long.
  static const EVP_CIPHER* algorithm(int cipher, const CipherInput& input) {
    if (input.key.size() != kKeySize || input.iv.size() != kBlockSize || input.data.size() > INT_MAX - kBlockSize) {
      return nullptr;
    }
    if (cipher == SG_CIPHER_AES_CBC_PKCS5) return algorithms().aes256_cbc;
    if (cipher == SG_CIPHER_AES_CTR_NOPADDING) return algorithms().aes256_ctr;
    return nullptr;
  }

  EVP_CIPHER_CTX* started(const EVP_CIPHER* algorithm, const CipherInput& input, int encrypt) {
    if (!context.cipher_) context.cipher_.reset(EVP_CIPHER_CTX_new());
    require(context.cipher_ && EVP_CipherInit_ex2(context.cipher_.get(), algorithm, input.key.data(), input.iv.data(),
                                                  encrypt, nullptr) == 1,
            "AES-256");
    return context.cipher_.get();
  }

  int encrypt(signal_buffer** output, int cipher, const CipherInput& input) {
    const EVP_CIPHER* chosen = algorithm(cipher, input);
    if (chosen == nullptr) return SG_ERR_INVAL;
    const std::size_t size =
        cipher == SG_CIPHER_AES_CBC_PKCS5 ? (input.data.size() / kBlockSize + 1) * kBlockSize : input.data.size();
    SignalBuffer buffer = new_buffer(size);
    if (!buffer) return SG_ERR_NOMEM;
    EVP_CIPHER_CTX* started_context = started(chosen, input, 1);
    const MutableByteView out = mutable_view(buffer);
    int written = 0;
    int last = 0;
    require((input.data.empty() || EVP_CipherUpdate(started_context, out.data(), &written, input.data.data(),
                                                    static_cast<int>(input.data.size())) == 1) &&
                EVP_CipherFinal_ex(started_context, out.data() + written, &last) == 1 &&
                static_cast<std::size_t>(written + last) == size,
            "AES-256 encryption");
    *output = buffer.release();
    return SG_SUCCESS;
  }

  /// SG_ERR_INVALID_MESSAGE for what is not whole blocks or not padded: the peer that holds the key made it so.
  int decrypt(signal_buffer** output, int cipher, const CipherInput& input) {
    const EVP_CIPHER* chosen = algorithm(cipher, input);
    if (chosen == nullptr) return SG_ERR_INVAL;
    if (cipher == SG_CIPHER_AES_CBC_PKCS5 && (input.data.empty() || input.data.size() % kBlockSize != 0)) {
      return SG_ERR_INVALID_MESSAGE;
    }
    // EVP writes up to a block more than what remains.
    const SignalBuffer padded = new_buffer(input.data.size() + kBlockSize);
    if (!padded) return SG_ERR_NOMEM;
    EVP_CIPHER_CTX* started_context = started(chosen, input, 0);
    const MutableByteView out = mutable_view(padded);
    int written = 0;
    int last = 0;
    if ((!input.data.empty() && EVP_CipherUpdate(started_context, out.data(), &written, input.data.data(),
                                                 static_cast<int>(input.data.size())) != 1) ||
        EVP_CipherFinal_ex(started_context, out.data() + written, &last) != 1) {
      return SG_ERR_INVALID_MESSAGE;
    }
    *output = signal_buffer_n_copy(padded.get(), static_cast<std::size_t>(written + last));
    return *output != nullptr ? SG_SUCCESS : SG_ERR_NOMEM;
  }

  static int encrypt_func(signal_buffer** output, int cipher, const std::uint8_t* key, std::size_t key_size,
                          const std::uint8_t* iv, std::size_t iv_size, const std::uint8_t* data, std::size_t size,
                          void* self) {
    return Callbacks{*static_cast<SignalContext*>(self)}.encrypt(output, cipher,
                                                                 {{key, key_size}, {iv, iv_size}, {data, size}});
  }
  static int decrypt_func(signal_buffer** output, int cipher, const std::uint8_t* key, std::size_t key_size,
                          const std::uint8_t* iv, std::size_t iv_size, const std::uint8_t* data, std::size_t size,
                          void* self) {
    return Callbacks{*static_cast<SignalContext*>(self)}.decrypt(output, cipher,
                                                                 {{key, key_size}, {iv, iv_size}, {data, size}});
  }

  SignalContext& context;
};

SignalContext::SignalContext(RandomSource& random) : random_(random) {
  require(signal_context_create(out(context_), this) == SG_SUCCESS, "a libsignal context");
  const signal_crypto_provider provider{
      .random_func = Callbacks::random,
      .hmac_sha256_init_func = Callbacks::hmac_init,
      .hmac_sha256_update_func = Callbacks::hmac_update,
      .hmac_sha256_final_func = Callbacks::hmac_final,
      .hmac_sha256_cleanup_func = Callbacks::hmac_cleanup,
      .sha512_digest_init_func = Callbacks::sha512_init,
      .sha512_digest_update_func = Callbacks::sha512_update,
      .sha512_digest_final_func = Callbacks::sha512_final,
      .sha512_digest_cleanup_func = Callbacks::sha512_cleanup,
      .encrypt_func = Callbacks::encrypt_func,
      .decrypt_func = Callbacks::decrypt_func,
      .user_data = this,
  };
  require(signal_context_set_crypto_provider(get(), &provider) == SG_SUCCESS, "the libsignal crypto provider");
}

void SignalContext::rethrow() {
  if (thrown_) std::rethrow_exception(std::exchange(thrown_, nullptr));
}

}  // namespace ponte::crypto

/// libsignal's own multiplication on the curve is portable C, several times as slow as libsodium's, and is most of what
/// a step of the ratchet or a new session costs. It is a symbol like any other, and those of a program come before
/// those of its libraries: this one is called instead. Where libsignal is bound otherwise, its own is, with the same
/// results.
extern "C" int curve25519_donna(std::uint8_t* out, const std::uint8_t* scalar, const std::uint8_t* point) {
  static constexpr std::uint8_t kBasePoint[32] = {9};
  ponte::crypto::initialize();
  const int computed = std::memcmp(point, kBasePoint, sizeof kBasePoint) == 0 ? crypto_scalarmult_base(out, scalar)
                                                                              : crypto_scalarmult(out, scalar, point);
  // libsodium refuses what libsignal takes: a point of low order, whose product is zero.
  if (computed != 0) std::memset(out, 0, 32);
  return 0;
}
