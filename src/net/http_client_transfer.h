// One HTTP request as a handle of libcurl. For http_client.cpp alone.
#pragma once

#include <curl/curl.h>

#include <memory>
#include <string>

#include "net/address_class.h"
#include "net/http_client.h"

namespace ponte::net {

/// Whether a request can be sent as it is. kInvalidArgument/kInvalidRequest or kInvalidProxy.
Status check_http_request(const HttpRequest& request);

/// From fetch() to the answer; it holds what libcurl points to meanwhile. The client's thread, once prepared.
class HttpTransfer {
 public:
  /// `request` has passed check_http_request.
  HttpTransfer(HttpRequest request, Reply<HttpReply> reply);
  HttpTransfer(const HttpTransfer&) = delete;
  HttpTransfer& operator=(const HttpTransfer&) = delete;

  /// Makes the handle, for `timeout` from now. kInternal where libcurl refuses an option.
  Status prepare(Milliseconds timeout);
  /// To be added to a multi handle, and to be removed from it before this object goes.
  CURL* handle() const { return handle_.get(); }
  Milliseconds timeout() const { return request_.timeout; }

  /// Answers with what came, or what libcurl made of it.
  void finish(CURLcode code);
  /// Answers with an error.
  void fail(Error why) { reply_.answer(std::move(why)); }
  /// That its time was over before its turn came.
  Error overdue() const;

 private:
  struct FreeHandle {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  };
  struct FreeList {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  };

  template <typename Value>
  void set(CURLoption option, Value value);
  void set_request();
  void set_headers();
  void set_answer();
  void set_connection(Milliseconds timeout);
  void set_tls();
  void set_proxy();

  bool on_body(ByteView bytes);
  bool on_header(std::string_view line);
  bool on_connected(const std::string& peer);
  bool may_connect(AddressClass what);
  curl_socket_t on_open_socket(const curl_sockaddr& address);
  /// Ends the transfer from within a callback.
  bool stop(Error why);

  Error error_of(CURLcode code) const;
  Error plain_error(CURLcode code) const;
  Error socks5_error() const;
  bool past_proxy() const;
  long info(CURLINFO what) const;

  HttpRequest request_;
  Reply<HttpReply> reply_;
  HttpReply answer_;
  std::string target_;  // host and port
  std::unique_ptr<CURL, FreeHandle> handle_;
  std::unique_ptr<curl_slist, FreeList> headers_;
  CURLcode set_up_ = CURLE_OK;      // of the first option that was refused
  std::unique_ptr<Error> stopped_;  // by ourselves, and why
  std::size_t header_bytes_ = 0;
  bool spoke_to_target_ = false;
  bool answered_ = false;             // the final answer's headers are all there
  char words_[CURL_ERROR_SIZE] = {};  // libcurl's, on an error
};

}  // namespace ponte::net
