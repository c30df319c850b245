// Sessions and sender keys of other clients, as JSON: whatever is taken for one makes a record, or is refused.
#include "portable/foreign_sessions.h"
#include "support/scripted_random.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ponte;            // NOLINT(google-build-using-namespace)
  using namespace ponte::portable;  // NOLINT(google-build-using-namespace)
  const WipedJson json(ByteView(data, size));
  if (!json.ok()) return 0;
  test::SeededRandom random(1);
  const auto make_sessions = [&random](const std::optional<ForeignSessions>& found) {
    if (found) (void)crypto::session_record_of(found->sessions, found->current, random);
  };
  const auto make_sender_keys = [&random](const std::optional<ForeignSenderKeys>& found) {
    if (found) (void)crypto::sender_key_record_of(found->keys, random);
  };
  const OwnSide own{crypto::key_pair_from_private(Secret<32>(ByteArray<32>{1})).public_key, 1};
  make_sessions(sessions_of_whatsmeow(json.value()));
  make_sessions(sessions_of_baileys(json.value(), own));
  make_sender_keys(sender_keys_of_whatsmeow(json.value()));
  make_sender_keys(sender_keys_of_baileys(json.value()));
  return 0;
}
