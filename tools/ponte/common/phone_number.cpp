#include "ponte/common/phone_number.h"

#include <algorithm>

namespace ponte::tool {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Digits of the country code (ITU-T E.164): one, two, else three.
std::size_t country_code_length(std::string_view digits) {
  if (digits.front() == '1' || digits.front() == '7') return 1;
  constexpr std::string_view kTwoDigits =
      " 20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 86 "
      "90 91 92 93 94 95 98 ";
  std::string code = " ";
  code += digits.substr(0, 2);
  code += ' ';
  return kTwoDigits.find(code) != std::string_view::npos ? 2 : 3;
}

/// Threes, and a last group of up to four.
std::string grouped(std::string_view rest) {
  std::string out;
  while (rest.size() > 4) {
    out += rest.substr(0, 3);
    out += ' ';
    rest.remove_prefix(3);
  }
  out += rest;
  return out;
}

}  // namespace

std::string display_number(std::string_view digits) {
  if (digits.size() < 7) return "+" + std::string(digits);
  const std::size_t code = country_code_length(digits);
  std::string_view rest = digits.substr(code);
  const std::string prefix = "+" + std::string(digits.substr(0, code)) + " ";
  const bool brazilian = digits.substr(0, code) == "55" && (rest.size() == 10 || rest.size() == 11);
  if (!brazilian) return prefix + grouped(rest);
  const std::string area(rest.substr(0, 2));
  rest.remove_prefix(2);
  const std::size_t first = rest.size() - 4;
  return prefix + area + " " + std::string(rest.substr(0, first)) + "-" + std::string(rest.substr(first));
}

std::string masked_number(std::string_view digits) {
  if (digits.size() < 7) return "+" + std::string(digits.size(), '*');
  return "+" + std::string(digits.substr(0, 2)) + std::string(digits.size() - 4, '*') +
         std::string(digits.substr(digits.size() - 2));
}

std::string digits_of_jid(std::string_view jid) {
  const auto end = std::find_if_not(jid.begin(), jid.end(), is_digit);
  std::string digits(jid.begin(), end);
  const std::string_view rest = jid.substr(digits.size());
  const bool is_jid = rest.starts_with('@') || rest.starts_with(':') || rest.starts_with('.');
  return is_jid ? digits : std::string();
}

}  // namespace ponte::tool
