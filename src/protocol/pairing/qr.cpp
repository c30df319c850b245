#include "protocol/pairing/qr.h"

#include "crypto/base64.h"

namespace ponte::protocol::pairing {

std::string qr_text(std::string_view ref, const store::Credentials& credentials, QrFormat format) {
  std::string text = format == QrFormat::kUrl ? "https://wa.me/settings/linked_devices#" : "";
  text += ref;
  for (const ByteView key : {ByteView(credentials.noise.public_key), ByteView(credentials.identity.public_key),
                             credentials.adv_secret.view()}) {
    text += ',';
    text += crypto::base64(key);
  }
  text += ',';
  text += kClientTypeChrome;
  return text;
}

void QrRotation::start(std::deque<std::string> refs, Mono now, Milliseconds first_ttl, Milliseconds ttl) {
  refs_ = std::move(refs);
  ttl_ = ttl;
  valid_until_ = now + first_ttl;
}

void QrRotation::stop() {
  refs_.clear();
  refs_.shrink_to_fit();
  valid_until_.reset();
}

QrRotation::Due QrRotation::on_deadline(Mono now) {
  if (!valid_until_ || *valid_until_ > now) return Due::kNothing;
  refs_.pop_front();
  if (refs_.empty()) {
    stop();
    return Due::kExhausted;
  }
  // From the deadline that has passed, so that a late timer does not lengthen a ref's life on the server.
  *valid_until_ += ttl_;
  if (*valid_until_ <= now) return on_deadline(now);
  return Due::kNext;
}

}  // namespace ponte::protocol::pairing
