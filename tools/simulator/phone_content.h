// What a message says, for who looks at what simulated devices have read.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "e2e.pb.h"

namespace ponte::simulator {

/// What is within the wrappers (wire: messages.md 2.3), but for deviceSentMessage.
const proto::Message& unwrapped(const proto::Message& message);
/// Of conversation, extended text, a caption, a reaction or an edit; else empty.
std::string text_of(const proto::Message& message);
/// The name of the field that holds the content; "other" for one that the simulator has no name for, empty where
/// there is none but a sender key.
std::string_view kind_of(const proto::Message& message);

/// Serialized Message with that text.
Bytes text_message(std::string_view text);

}  // namespace ponte::simulator
