#include "portable/export_file.h"

#include <sys/stat.h>

#include "fixture.h"
#include "support/vectors.h"

namespace ponte::portable {
namespace {

class PortableExport : public ::testing::Test {
 protected:
  void SetUp() override {
    store_ = store_with_instance();
    path_ = folder_ / "sales.ponte";
    export_to(path_, *store_);
    file_ = read_whole(path_);
  }

  /// What an import of that file into an empty store is refused with; it must have changed nothing.
  std::string refusal(ByteView file, const std::string& passphrase = kPassphrase) {
    const std::string path = folder_ / "damaged";
    write_whole(path, file);
    store::MemoryStore store;
    const auto imported = import_from(path, store, "", passphrase);
    EXPECT_TRUE(is_empty(store));
    return imported.ok() ? "none" : imported.error().message;
  }

  /// A whole file of these items, sealed as an export is.
  std::string sealed(std::initializer_list<Bytes> items) {
    const std::string path = folder_ / "sealed";
    std::filesystem::remove(path);
    const Secret<32> key = *crypto::key_of_passphrase(as_bytes(kPassphrase), {}, kCheap);
    crypto::SecretStreamSealer sealer(key);
    const Bytes header = write_header({kCheap, {}, sealer.header()});
    Bytes content;
    for (const Bytes& item : items) append(content, item);
    write_whole(path, concat({header, sealer.seal(content, header, crypto::ChunkKind::kLast)}));
    return path;
  }

  std::string import_error(const std::string& path) {
    store::MemoryStore store;
    const auto imported = import_from(path, store);
    EXPECT_TRUE(is_empty(store));
    return imported.ok() ? "none" : imported.error().message;
  }

