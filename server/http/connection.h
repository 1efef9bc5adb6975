// One accepted connection: its socket, what was read from it ahead, and the library's view of both.
//
// A connection belongs to one thread at a time; it is handed on whole.
#pragma once

#include <absl/time/time.h>
#include <httplib.h>

#include <cstddef>
#include <string>

#include "proto/clock.h"

namespace xp::http {

class Connection {
 public:
  // Owns `socket`, which is connected.
  explicit Connection(int socket) : socket_(socket) {}
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // What has come of a request's head, which ends with an empty line.
  enum class Head {
    kPart,   // none or not all of it
    kWhole,  // and perhaps some of its body
    kGone,   // the caller has left
    kBad,    // longer than kHeadMaxBytes, or not HTTP (TLS, say)
  };
  static constexpr size_t kHeadMaxBytes = 64 * 1024;

  // Reads what is there; never waits.
  Head ReadAhead();
  // The same of what was read already: a caller may send its next request early.
  Head Look() const;

  // Reads at least one byte unless the caller is gone or `timeout` passes: then 0 or less.
  ssize_t Read(char* to, size_t size, absl::Duration timeout);
  // Writes some. Not above 0: the caller is gone or reads nothing for `timeout`.
  ssize_t Write(const char* from, size_t size, absl::Duration timeout);

  // Bytes wait to be read.
  bool HasBytes(absl::Duration timeout) const;
  // There is room to write, and the caller has not closed its side.
  bool IsWritable(absl::Duration timeout) const;

  int socket() const { return socket_; }
  // Requests answered so far.
  int served = 0;

 private:
  const int socket_;
  std::string ahead_;
  size_t taken_ = 0;  // of ahead_
};

// What httplib::Server reads a request from and writes its answer to. Both must outlive it.
class ConnectionStream final : public httplib::Stream {
 public:
  struct Limits {
    absl::Duration request;  // all of the request must have come this long after its head
    absl::Duration write;    // a caller that takes nothing of the answer for so long is gone
  };
  ConnectionStream(Connection& connection, Clock& clock, const Limits& limits)
      : connection_(connection),
        clock_(clock),
        limits_(limits),
        deadline_(clock.Monotonic() + limits.request) {}

  bool is_readable() const override;
  bool is_writable() const override;
  ssize_t read(char* to, size_t size) override;
  ssize_t write(const char* from, size_t size) override;
  void get_remote_ip_and_port(std::string& ip, int& port) const override;
  void get_local_ip_and_port(std::string& ip, int& port) const override;
  socket_t socket() const override { return connection_.socket(); }

 private:
  Connection& connection_;
  Clock& clock_;
  const Limits limits_;
  const absl::Duration deadline_;
};

}  // namespace xp::http
