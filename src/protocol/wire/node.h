// A stanza as a tree, and typed reading of it (wire: pairing.md 4.3).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "protocol/wire/jid.h"

namespace ponte::protocol::wire {

using AttributeValue = std::variant<std::string, Jid>;

struct Node {
  using Children = std::vector<Node>;
  /// Nothing, children (`LIST_EMPTY` is an empty list), raw bytes, or text.
  ///
  /// The wire has no type "text": decoding yields a std::string exactly where the content has a short
  /// form (token, or packed with 1..127 characters) and arrived in it, else Bytes (of a JID: its text).
  /// Encoding a std::string writes the short form where there is one, else raw bytes, which then come
  /// back as Bytes. Read leaves with leaf(), which does not tell the two apart.
  using Content = std::variant<std::monostate, Children, Bytes, std::string>;

  std::string tag;
  std::vector<std::pair<std::string, AttributeValue>> attributes;  ///< in wire order
  Content content;

  Node() = default;
  explicit Node(std::string_view tag_name) : tag(tag_name) {}

  bool operator==(const Node&) const = default;

  // Building. An empty text value is left out, as peers do.
  Node& with(std::string_view key, std::string_view value) &;
  Node& with(std::string_view key, const Jid& value) &;
  Node&& with(std::string_view key, std::string_view value) &&;
  Node&& with(std::string_view key, const Jid& value) &&;
  Node&& child(Node node) &&;
  Node& child(Node node) &;
  Node&& bytes(ByteView value) &&;
  Node& bytes(ByteView value) &;

  // Reading.
  /// First child with this tag, or null.
  const Node* find(std::string_view child_tag) const;
  /// The children, or an empty list.
  const Children& children() const;
  /// The attribute as text (a JID in text form); nullopt where absent.
  std::optional<std::string> attribute(std::string_view key) const;
  /// The attribute as a JID, whether it came as a JID or as text; nullopt where absent or no JID.
  std::optional<Jid> jid(std::string_view key) const;
  /// The attribute as a decimal number; nullopt where absent or not one.
  std::optional<std::uint64_t> number(std::string_view key) const;
  /// Leaf content as bytes, whether it came as bytes or as text; nullopt for children or none.
  std::optional<ByteView> leaf() const;
  /// Like leaf(), with an error that names the node where it is absent or not `size` bytes long.
  Result<ByteView> leaf_of_size(std::size_t size) const;

  /// A picture in XML notation for people; bytes in hex. With `redact`, content bytes are only counted.
  std::string to_xml(bool redact = false) const;
};

/// `<iq xmlns type to="s.whatsapp.net">`, still without id and child.
Node server_iq(std::string_view xmlns, std::string_view type);

}  // namespace ponte::protocol::wire
