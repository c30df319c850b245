// What a webhook may be.
#pragma once

#include <string>

#include "base/result.h"
#include "instance/webhook_types.h"

namespace ponte::instance {

inline constexpr std::size_t kLongestLabel = 100;
inline constexpr std::size_t kLongestWebhookUrl = 2048;
inline constexpr std::size_t kLongestAuthorization = 4096;

enum class PrivateTargets { kRefused, kAllowed };

/// Puts the settings into their stored form (no event twice, all where none is named, an empty `authorization` is none)
/// or says which field breaks which rule: kInvalidArgument/kInvalidWebhook. The message repeats neither URL nor
/// authorization. Of names, only a dial tells where they lead to.
Status check_webhook(WebhookSettings& settings, PrivateTargets targets);
/// The label alone.
Status check_label(const std::string& label);

/// Where an event goes: the URL, with `byEvents` the event's name behind its path. Precondition: check_webhook.
std::string delivery_url(const std::string& url, bool by_events, const std::string& event);

}  // namespace ponte::instance
