#include "portable/export_file.h"

#include <algorithm>
#include <utility>

#include "base/reader.h"
#include "base/secret.h"
#include "base/writer.h"

namespace ponte::portable {
namespace {

constexpr std::uint64_t kVersion = 1;
constexpr std::uint64_t kArgon2id = 1;

Error unsupported(std::string what) {
  return {Errc::kUnsupported, Cause::kInvalidField, std::move(what)};
}

Error not_opened() {
  return {Errc::kUntrusted, Cause::kDecryptionFailed, "wrong passphrase, or the file is damaged"};
}

}  // namespace

Bytes write_header(const Header& header) {
  Writer writer;
  writer.bytes(as_bytes(kMagic));
  writer.big_endian(kVersion, 2);
  writer.big_endian(kArgon2id, 2);
  writer.big_endian(header.cost.passes, 4);
  writer.big_endian(header.cost.memory_kib, 4);
  writer.bytes(header.salt);
  writer.bytes(header.stream);
  return std::move(writer).take();
}

Result<Header> parse_header(ByteView bytes) {
  Reader reader(bytes);
  const auto magic = reader.take(kMagic.size());
  if (!magic || as_text(*magic) != kMagic) return unsupported("it is no file that `ponte export` wrote");
  const auto version = reader.big_endian(2);
  const auto derivation = reader.big_endian(2);
  if (version && *version != kVersion) {
    return unsupported("it is an export of version " + std::to_string(*version) +
                       ", and this program knows version 1." +
                       (*version > kVersion ? " Use the program that is as new as the one that wrote it" : ""));
  }
  if (derivation && *derivation != kArgon2id)
    return unsupported("its key is derived in a way that is not known here: number " + std::to_string(*derivation));
  const auto passes = reader.big_endian(4);
  const auto memory = reader.big_endian(4);
  const auto salt = reader.take(std::tuple_size_v<crypto::PassphraseSalt>);
  const auto stream = reader.take(std::tuple_size_v<crypto::StreamHeader>);
  if (!passes || !memory || !salt || !stream) {
    return malformed("its header is cut off: expected " + std::to_string(kHeaderSize) + " bytes, got " +
                     std::to_string(bytes.size()));
  }
  Header header;
  header.cost = {static_cast<std::uint32_t>(*passes), static_cast<std::uint32_t>(*memory)};
  header.salt = to_array<16>(*salt);
  header.stream = to_array<24>(*stream);
  return header;
}

// ---- writing ----------------------------------------------------------------------------------------

Result<ExportWriter> ExportWriter::create(const std::string& path, ByteView passphrase,
                                          const crypto::PassphraseCost& cost, RandomSource& random) {
  PONTE_ASSIGN(NewFile file, NewFile::create(path));
  Header header;
  header.cost = cost;
  header.salt = random.array<16>();
  PONTE_ASSIGN(const Secret<32> key, crypto::key_of_passphrase(passphrase, header.salt, cost));
  ExportWriter writer(std::move(file), crypto::SecretStreamSealer(key));
  header.stream = writer.sealer_.header();
  writer.header_ = write_header(header);
  writer.pending_.reserve(kChunkSize);
  PONTE_TRY(writer.file_.write(writer.header_));
  return writer;
}

ExportWriter::~ExportWriter() {
  wipe(pending_);
}

Status ExportWriter::seal(ByteView plaintext, crypto::ChunkKind kind) {
  return file_.write(sealer_.seal(plaintext, header_, kind));
}

Status ExportWriter::put(Part part, std::string_view key, ByteView value) {
  if (key.size() > kLongestKey || value.size() > kLongestValue) {
    return Error{
        Errc::kUnsupported, Cause::kInvalidField,
        "record " + std::string(key) + " is too long to be exported: " + std::to_string(value.size()) + " bytes"};
  }
  SecretBytes item(write_item(part, key, value));
  ByteView rest = item.view();
  while (!rest.empty()) {
    if (pending_.size() == kChunkSize) {
      PONTE_TRY(seal(pending_, crypto::ChunkKind::kMore));
      wipe(pending_);
      pending_.clear();
    }
    const ByteView now = rest.first(std::min(rest.size(), kChunkSize - pending_.size()));
    append(pending_, now);
    rest = rest.subspan(now.size());
  }
  return Status::Ok();
}

Status ExportWriter::finish() {
  PONTE_TRY(seal(pending_, crypto::ChunkKind::kLast));
  return file_.finish();
}

// ---- reading ----------------------------------------------------------------------------------------

Result<ExportReader> ExportReader::open(const std::string& path, ByteView passphrase) {
  PONTE_ASSIGN(InputFile file, InputFile::open(path));
  PONTE_ASSIGN(Bytes bytes, file.read(0, kHeaderSize));
  PONTE_ASSIGN(const Header header, parse_header(bytes));
  PONTE_ASSIGN(Secret<32> key, crypto::key_of_passphrase(passphrase, header.salt, header.cost));
  return ExportReader(std::move(file), header, std::move(bytes), std::move(key));
}

Status ExportReader::each(UniqueFunction<Status(Item)> take) const {
  crypto::SecretStreamOpener opener(key_, header_.stream);
  ContentReader content;
  std::uint64_t at = kHeaderSize;
  for (bool last = false; !last;) {
    PONTE_ASSIGN(const Bytes chunk, file_.read(at, kChunkSize + crypto::kStreamOverhead));
    at += chunk.size();
    const auto opened = opener.open(chunk, header_bytes_);
    if (!opened.ok()) return not_opened();
    last = opened->kind == crypto::ChunkKind::kLast;
    content.feed(opened->plaintext.view());
    for (;;) {
      PONTE_ASSIGN(std::optional<Item> item, content.next());
      if (!item) break;
      PONTE_TRY(take(std::move(*item)));
    }
  }
  PONTE_ASSIGN(const Bytes behind, file_.read(at, 1));
  if (!behind.empty()) return not_opened();
  return content.finish();
}

}  // namespace ponte::portable
