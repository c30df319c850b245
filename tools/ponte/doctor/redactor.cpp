#include "ponte/doctor/redactor.h"

#include <algorithm>
#include <cctype>

#include "net/address_class.h"
#include "ponte/common/phone_number.h"

namespace ponte::tool {
namespace {

constexpr std::size_t kShortestNumber = 8;
constexpr std::size_t kLongestNumber = 15;
/// Tokens have 43 letters, keys in hex 64.
constexpr std::size_t kShortestToken = 32;
constexpr std::string_view kWebhookSecret = "whsec_";

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_base64(char c) {
  return is_word(c) || c == '+' || c == '/' || c == '=';
}

/// Whether what stands at `at` is no part of a longer word.
bool stands_alone(std::string_view text, std::size_t at, std::size_t size) {
  const bool begins = at == 0 || !is_word(text[at - 1]) || !is_word(text[at]);
  const bool ends = at + size >= text.size() || !is_word(text[at + size]) || !is_word(text[at + size - 1]);
  return begins && ends;
}

bool is_open(const std::string& host) {
  return host == "localhost" || host == "whatsapp.com" || host == "whatsapp.net" || host.ends_with(".whatsapp.com") ||
         host.ends_with(".whatsapp.net") || host.starts_with("127.") || host == "::1" || host == "0.0.0.0" ||
         host == "::";
}

std::size_t run_length(std::string_view text, bool (*belongs)(char)) {
  return static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), belongs) - text.begin());
}

/// `user:password@` behind `://`: how long it is; 0 where there is none.
std::size_t user_length(std::string_view text) {
  const auto end = text.find_first_of("/ \t\n\"'?#");
  const auto at = text.substr(0, end).rfind('@');
  return at == std::string_view::npos ? 0 : at;
}

/// An address, with its port, that is neither this machine's nor nothing: how long it is; 0 where there is none.
std::size_t address_length(std::string_view text) {
  std::string found(text.substr(0, run_length(text, [](char c) {
                                  return std::isxdigit(static_cast<unsigned char>(c)) != 0 || c == '.' || c == ':';
                                })));
  while (!found.empty() && (found.back() == '.' || found.back() == ':')) found.pop_back();
  auto kind = net::classify_literal(found);
  const auto colon = found.find(':');
  // An IPv4 address with its port.
  if (!kind && colon != std::string::npos && found.rfind(':') == colon) {
    kind = net::classify_literal(found.substr(0, colon));
  }
  const bool shown = !kind || *kind == net::AddressClass::kLoopback || *kind == net::AddressClass::kUnspecified;
  return shown ? 0 : found.size();
}

std::string word_without_secrets(std::string_view word, char before) {
  const bool digits = std::all_of(word.begin(), word.end(), is_digit);
  // 2.3000.N is a version.
  if (digits && before != '.' && word.size() >= kShortestNumber && word.size() <= kLongestNumber) {
    const std::string masked = masked_number(word);
    return before == '+' ? masked.substr(1) : masked;
  }
  if (word.size() >= kShortestToken) return "[" + std::to_string(word.size()) + " letters]";
  return std::string(word);
}

}  // namespace

std::string without_secret_forms(std::string_view text) {
  std::string out;
  const auto take = [&text, &out](std::size_t size, std::string_view instead) {
    out += instead;
    text.remove_prefix(size);
  };
  while (!text.empty()) {
    const bool word_begins = out.empty() || !is_word(out.back());
    if (text.starts_with("://")) {
      const std::size_t user = user_length(text.substr(3));
      take(3 + user, user > 0 ? "://***" : "://");
    } else if (text.starts_with(kWebhookSecret)) {
      take(run_length(text, is_base64), "whsec_***");
    } else if (const std::size_t address = word_begins ? address_length(text) : 0) {
      take(address, "[address]");
    } else if (const std::size_t word = run_length(text, is_word)) {
      take(word, word_without_secrets(text.substr(0, word), out.empty() ? ' ' : out.back()));
    } else {
      take(1, text.substr(0, 1));
    }
  }
  return out;
}

void Redactor::hide(const std::string& text, const std::string& pseudonym) {
  if (text.empty()) return;
  if (!pseudonyms_.emplace(text, pseudonym).second) return;
  longest_first_.clear();
  for (const auto& entry : pseudonyms_) longest_first_.push_back(&entry);
  // What is part of another text must not spoil it.
  std::stable_sort(longest_first_.begin(), longest_first_.end(),
                   [](const auto* left, const auto* right) { return left->first.size() > right->first.size(); });
}

void Redactor::hide_host(const std::string& host) {
  if (host.empty() || is_open(host) || pseudonyms_.contains(host)) return;
  hide(host, "host-" + std::to_string(++hosts_));
}

void Redactor::hide_host_of(const std::string& url) {
  const auto scheme = url.find("://");
  std::string rest = scheme == std::string::npos ? url : url.substr(scheme + 3);
  rest = rest.substr(0, rest.find_first_of("/?#"));
  rest = rest.substr(rest.rfind('@') == std::string::npos ? 0 : rest.rfind('@') + 1);
  if (rest.starts_with('[')) return hide_host(rest.substr(1, rest.find(']') - 1));
  hide_host(rest.substr(0, rest.find(':')));
}

std::string Redactor::hide_instance(const std::string& name) {
  if (const auto known = pseudonyms_.find(name); known != pseudonyms_.end()) return known->second;
  std::string pseudonym = "instance-" + std::to_string(++instances_);
  hide(name, pseudonym);
  return pseudonym;
}

std::string Redactor::without_names(std::string_view text, std::size_t shortest) const {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto* const found = [&]() -> const std::pair<const std::string, std::string>* {
      for (const auto* entry : longest_first_) {
        const std::string& hidden = entry->first;
        if (hidden.size() < shortest) return nullptr;
        if (text.compare(at, hidden.size(), hidden) == 0 && stands_alone(text, at, hidden.size())) return entry;
      }
      return nullptr;
    }();
    if (found == nullptr) {
      out += text[at++];
      continue;
    }
    out += found->second;
    at += found->first.size();
  }
  return out;
}

std::string Redactor::redacted(std::string_view text) const {
  return without_secret_forms(without_names(text));
}

nlohmann::json Redactor::redacted_json(const nlohmann::json& value) const {
  if (value.is_string()) return redacted(std::string_view(value.get_ref<const std::string&>()));
  nlohmann::json out = value;
  if (value.is_structured()) {
    for (auto& element : out) element = redacted_json(element);
  }
  return out;
}

}  // namespace ponte::tool
