// The file that carries an instance (docs/portable.md): a header in the clear, then sealed chunks.
//
//   "ponte-export"  12 bytes
//   version          2: 1
//   derivation       2: 1, Argon2id 1.3
//   passes           4
//   memory           4, KiB
//   salt            16
//   stream header   24
//   chunks          65536 bytes and 17 more each, the last one shorter or as long
//
// Numbers are big-endian. The header is the associated data of every chunk.
#pragma once

#include <optional>
#include <string>

#include "base/random.h"
#include "base/result.h"
#include "crypto/passphrase.h"
#include "crypto/secret_stream.h"
#include "portable/content.h"
#include "portable/files.h"

namespace ponte::portable {

inline constexpr std::size_t kHeaderSize = 64;
inline constexpr std::size_t kChunkSize = 65536;
inline constexpr std::string_view kMagic = "ponte-export";

struct Header {
  crypto::PassphraseCost cost;
  crypto::PassphraseSalt salt{};
  crypto::StreamHeader stream{};
};

Bytes write_header(const Header& header);
/// kUnsupported/kInvalidField: no such file, or one of a version that is not known here; kMalformed/kInvalidField: a
/// cost beyond crypto::kHighestPassphraseCost.
Result<Header> parse_header(ByteView bytes);

/// Seals items into a file. The file is nowhere before `finish`.
class ExportWriter {
 public:
  /// Blocks while the key is derived. Errors of NewFile and of key_of_passphrase.
  static Result<ExportWriter> create(const std::string& path, ByteView passphrase, const crypto::PassphraseCost& cost,
                                     RandomSource& random);
  ExportWriter(ExportWriter&&) = default;
  ExportWriter& operator=(ExportWriter&&) = delete;
  ~ExportWriter();

  Status put(Part part, std::string_view key, ByteView value);
  /// The last chunk; then the file is there, whole and on disk.
  Status finish();

 private:
  ExportWriter(NewFile file, crypto::SecretStreamSealer sealer) : file_(std::move(file)), sealer_(std::move(sealer)) {}
  Status seal(ByteView plaintext, crypto::ChunkKind kind);

  NewFile file_;
  crypto::SecretStreamSealer sealer_;
  Bytes header_;
  Bytes pending_;  ///< at most a chunk
};

/// Opens such a file. Reads it from the beginning as often as is asked; the key is derived once.
class ExportReader {
 public:
  /// Blocks while the key is derived. Errors of InputFile, parse_header and key_of_passphrase.
  static Result<ExportReader> open(const std::string& path, ByteView passphrase);

  /// Hands over every item, in order. kUntrusted/kDecryptionFailed where a chunk does not open, or the last one is
  /// missing or not the last: a wrong passphrase, or damage. Errors of ContentReader, and those of `take`.
  Status each(UniqueFunction<Status(Item)> take) const;

 private:
  ExportReader(InputFile file, Header header, Bytes header_bytes, Secret<32> key)
      : file_(std::move(file)), header_(header), header_bytes_(std::move(header_bytes)), key_(std::move(key)) {}

  InputFile file_;
  Header header_;
  Bytes header_bytes_;
  Secret<32> key_;
};

}  // namespace ponte::portable
