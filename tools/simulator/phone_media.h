// What a phone does where a companion could not have a file (wire: messages.md 6.6).
#pragma once

#include <string_view>

#include "base/bytes.h"
#include "base/time.h"
#include "protocol/wire/node.h"

namespace ponte::simulator {

struct World;
class PhoneMessaging;

/// Serialized Message with a picture, whose file is put at the media host, which answers requests for it with `status`.
Bytes image_message(World& world, PhoneMessaging& phone, ByteView file, std::string_view caption, unsigned status);

/// A `<receipt type="server-error">` from a companion of the phone's: the file of that message is put at the media host
/// anew, and `<notification type="mediaretry">` tells where; with error 2 where the phone has no such file.
void answer_media_retry(World& world, PhoneMessaging& phone, const protocol::wire::Node& receipt, const Now& now);

}  // namespace ponte::simulator
