// Values that tests of the session share.
#pragma once

#include "protocol/session/config.h"
#include "store/records.h"
#include "support/vectors.h"

namespace ponte::test {

/// The credentials of tests/vectors/pairing/registration.vec.
inline store::Credentials vector_credentials() {
  const VecFile file = load_vectors("pairing/registration.vec");
  const auto pair = [&file](const char* key) {
    return crypto::key_pair_from_private(Secret<32>::from(vector_bytes(file, key)));
  };
  store::Credentials credentials;
  credentials.noise = pair("noise_private");
  credentials.identity = pair("identity_private");
  credentials.signed_prekey.id = 1;
  credentials.signed_prekey.pair = pair("signed_prekey_private");
  credentials.signed_prekey.signature = to_array<64>(vector_bytes(file, "signed_prekey_signature"));
  credentials.registration_id = 0x12345678;
  credentials.adv_secret = Secret<32>::from(vector_bytes(file, "adv_secret"));
  return credentials;
}

/// The configuration those vectors were made with.
inline protocol::SessionConfig vector_config() {
  protocol::SessionConfig config;
  config.version = {2, 3000, 1045649367};
  config.device_name = "Linux";
  return config;
}

}  // namespace ponte::test
