#include "ponte/common/cause_words.h"

#include <algorithm>
#include <iterator>

namespace ponte::tool {
namespace {

struct Row {
  std::string_view code;
  const char* what;
  const char* remedy;
};

// `NAME` becomes the instance's name.
constexpr Row kWay[] = {
    {"NAME_NOT_RESOLVED", "The name of WhatsApp's server has no address here.",
     "Check the name server of the machine on which ponted runs (/etc/resolv.conf)."},
    {"CONNECTION_REFUSED", "WhatsApp's server, or something before it, refuses the connection.",
     "Let the firewall pass TCP to web.whatsapp.com, port 443."},
    {"NETWORK_FAILED", "The network to WhatsApp failed.", "Check the way to the internet; `ponte doctor` looks at it."},
    {"NETWORK_TIMEOUT", "WhatsApp's server did not answer in time.",
     "Let the firewall pass TCP to web.whatsapp.com, port 443; `ponte doctor` looks at the way."},
    {"CONNECTION_CLOSED", "The connection to WhatsApp was closed.", "Run the command again."},
    {"TLS_FAILED", "The encrypted connection (TLS) to WhatsApp's server failed.",
     "Look for a proxy or firewall that tampers with TLS; `ponte doctor` names who answers."},
    {"TLS_UNTRUSTED", "Whoever answers in place of WhatsApp's server has no certificate that is trusted.",
     "Have the company proxy or antivirus that opens TLS leave web.whatsapp.com alone; `ponte doctor` names it."},
    {"WEBSOCKET_REFUSED", "The server, or a proxy before it, refuses the WebSocket.",
     "Look for a proxy that does not pass WebSockets; `ponte doctor` shows its answer."},
    {"WEBSOCKET_PROTOCOL", "What answers speaks no WebSocket.",
     "Look for a captive portal or proxy on the way; `ponte doctor` names who answers."},
    {"PROXY_UNREACHABLE", "The proxy cannot be reached.", "Check the proxy's address and that it runs."},
    {"PROXY_AUTH_FAILED", "The proxy wants a user and password, or others.", "Correct the proxy's user and password."},
    {"PROXY_REFUSED", "The proxy does not connect to WhatsApp.", "Allow web.whatsapp.com, port 443, on the proxy."},
    {"PROXY_NOT_ALLOWED", "The proxy has a private address, which an instance token may not name.",
     "Set the proxy with the account token, or set PONTE_ALLOW_PRIVATE_PROXIES=true."},
};

constexpr Row kLinking[] = {
    {"CONNECT_TIMEOUT", "WhatsApp gave no code in time.", "Run `ponte doctor`, which looks at the way to WhatsApp."},
    {"DECRYPTION_FAILED", "Whoever answered is not WhatsApp.",
     "Find who answers in its place: `ponte doctor` shows the certificate."},
    {"CLIENT_OUTDATED", "WhatsApp wants a newer version of the client than Ponte says it is.",
     "Let ponted reach PONTE_WHATSAPP_VERSION_URL, or set PONTE_WHATSAPP_VERSION; then run the command again."},
    {"CLIENT_REFUSED", "WhatsApp refuses this client.", "Look for a newer version of Ponte."},
    {"SERVER_ERROR", "WhatsApp's server has trouble of its own.", "Wait a few minutes, then run the command again."},
    {"PAIRING_BAD_REQUEST", "WhatsApp does not take the number.",
     "Give the number with its country code, as in --number 5511912345678."},
    {"PAIRING_REFUSED", "WhatsApp gives no code for this number.", "Leave out --number and scan the QR code."},
    {"PAIRING_UNAVAILABLE", "WhatsApp gives no codes at the moment.", "Leave out --number and scan the QR code."},
    {"PAIRING_THROTTLED", "Too many codes were asked for.", "Wait, or leave out --number and scan the QR code."},
    {"PAIRING_UNANSWERED", "WhatsApp did not answer when a code was asked for.", "Run the command again."},
    {"QR_EXPIRED", "Nobody scanned the code before WhatsApp's codes ran out.", "Run the command again."},
    {"PAIRING_CODE_EXPIRED", "Nobody typed the code in time.", "Run the command again."},
    {"SUPERSEDED", "Somebody else asked for a code for another number.", "Run the command again."},
    {"MULTIDEVICE_UNSUPPORTED", "The phone's WhatsApp cannot link devices.", "Update WhatsApp on the phone."},
    {"PASSKEY_REJECTED", "WhatsApp refused the passkey's answer.", "Run the command again."},
    {"PAIR_DEVICE_TIMEOUT", "WhatsApp sent nothing to link with.", "Run the command again."},
    {"TEMPORARILY_BANNED", "WhatsApp has banned the account for a while.", "Wait until that is over."},
    {"BANNED", "WhatsApp has banned the account.", "Open WhatsApp on the phone, which says why and what can be done."},
    {"ACCOUNT_LOCKED", "WhatsApp has locked the account.", "Open WhatsApp on the phone, which says what it wants."},
    {"LOGGED_OUT", "The device was unlinked.", "Run the command again for a new code."},
    {"STREAM_REPLACED", "The same device is connected elsewhere.",
     "Stop the other Ponte that has this instance, then run the command again."},
    {"INSTANCE_DELETED", "Somebody deleted the instance meanwhile.", "Run the command again, which makes it anew."},
    {"SHUTTING_DOWN", "Ponte was stopped meanwhile.", "Start ponted, then run the command again."},
    {"STORE_UNAVAILABLE", "Ponte cannot write to its disk.", "Make room on the disk of PONTE_DATA_DIR."},
    {"OVERLOADED", "Ponte has too much to do.", "Run the command again in a while."},
    {"RATE_LIMITED", "There were too many requests with this token.", "Wait a minute, then run the command again."},
    {"INVALID_TOKEN", "Ponte does not know this token, or it is another instance's.",
     "Give the account token, or that of NAME, with --token-file or PONTE_ACCOUNT_TOKEN."},
    {"INSTANCE_NOT_FOUND", "There is no instance NAME.", "Run the command with the account token, which makes it."},
    {"INVALID_NUMBER", "WhatsApp has no numbers of this form.",
     "Give the number with its country code, as in --number 5511912345678."},
    {"INVALID_HISTORY", "The days of history must be 1 to 3650.", "Correct --history."},
    {"INVALID_INSTANCE_NAME", "That is no name for an instance.", "Take letters, digits, - and _, at most 100."},
};

template <std::size_t N>
const Row* row_of(const Row (&rows)[N], std::string_view code) {
  const auto* found = std::find_if(std::begin(rows), std::end(rows), [&](const Row& row) { return row.code == code; });
  return found == std::end(rows) ? nullptr : found;
}

std::string with_name(std::string text, const std::string& instance) {
  const auto at = text.find("NAME");
  // PONTE_... names have no NAME in them.
  if (at != std::string::npos) text.replace(at, 4, instance);
  return text;
}

}  // namespace

CauseWords words_of_cause(std::string_view code, const std::string& instance) {
  const Row* row = row_of(kWay, code);
  if (row == nullptr) row = row_of(kLinking, code);
  if (row != nullptr) return {with_name(row->what, instance), with_name(row->remedy, instance)};
  if (code.starts_with("CERTIFICATE_") || code.starts_with("HANDSHAKE_")) {
    return {"Whoever answered is not WhatsApp.",
            "Find who answers in its place: `ponte doctor` shows the certificate."};
  }
  return {"It did not work.", "Run the command again; if that does not help, `ponte doctor --record` makes a report."};
}

std::string network_remedy(std::string_view code) {
  const Row* row = row_of(kWay, code);
  return row == nullptr ? std::string() : row->remedy;
}

}  // namespace ponte::tool
