#include "protocol/media/envelope.h"

#include "base/hex.h"
#include "support/vectors.h"

namespace ponte::protocol::media {
namespace {

using test::vector_bytes;

class Envelope : public ::testing::Test {
 protected:
  VecFile vectors_ = test::load_vectors("media/envelope.vec");
  Secret<32> key_ = Secret<32>::from(vector_bytes(vectors_, "media_key"));
  Bytes plain_ = vector_bytes(vectors_, "image_plain");
  Bytes file_ = vector_bytes(vectors_, "image_file");
  FileDigests digests_{to_array<32>(vector_bytes(vectors_, "image_sealed_sha256")),
                       to_array<32>(vector_bytes(vectors_, "image_plain_sha256")), 11};

  void expect_damaged(const Bytes& file, const FileDigests& expected, const std::string& what,
                      MediaType type = MediaType::kImage) {
    const auto opened = open_file(file, key_, type, expected);
    ASSERT_FALSE(opened.ok()) << what;
    EXPECT_EQ(opened.error().code, Errc::kUntrusted) << what;
    EXPECT_EQ(opened.error().cause, Cause::kMediaDamaged) << what;
    EXPECT_EQ(opened.error().message.find(to_hex(key_.view()).substr(0, 8)), std::string::npos);
  }
};

TEST_F(Envelope, DerivesTheKeysOfTheVectors) {
  const std::pair<MediaType, const char*> types[] = {
      {MediaType::kImage, "expanded_image"},       {MediaType::kSticker, "expanded_image"},
      {MediaType::kVideo, "expanded_video"},       {MediaType::kAudio, "expanded_audio"},
      {MediaType::kDocument, "expanded_document"}, {MediaType::kHistory, "expanded_history"},
      {MediaType::kAppState, "expanded_app_state"}};
  for (const auto& [type, name] : types) {
    const Bytes expanded = vector_bytes(vectors_, name);
    const MediaKeys keys = expand_media_key(key_, type);
    EXPECT_EQ(to_hex(concat({keys.iv, keys.cipher.view(), keys.mac.view()})), to_hex(ByteView(expanded).first(80)))
        << name;
  }
}

TEST_F(Envelope, OpensAndSealsTheVectors) {
  const auto opened = open_file(file_, key_, MediaType::kImage, digests_);
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  EXPECT_EQ(*opened, plain_);
  const SealedFile sealed = seal_file(plain_, key_, MediaType::kImage);
  EXPECT_EQ(to_hex(sealed.file), to_hex(file_));
  EXPECT_EQ(sealed.digests, digests_);

  const auto chunk = open_file(vector_bytes(vectors_, "history_file"), key_, MediaType::kHistory, {});
  ASSERT_TRUE(chunk.ok()) << chunk.error().message;
  EXPECT_EQ(*chunk, vector_bytes(vectors_, "history_zlib"));
}

TEST_F(Envelope, RefusesEveryFlippedBitWithAndWithoutDigests) {
  for (const Bytes& damaged : test::bit_flips(file_)) {
    expect_damaged(damaged, digests_, "with digests");
    expect_damaged(damaged, {}, "by the MAC alone");
  }
}

TEST_F(Envelope, RefusesEveryTruncationAndWhatIsLonger) {
  for (const Bytes& damaged : test::truncations(file_)) {
    expect_damaged(damaged, digests_, std::to_string(damaged.size()));
    expect_damaged(damaged, {}, std::to_string(damaged.size()));
  }
  Bytes longer = file_;
  longer.push_back(0);
  expect_damaged(longer, digests_, "longer");
  expect_damaged(longer, {}, "longer");
}

TEST_F(Envelope, RefusesAnotherFileThanTheMessageNames) {
  FileDigests other = digests_;
  other.sealed_sha256->front() ^= 1;
  expect_damaged(file_, other, "digest of the file");
  other = digests_;
  other.plain_sha256->front() ^= 1;
  expect_damaged(file_, other, "digest of the plaintext");
  for (const std::uint64_t length : {10, 12, 15, 16, 0}) {
    other = digests_;
    other.plain_length = length;
    expect_damaged(file_, other, "length " + std::to_string(length));
  }
}

TEST_F(Envelope, RefusesAnotherKeyAndAnotherType) {
  expect_damaged(file_, {}, "type", MediaType::kVideo);
  Secret<32> other = key_.copy();
  other.mutable_view()[31] ^= 1;
  EXPECT_EQ(open_file(file_, other, MediaType::kImage, {}).error().cause, Cause::kMediaDamaged);
}

TEST_F(Envelope, TakesFilesOfEveryLengthThereAndBack) {
  for (std::size_t size = 0; size < 70; ++size) {
    const Bytes plain(size, static_cast<std::uint8_t>(size));
    SealedFile sealed = seal_file(plain, key_, MediaType::kDocument);
    EXPECT_EQ(sealed.file.size(), sealed_length(size));
    const auto opened = open_file(std::move(sealed.file), key_, MediaType::kDocument, sealed.digests);
    ASSERT_TRUE(opened.ok()) << size;
    EXPECT_EQ(*opened, plain);
  }
}

TEST(MediaType, HasNamesForTheHosts) {
  EXPECT_EQ(mms_type(MediaType::kHistory), "md-msg-hist");
  EXPECT_EQ(mms_type(MediaType::kAppState), "md-app-state");
  EXPECT_EQ(mms_type(MediaType::kLinkThumbnail), "thumbnail-link");
  EXPECT_EQ(mms_type(MediaType::kSticker), "image");
  EXPECT_EQ(key_info(MediaType::kLinkThumbnail), "WhatsApp Link Thumbnail Keys");
}

}  // namespace
}  // namespace ponte::protocol::media
