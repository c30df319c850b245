#include "api/http_writer.h"

#include <algorithm>

#include "api/text.h"

namespace ponte::api {
namespace {

std::string_view reason_phrase(int status) {
  switch (status) {
    case 101: return "Switching Protocols";
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 417: return "Expectation Failed";
    case 426: return "Upgrade Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    case 505: return "HTTP Version Not Supported";
    default: return "";
  }
}

void write_header(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += ": ";
  std::copy_if(value.begin(), value.end(), std::back_inserter(out),
               [](char c) { return c != '\r' && c != '\n' && c != '\0'; });
  out += "\r\n";
}

}  // namespace

std::string write_response(const Response& response, Framing framing, Wall now) {
  std::string out;
  out.reserve(512 + response.body.size());
  out += "HTTP/1.1 " + std::to_string(response.status) + ' ';
  out += reason_phrase(response.status);
  out += "\r\n";
  write_header(out, "Date", http_date(now));
  for (const auto& [name, value] : response.headers) write_header(out, name, value);
  // RFC 9110 8.6: no Content-Length in a 204; in a 304 it would be that of the answer it stands for.
  const bool has_body = response.status != 204 && response.status != 304;
  if (has_body) {
    write_header(out, "Content-Type", response.content_type);
    // A stream ends with its connection (RFC 9112 6.3).
    if (!response.stream) write_header(out, "Content-Length", std::to_string(response.body.size()));
    write_header(out, "X-Content-Type-Options", "nosniff");
  }
  write_header(out, "Connection", framing.keep_alive ? "keep-alive" : "close");
  out += "\r\n";
  if (!framing.omit_body && has_body) out += response.body;
  return out;
}

}  // namespace ponte::api
