#include "protocol/wire/node.h"

#include <charconv>

#include "base/hex.h"

namespace ponte::protocol::wire {
namespace {

const AttributeValue* find_attribute(const Node& node, std::string_view key) {
  for (const auto& [name, value] : node.attributes) {
    if (name == key) return &value;
  }
  return nullptr;
}

/// Printable ASCII as it is, XML's own characters as entities, all else as \xNN: what a peer sent must
/// not be able to steer a terminal.
void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default:
        if (c >= 0x20 && c < 0x7F && c != '\\') {
          out += c;
        } else {
          out += "\\x" + to_hex(as_bytes(std::string_view(&c, 1)));
        }
    }
  }
}

void append_count(std::string& out, std::size_t size) {
  out += "<!-- " + std::to_string(size) + (size == 1 ? " byte -->" : " bytes -->");
}

/// What stands between the opening and the closing tag.
void append_content(std::string& out, const Node& node, std::size_t indent, bool redact);

void append_node(std::string& out, const Node& node, std::size_t indent, bool redact) {
  out.append(indent, ' ').append("<");
  append_escaped(out, node.tag);
  for (const auto& [key, value] : node.attributes) {
    out += ' ';
    append_escaped(out, key);
    out += "=\"";
    const Jid* jid = std::get_if<Jid>(&value);
    append_escaped(out, jid ? jid->to_string() : *std::get_if<std::string>(&value));
    out += '"';
  }
  const bool no_content = std::holds_alternative<std::monostate>(node.content);
  const auto* children = std::get_if<Node::Children>(&node.content);
  if (no_content || (children && children->empty())) {
    out += "/>";
    return;
  }
  out += '>';
  append_content(out, node, indent, redact);
  out += "</";
  append_escaped(out, node.tag);
  out += '>';
}

void append_content(std::string& out, const Node& node, std::size_t indent, bool redact) {
  if (const auto* children = std::get_if<Node::Children>(&node.content)) {
    for (const Node& child : *children) {
      out += '\n';
      append_node(out, child, indent + 2, redact);
    }
    out += '\n';
    out.append(indent, ' ');
  } else if (redact) {
    append_count(out, node.leaf()->size());
  } else if (const auto* bytes = std::get_if<Bytes>(&node.content)) {
    out += to_hex(*bytes);
  } else {
    append_escaped(out, *std::get_if<std::string>(&node.content));
  }
}

}  // namespace

Node& Node::with(std::string_view key, std::string_view value) & {
  if (!value.empty()) attributes.emplace_back(std::string(key), std::string(value));
  return *this;
}

Node& Node::with(std::string_view key, const Jid& value) & {
  attributes.emplace_back(std::string(key), value);
  return *this;
}

Node&& Node::with(std::string_view key, std::string_view value) && {
  with(key, value);
  return std::move(*this);
}

Node&& Node::with(std::string_view key, const Jid& value) && {
  with(key, value);
  return std::move(*this);
}

Node& Node::child(Node node) & {
  auto* list = std::get_if<Children>(&content);
  if (!list) list = &content.emplace<Children>();
  list->push_back(std::move(node));
  return *this;
}

Node&& Node::child(Node node) && {
  child(std::move(node));
  return std::move(*this);
}

Node& Node::bytes(ByteView value) & {
  content = to_bytes(value);
  return *this;
}

Node&& Node::bytes(ByteView value) && {
  bytes(value);
  return std::move(*this);
}

const Node* Node::find(std::string_view child_tag) const {
  for (const Node& child : children()) {
    if (child.tag == child_tag) return &child;
  }
  return nullptr;
}

const Node::Children& Node::children() const {
  static const Children none;
  const auto* list = std::get_if<Children>(&content);
  return list ? *list : none;
}

std::optional<std::string> Node::attribute(std::string_view key) const {
  const AttributeValue* value = find_attribute(*this, key);
  if (!value) return std::nullopt;
  if (const auto* jid_value = std::get_if<Jid>(value)) return jid_value->to_string();
  return *std::get_if<std::string>(value);
}

std::optional<Jid> Node::jid(std::string_view key) const {
  const AttributeValue* value = find_attribute(*this, key);
  if (!value) return std::nullopt;
  if (const auto* jid_value = std::get_if<Jid>(value)) return *jid_value;
  return Jid::parse(*std::get_if<std::string>(value));
}

std::optional<std::uint64_t> Node::number(std::string_view key) const {
  const AttributeValue* value = find_attribute(*this, key);
  const auto* text = value ? std::get_if<std::string>(value) : nullptr;
  if (!text) return std::nullopt;
  std::uint64_t out = 0;
  const char* end = text->data() + text->size();
  const auto [rest, error] = std::from_chars(text->data(), end, out);
  if (error != std::errc{} || rest != end) return std::nullopt;
  return out;
}

std::optional<ByteView> Node::leaf() const {
  if (const auto* raw = std::get_if<Bytes>(&content)) return ByteView(*raw);
  if (const auto* text = std::get_if<std::string>(&content)) return as_bytes(*text);
  return std::nullopt;
}

Result<ByteView> Node::leaf_of_size(std::size_t size) const {
  const auto value = leaf();
  const std::string expected = "<" + tag + ">: expected " + std::to_string(size) + " bytes, came ";
  if (!value) return Error{Errc::kMalformed, Cause::kStanzaUnexpected, expected + "no leaf"};
  if (value->size() != size) {
    return Error{Errc::kMalformed, Cause::kStanzaUnexpected, expected + std::to_string(value->size())};
  }
  return *value;
}

std::string Node::to_xml(bool redact) const {
  std::string out;
  append_node(out, *this, 0, redact);
  return out;
}

Node server_iq(std::string_view xmlns, std::string_view type) {
  return Node("iq").with("xmlns", xmlns).with("type", type).with("to", server_jid());
}

}  // namespace ponte::protocol::wire