  Folder folder_;
  std::unique_ptr<store::MemoryStore> store_;
  std::string path_;
  Bytes file_;
};

TEST_F(PortableExport, BringsEveryRecordToAnotherStore) {
  store::MemoryStore other;
  const auto imported = import_from(path_, other);
  ASSERT_TRUE(imported.ok()) << imported.error().message;
  EXPECT_EQ(records_of_instance(other), records_of_instance(*store_));
  EXPECT_FALSE(records_of_instance(other).empty());

  const auto before = *store::get_instance({*store_, store::kSystem}, kInstanceId);
  auto after = *store::get_instance({other, store::kSystem}, kInstanceId);
  ASSERT_TRUE(before && after);
  EXPECT_EQ(*after, *imported);
  EXPECT_NE(after->token, before->token);
  EXPECT_GE(after->token.size(), 32u);
  after->token = before->token;
  EXPECT_EQ(*after, *before);
  // The new token leads to it, and so does the name.
  store::Transaction system(other, store::kSystem);
  test::SeededRandom random(4);
  const auto hash = store::hash_token(*store::get_or_make_token_hash_key(system, random), imported->token);
  EXPECT_EQ(*store::find_instance_by_token(system, hash), kInstanceId);
  EXPECT_EQ(*store::find_instance_by_name(system, "sales"), kInstanceId);
}

TEST_F(PortableExport, CountsWhatItCarries) {
  std::filesystem::remove(path_);
  const ExportCounts counts = export_to(path_, *store_);
  EXPECT_EQ(counts.name, "sales");
  EXPECT_TRUE(counts.linked);
  EXPECT_EQ(counts.device_records, records_of_instance(*store_).size() - 5);
  EXPECT_EQ(counts.webhooks, 1u);
  EXPECT_EQ(counts.events, 1u);
}

TEST_F(PortableExport, IsForItsOwnersEyes) {
  struct stat facts {};
  ASSERT_EQ(::stat(path_.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777u, 0600u);
  const std::string text = to_text(file_);
  for (const std::string_view word : {"sales", "example.com", "the-token", "5511987654321", "credentials"})
    EXPECT_EQ(text.find(word), std::string::npos) << word;
  EXPECT_FALSE(exists(path_ + ".ponte-part"));
}

TEST_F(PortableExport, IsNotWrittenOverAnything) {
  test::SeededRandom random(5);
  const auto again = ExportWriter::create(path_, as_bytes(kPassphrase), kCheap, random);
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code, Errc::kAlreadyExists);
  EXPECT_EQ(read_whole(path_), file_);
  // One that came meanwhile.
  auto writer = ExportWriter::create(folder_ / "late", as_bytes(kPassphrase), kCheap, random);
  ASSERT_TRUE(writer.ok());
  write_whole(folder_ / "late", as_bytes("mine"));
  ASSERT_TRUE(put_instance(*writer, *store_, "sales").ok());
  EXPECT_FALSE(writer->finish().ok());
  EXPECT_EQ(to_text(read_whole(folder_ / "late")), "mine");
}

TEST_F(PortableExport, LeavesNothingWhereItIsNotFinished) {
  {
    test::SeededRandom random(5);
    auto writer = ExportWriter::create(folder_ / "half", as_bytes(kPassphrase), kCheap, random);
    ASSERT_TRUE(writer.ok());
    ASSERT_TRUE(put_instance(*writer, *store_, "sales").ok());
    const auto missing = put_instance(*writer, *store_, "nobody");
    ASSERT_FALSE(missing.ok());
    EXPECT_EQ(missing.error().cause, Cause::kInstanceNotFound);
  }
  EXPECT_FALSE(exists(folder_ / "half"));
  EXPECT_FALSE(exists(folder_ / "half.ponte-part"));
}

TEST_F(PortableExport, RefusesEveryBitOfItsHeader) {
  for (const Bytes& damaged : test::bit_flips(ByteView(file_).first(kHeaderSize))) {
    // A cost within the bounds is believed, and gives another key; a great one is not tried here.
    const auto header = parse_header(damaged);
    if (header.ok() && header->cost.memory_kib > 100'000) continue;
    EXPECT_NE(refusal(concat({damaged, ByteView(file_).subspan(kHeaderSize)})), "none");
  }
}

TEST_F(PortableExport, RefusesDamageAnywhere) {
  for (std::size_t at = kHeaderSize; at < file_.size(); at += 13) {
    Bytes damaged = file_;
    damaged[at] ^= 0x10;
    EXPECT_EQ(refusal(damaged), "wrong passphrase, or the file is damaged") << at;
  }
}

TEST_F(PortableExport, RefusesEveryTruncationAndWhatIsAppended) {
  for (std::size_t size = 0; size < file_.size(); ++size)
    ASSERT_NE(refusal(ByteView(file_).first(size)), "none") << size;
  EXPECT_EQ(refusal(concat({file_, ByteArray<1>{}})), "wrong passphrase, or the file is damaged");
  EXPECT_EQ(refusal(concat({file_, file_})), "wrong passphrase, or the file is damaged");
}

TEST_F(PortableExport, SaysTheSameOfAWrongPassphrase) {
  EXPECT_EQ(refusal(file_, "correct horse battery stapl"), "wrong passphrase, or the file is damaged");
  EXPECT_EQ(refusal(file_, ""), "wrong passphrase, or the file is damaged");
}

TEST_F(PortableExport, RefusesOtherVersionsByName) {
  Bytes other = file_;
  other[13] = 2;
  EXPECT_NE(refusal(other).find("version 2"), std::string::npos);
  other = file_;
  other[15] = 9;
  EXPECT_NE(refusal(other).find("number 9"), std::string::npos);
  other = file_;
  other[0] = 'P';
  EXPECT_NE(refusal(other).find("no file that `ponte export` wrote"), std::string::npos);
  EXPECT_NE(refusal({}).find("no file that `ponte export` wrote"), std::string::npos);
}

TEST_F(PortableExport, RefusesACostThatIsADemand) {
  const auto with_cost = [this](std::size_t at, std::uint8_t byte) {
    Bytes hostile = file_;
    hostile[at] = byte;
    return refusal(hostile);
  };
  EXPECT_NE(with_cost(16, 0x7F).find("expected 1 to 16 passes"), std::string::npos);
  EXPECT_NE(with_cost(19, 17).find("expected 1 to 16 passes"), std::string::npos);
  EXPECT_NE(with_cost(20, 0xFF).find("KiB"), std::string::npos);  // four terabytes
}

TEST_F(PortableExport, RefusesRecordsOfAnotherSchema) {
  const Bytes instance = write_item(Part::kInstance, kInstanceId, {});
  EXPECT_NE(import_error(sealed({write_item(Part::kSchema, "", ByteArray<4>{0, 0, 0, 2}), instance})).find("version 2"),
            std::string::npos);
  EXPECT_NE(import_error(sealed({write_item(Part::kSchema, "", ByteArray<3>{0, 0, 1}), instance})).find("is none"),
            std::string::npos);
}

TEST_F(PortableExport, RefusesWhatIsNoRecord) {
  const Bytes schema = write_item(Part::kSchema, "", ByteArray<4>{0, 0, 0, 1});
  const auto item = [](Part part, std::string_view key, const Bytes& value) { return write_item(part, key, value); };
  EXPECT_NE(import_error(sealed({schema, item(Part::kInstance, kInstanceId, {0xFF})})), "none");
  EXPECT_NE(import_error(sealed({schema, item(Part::kInstance, kInstanceId, {})})), "none");
  EXPECT_NE(import_error(sealed({schema})), "none");

  // The real record of the instance, and damaged ones behind it.
  Bytes instance;
  const auto reader = ExportReader::open(path_, as_bytes(kPassphrase));
  ASSERT_TRUE(reader.ok());
  ASSERT_TRUE(reader
                  ->each([&](Item one) {
                    if (one.part == Part::kInstance) instance = write_item(one.part, one.key, one.value);
                    return Status::Ok();
                  })
                  .ok());
  EXPECT_NE(import_error(sealed({schema, instance, item(Part::kDevice, "../x", {})})), "none");
  for (const std::string_view key : {"account", "credentials", "prekey/000001", "prekey_state"})
    EXPECT_NE(import_error(sealed({schema, instance, item(Part::kDevice, key, {0xFF, 0x01})})), "none") << key;
  EXPECT_NE(import_error(sealed({schema, instance, item(Part::kWebhooks, "webhook/6d", {0xFF})})), "none");
  store::MemoryStore store;
  EXPECT_TRUE(import_from(sealed({schema, instance}), store).ok()) << "one that was never linked";
}

}  // namespace
}  // namespace ponte::portable
