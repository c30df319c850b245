// Takes out of texts what a bug report must not have.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace ponte::tool {

/// What is hidden by name is replaced by the same pseudonym everywhere; numbers, tokens, secrets, addresses and users
/// in URLs are found by their form. Pure.
class Redactor {
 public:
  Redactor() = default;
  Redactor(const Redactor&) = delete;
  Redactor& operator=(const Redactor&) = delete;

  /// Wherever `text` stands by itself it becomes `pseudonym`. An empty one hides nothing.
  void hide(const std::string& text, const std::string& pseudonym);
  /// As `host-1`, `host-2` ...; WhatsApp's own hosts and this machine's stay.
  void hide_host(const std::string& host);
  /// The host of a URL, or of `host:port`.
  void hide_host_of(const std::string& url);
  /// As `instance-1` ...; gives the pseudonym.
  std::string hide_instance(const std::string& name);

  /// What was hidden by name, and what is found by its form.
  std::string redacted(std::string_view text) const;
  /// What was hidden by name alone, of at least so many letters: for figures, which have numbers of their own.
  std::string without_names(std::string_view text, std::size_t shortest = 1) const;
  /// Every text in it; keys stay.
  nlohmann::json redacted_json(const nlohmann::json& value) const;

 private:
  std::map<std::string, std::string> pseudonyms_;
  std::vector<const std::pair<const std::string, std::string>*> longest_first_;
  std::size_t hosts_ = 0;
  std::size_t instances_ = 0;
};

/// A text without what looks like a phone number, a token, a webhook's secret, a user in a URL, or an address of
/// another machine.
std::string without_secret_forms(std::string_view text);

}  // namespace ponte::tool
