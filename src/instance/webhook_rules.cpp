#include "instance/webhook_rules.h"

#include <algorithm>

#include "instance/event_names.h"
#include "net/address_class.h"
#include "net/http_url.h"

namespace ponte::instance {
namespace {

Error invalid(const std::string& what) {
  return {Errc::kInvalidArgument, Cause::kInvalidWebhook, what};
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

/// Names that end in a number are IPv4 addresses to whoever resolves them, in forms that look like none (WHATWG URL
/// 3.5: "ends in a number").
bool ends_in_number(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  const std::string_view last = host.substr(host.rfind('.') + 1);
  return !last.empty() && last.front() >= '0' && last.front() <= '9' &&
         (last.starts_with("0x") || std::all_of(last.begin(), last.end(), [](char c) { return c >= '0' && c <= '9'; }));
}

bool is_localhost(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  return host == "localhost" || host.ends_with(".localhost");
}

Status check_host(const std::string& host, PrivateTargets targets) {
  const auto known = net::classify_literal(host);
  if (!known && ends_in_number(host)) return invalid("url: expected a name, or an address of four decimal numbers");
  if (targets == PrivateTargets::kAllowed) return Status::Ok();
  if (is_localhost(host)) return invalid("url: expected a public address, got this machine's own");
  if (known && *known != net::AddressClass::kPublic)
    return invalid("url: expected a public address, got a " + std::string(net::address_class_name(*known)) + " one");
  return Status::Ok();
}

Status check_url(const std::string& text, PrivateTargets targets) {
  if (text.size() > kLongestWebhookUrl)
    return invalid("url: expected at most " + std::to_string(kLongestWebhookUrl) + " bytes");
  const std::string_view authority = std::string_view(text).substr(std::min(text.find("://") + 3, text.size()));
  if (authority.substr(0, std::min(authority.find_first_of("/?#"), authority.size())).find('@') !=
      std::string_view::npos)
    return invalid("url: expected no user and password in it: they belong into authorization");
  const auto url = net::parse_http_url(text);
  if (!url.ok()) return invalid("url: " + url.error().message);
  if (url->rest.find('#') != std::string::npos) return invalid("url: expected no fragment");
  return check_host(url->authority.host, targets);
}

Status check_authorization(const std::string& value) {
  if (value.size() > kLongestAuthorization)
    return invalid("authorization: expected at most " + std::to_string(kLongestAuthorization) + " bytes");
  const bool fits = std::all_of(value.begin(), value.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
  return fits ? Status::Ok() : invalid("authorization: expected visible ASCII characters and blanks");
}

}  // namespace

Status check_label(const std::string& label) {
  if (label.empty() || label.size() > kLongestLabel || std::any_of(label.begin(), label.end(), is_control))
    return invalid("label: expected 1 to " + std::to_string(kLongestLabel) + " bytes without control characters");
  return Status::Ok();
}

Status check_webhook(WebhookSettings& settings, PrivateTargets targets) {
  PONTE_TRY(check_label(settings.label));
  if (settings.enabled && settings.url.empty()) return invalid("url: expected one where the webhook is enabled");
  if (!settings.url.empty()) PONTE_TRY(check_url(settings.url, targets));
  if (settings.authorization && settings.authorization->empty()) settings.authorization.reset();
  if (settings.authorization) PONTE_TRY(check_authorization(*settings.authorization));
  std::vector<std::string> events;
  for (std::string& event : settings.events) {
    if (!is_event_name(event)) {
      return invalid(
          "events: expected message.exchange, message.status, call.update, group.flow, instance.state or label.update");
    }
    if (std::find(events.begin(), events.end(), event) == events.end()) events.push_back(std::move(event));
  }
  if (settings.enabled && events.empty()) events.assign(kEventNames.begin(), kEventNames.end());
  settings.events = std::move(events);
  return Status::Ok();
}

std::string delivery_url(const std::string& url, bool by_events, const std::string& event) {
  if (!by_events) return url;
  std::string path = url.substr(0, url.find('?'));
  const std::string query = url.substr(path.size());
  while (path.ends_with('/')) path.pop_back();
  return path + "/" + event + query;
}

}  // namespace ponte::instance
