#include "protocol/appstate/keys.h"

#include "base/hex.h"
#include "support/vectors.h"

namespace ponte::protocol::appstate {
namespace {

TEST(MutationKeys, MatchTheVectors) {
  const VecFile file = test::load_vectors("appstate/collection.vec");
  const MutationKeys keys = MutationKeys::derive(test::vector_bytes(file, "key_data"));
  EXPECT_EQ(to_hex(keys.index.view()), test::vector_text(file, "index_key"));
  EXPECT_EQ(to_hex(keys.value_encryption.view()), test::vector_text(file, "value_encryption_key"));
  EXPECT_EQ(to_hex(keys.value_mac.view()), test::vector_text(file, "value_mac_key"));
  EXPECT_EQ(to_hex(keys.snapshot_mac.view()), test::vector_text(file, "snapshot_mac_key"));
  EXPECT_EQ(to_hex(keys.patch_mac.view()), test::vector_text(file, "patch_mac_key"));
}

TEST(KeyRing, FindsKeysByTheirWholeId) {
  KeyRing ring;
  ring.add(Bytes{1, 2}, Bytes(32, 7));
  EXPECT_NE(ring.find(Bytes{1, 2}), nullptr);
  EXPECT_EQ(ring.find(Bytes{1}), nullptr);
  EXPECT_EQ(ring.find(Bytes{1, 2, 0}), nullptr);
  EXPECT_EQ(ring.find({}), nullptr);
}

}  // namespace
}  // namespace ponte::protocol::appstate
