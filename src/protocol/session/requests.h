// What a session leaves to others: work on a thread, files from the network.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "protocol/media/envelope.h"

namespace ponte::protocol {

using WorkId = std::uint64_t;
using FetchId = std::uint64_t;

/// Make `count` one-time prekeys from `first_id` on, from one seed drawn by the step.
struct GeneratePrekeys {
  std::uint32_t first_id = 0;
  std::uint32_t count = 0;
  ByteArray<32> seed{};
};
/// The key that a pairing code stands for (wire: pairing.md 6.2): PBKDF2 over `code` and `salt`, about 40 ms.
struct DeriveCodeKey {
  std::string code;  ///< 8 symbols
  ByteArray<32> salt{};
};
/// Check and decrypt a file from a media host (wire: messages.md 6.1).
struct OpenMedia {
  media::MediaType type = media::MediaType::kDocument;
  ByteArray<32> media_key{};
  media::FileDigests digests;
  Bytes file;
};
/// CPU work too long for a loop thread. A pure function of its value: run_work.
using WorkRequest = std::variant<GeneratePrekeys, DeriveCodeKey, OpenMedia>;

/// A GET over HTTP.
struct HttpFetch {
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::size_t largest = 0;           ///< bytes of the answer's body; a longer one is an error
  Milliseconds within{Seconds(60)};  ///< to the last byte
};
/// What the host answered, whatever its status.
struct HttpAnswer {
  int status = 0;
  Bytes body;
};

/// Any thread. GeneratePrekeys: `count` key pairs one after the other, each private (32, clamped) then public (32).
/// DeriveCodeKey: 32 bytes. OpenMedia: the plaintext, or kUntrusted/kMediaDamaged.
Result<Bytes> run_work(WorkRequest request);

}  // namespace ponte::protocol
