#include "protocol/media/retry.h"

#include "base/hex.h"
#include "crypto/aead.h"
#include "e2e.pb.h"
#include "support/vectors.h"

namespace ponte::protocol::media {
namespace {

using wire::Jid;
using wire::Node;

class MediaRetry : public ::testing::Test {
 protected:
  Node answer(const proto::MediaRetryNotification& answer, const std::string& id) const {
    const Secret<32> key = Secret<32>::from(test::vector_bytes(vectors_, "retry_key"));
    const ByteArray<12> iv{7};
    const Bytes sealed = crypto::Aes256Gcm(key).seal(iv, as_bytes(answer.SerializeAsString()), as_bytes(id));
    return Node("notification")
        .with("type", "mediaretry")
        .with("id", id)
        .child(Node("encrypt").child(Node("enc_p").bytes(sealed)).child(Node("enc_iv").bytes(iv)));
  }
  proto::MediaRetryNotification success() const {
    proto::MediaRetryNotification out;
    out.set_stanza_id(id_);
    out.set_direct_path("/v/new.enc?oh=1");
    out.set_result(proto::MediaRetryNotification::SUCCESS);
    return out;
  }
  void expect_error(const Node& notification, Errc code, Cause cause) const {
    const auto path = read_media_retry(notification, key_);
    ASSERT_FALSE(path.ok());
    EXPECT_EQ(path.error().code, code);
    EXPECT_EQ(path.error().cause, cause);
  }

  const VecFile vectors_ = test::load_vectors("media/envelope.vec");
  const Secret<32> key_ = Secret<32>::from(test::vector_bytes(vectors_, "media_key"));
  const std::string id_ = to_text(test::vector_bytes(vectors_, "message_id"));
};

TEST_F(MediaRetry, AsksAsTheVectorDoes) {
  const Node receipt = server_error_receipt({id_, *Jid::parse("1@g.us"), false, Jid::parse("2@lid")},
                                            *Jid::parse("551199887766:33@s.whatsapp.net"), key_, {});
  EXPECT_EQ(receipt.attribute("id"), id_);
  EXPECT_EQ(receipt.attribute("to"), "551199887766@s.whatsapp.net");
  EXPECT_EQ(receipt.attribute("type"), "server-error");
  EXPECT_EQ(to_hex(*receipt.find("encrypt")->find("enc_p")->leaf()), test::vector_text(vectors_, "retry_sealed"));
  EXPECT_EQ(receipt.find("encrypt")->find("enc_iv")->leaf()->size(), 12U);
  const Node* rmr = receipt.find("rmr");
  EXPECT_EQ(rmr->attribute("jid"), "1@g.us");
  EXPECT_EQ(rmr->attribute("from_me"), "false");
  EXPECT_EQ(rmr->attribute("participant"), "2@lid");
}

TEST_F(MediaRetry, ReadsTheNewPath) {
  EXPECT_EQ(read_media_retry(answer(success(), id_), key_).value(), "/v/new.enc?oh=1");
}

TEST_F(MediaRetry, SaysWhyThereIsNone) {
  proto::MediaRetryNotification other = success();
  other.set_result(proto::MediaRetryNotification::NOT_FOUND);
  expect_error(answer(other, id_), Errc::kNotFound, Cause::kMediaGone);
  other.set_result(proto::MediaRetryNotification::GENERAL_ERROR);
  expect_error(answer(other, id_), Errc::kUnavailable, Cause::kMediaUnavailable);
  const Node error = Node("notification").with("id", id_).child(Node("error").with("code", "2"));
  expect_error(error, Errc::kNotFound, Cause::kMediaGone);
  expect_error(Node("notification").with("id", id_), Errc::kUnavailable, Cause::kMediaUnavailable);
}

TEST_F(MediaRetry, TakesNoPathThatLeadsElsewhere) {
  proto::MediaRetryNotification evil = success();
  for (const char* path : {"", "//evil.example/a", "http://evil.example/", "/a b"}) {
    evil.set_direct_path(path);
    expect_error(answer(evil, id_), Errc::kUnavailable, Cause::kMediaUnavailable);
  }
}

TEST_F(MediaRetry, RefusesWhatIsSealedOtherwise) {
  expect_error(answer(success(), "another id"), Errc::kMalformed, Cause::kProtobufMalformed);
  Node notification = answer(success(), id_);
  notification.attributes[1].second = std::string("another id");
  expect_error(notification, Errc::kUntrusted, Cause::kDecryptionFailed);
  const Node whole = answer(success(), id_);
  for (const Bytes& damaged : test::bit_flips(*whole.find("encrypt")->find("enc_p")->leaf(), 5)) {
    const Node broken =
        Node("notification")
            .with("id", id_)
            .child(Node("encrypt").child(Node("enc_p").bytes(damaged)).child(Node("enc_iv").bytes(ByteArray<12>{7})));
    expect_error(broken, Errc::kUntrusted, Cause::kDecryptionFailed);
  }
  const Node short_iv =
      Node("notification")
          .with("id", id_)
          .child(Node("encrypt").child(Node("enc_p").bytes(Bytes(40, 1))).child(Node("enc_iv").bytes(Bytes(11, 1))));
  expect_error(short_iv, Errc::kMalformed, Cause::kProtobufMalformed);
}

}  // namespace
}  // namespace ponte::protocol::media
