// cpp-httplib's parsing, routing and writing, without its own loop, which gives each connection a
// thread before it has said anything.
#pragma once

#include <httplib.h>

#include <string>

namespace xp::http {

// Its handlers are set before the first Answer; from then on safe from any thread.
class HttpLibrary final : public httplib::Server {
 public:
  // Answers one request of `stream`. False: close the connection; always after the `last`.
  enum class Which { kLast, kNotLast };
  bool Answer(httplib::Stream& stream, Which which) {
    const bool last = which == Which::kLast;
    bool closed = false;
    return process_request(stream, last, closed, KeepBodyWhole) && !closed && !last;
  }

  static std::string ContentTypeOf(const httplib::Request& request) {
    return request.get_header_value(kContentType);
  }

  // After bind: the socket that listens, for its owner to close.
  int listener() const { return svr_sock_; }
  // The library ends answers that come in parts once it has no such socket.
  void ForgetListener() { svr_sock_ = INVALID_SOCKET; }

 private:
  static constexpr char kContentType[] = "Xp-Content-Type";

  // The library would take forms apart, or refuse them without a word; what a body is, is for the
  // method to say.
  static void KeepBodyWhole(httplib::Request& request) {
    const std::string type = request.get_header_value("Content-Type");
    request.headers.erase("Content-Type");
    request.headers.erase(kContentType);
    request.set_header(kContentType, type);
  }
};

}  // namespace xp::http
