// Short texts that users write, and a page that names a version. The first byte chooses.
#include <cstdlib>

#include "instance/webhook_rules.h"
#include "net/http_url.h"
#include "net/proxy.h"
#include "protocol/pairing/link_code.h"
#include "protocol/session/config.h"

namespace {

using namespace ponte;

void require(bool condition) {
  if (!condition) std::abort();
}

void code(std::string_view text) {
  const auto code = protocol::pairing::parse_code(text);
  if (!code.ok()) return;
  require(code->size() == 8 && *protocol::pairing::parse_code(protocol::pairing::display_code(*code)) == *code);
}

void version(std::string_view text) {
  const auto version = protocol::ClientVersion::parse(text);
  if (version.ok()) require(*protocol::ClientVersion::parse(version->to_string()) == *version);
}

void page(std::string_view text) {
  const auto version = protocol::ClientVersion::in_page(text);
  if (version) require(version->tertiary != 0 && protocol::ClientVersion::parse(version->to_string()).ok());
}

void proxy(std::string_view text) {
  const auto proxy = net::Proxy::parse(text);
  if (!proxy.ok()) return;
  require(proxy->check().ok());
  const auto bare = net::Proxy::parse(proxy->to_string());
  require(bare.ok() && bare->host == proxy->host && bare->port == proxy->port && bare->protocol == proxy->protocol);
}

void webhook(std::string_view text) {
  instance::WebhookSettings settings;
  settings.enabled = true;
  settings.url = text;
  if (!instance::check_webhook(settings, instance::PrivateTargets::kRefused).ok()) return;
  const auto url = net::parse_http_url(settings.url);
  require(url.ok() && url->authority.host != "localhost");
  const auto longer = net::parse_http_url(instance::delivery_url(settings.url, true, "call.update"));
  require(longer.ok() && longer->target() == url->target());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  constexpr void (*kTargets[])(std::string_view) = {code, version, page, proxy, webhook};
  kTargets[data[0] % std::size(kTargets)](text);
  return 0;
}
