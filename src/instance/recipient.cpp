#include "instance/recipient.h"

#include <algorithm>

namespace ponte::instance {
namespace {

using protocol::wire::Jid;

constexpr std::size_t kShortestNumber = 7;
constexpr std::size_t kLongestNumber = 15;
constexpr std::size_t kLongestUser = 64;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}
bool is_number(std::string_view digits) {
  return all_digits(digits) && digits.size() >= kShortestNumber && digits.size() <= kLongestNumber && digits[0] != '0';
}

/// `120363…`, or `<creator>-<time>` of older groups.
bool is_group_user(std::string_view user) {
  const auto dash = user.find('-');
  const bool plain = dash == std::string_view::npos;
  return user.size() <= kLongestUser && all_digits(user.substr(0, dash)) &&
         (plain || all_digits(user.substr(dash + 1)));
}

std::optional<Jid> parse_number(std::string_view text) {
  auto digits = phone_digits(text);
  if (!digits) return std::nullopt;
  return Jid{.user = std::move(*digits), .server = std::string(protocol::wire::kUserServer)};
}

}  // namespace

std::optional<std::string> phone_digits(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (std::string_view(" +-()").find(c) == std::string_view::npos) digits += c;
  }
  return is_number(digits) ? std::optional(std::move(digits)) : std::nullopt;
}

bool is_person(const Jid& jid) {
  return jid.server == protocol::wire::kUserServer || jid.server == protocol::wire::kLidServer;
}

bool is_group(const Jid& jid) {
  return jid.server == protocol::wire::kGroupServer;
}

std::optional<Jid> parse_recipient(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return std::nullopt;
  text = text.substr(first, text.find_last_not_of(" \t") - first + 1);
  if (text.find('@') == std::string_view::npos) return parse_number(text);
  const auto jid = Jid::parse(text);
  if (!jid) return std::nullopt;
  if (is_group(*jid) && is_group_user(jid->user)) return jid->without_device();
  if (!is_person(*jid)) return std::nullopt;
  const bool good = jid->server == protocol::wire::kUserServer
                        ? is_number(jid->user)
                        : all_digits(jid->user) && jid->user.size() <= kLongestUser;
  return good ? std::optional(jid->without_device()) : std::nullopt;
}

std::vector<std::string> number_variants(const std::string& user) {
  std::vector<std::string> out{user};
  constexpr std::string_view kBrazil = "55";
  constexpr std::size_t kAreaEnd = 4;
  if (!user.starts_with(kBrazil)) return out;
  if (user.size() == 12 && user[kAreaEnd] >= '6') out.push_back(user.substr(0, kAreaEnd) + "9" + user.substr(kAreaEnd));
  if (user.size() == 13 && user[kAreaEnd] == '9' && user[kAreaEnd + 1] >= '6') {
    out.push_back(user.substr(0, kAreaEnd) + user.substr(kAreaEnd + 1));
  }
  return out;
}

}  // namespace ponte::instance
