#include "server/http/connection.h"

#include <absl/strings/ascii.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace xp::http {
namespace {

constexpr std::string_view kEndOfHead = "\r\n\r\n";

// True when one of `events` (or an end) is there before `timeout` has passed.
bool WaitFor(int socket, short events, absl::Duration timeout) {
  const int64_t wait_ms =
      std::clamp<int64_t>(absl::ToInt64Milliseconds(timeout), 0, 24 * 3600 * 1000);
  pollfd poll_for = {socket, events, 0};
  int ready = 0;
  do {
    ready = poll(&poll_for, 1, static_cast<int>(wait_ms));
  } while (ready < 0 && errno == EINTR);
  return ready > 0;
}

using Describe = int (*)(int, sockaddr*, socklen_t*);

void AddressOf(int socket, Describe describe, std::string* ip, int* port) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  auto* const where = reinterpret_cast<sockaddr*>(&address);
  char host[NI_MAXHOST] = {};
  char service[NI_MAXSERV] = {};
  if (describe(socket, where, &size) != 0 ||
      getnameinfo(where, size, host, sizeof host, service, sizeof service,
                  NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
    return;
  }
  *ip = host;
  *port = std::atoi(service);
}

}  // namespace

Connection::~Connection() {
  shutdown(socket_, SHUT_RDWR);
  close(socket_);
}

Connection::Head Connection::ReadAhead() {
  while (true) {
    char buffer[16 * 1024];
    const ssize_t size = recv(socket_, buffer, sizeof buffer, MSG_DONTWAIT);
    if (size == 0) return Head::kGone;
    if (size < 0) {
      if (errno == EINTR) continue;
      return errno == EAGAIN || errno == EWOULDBLOCK ? Look() : Head::kGone;
    }
    ahead_.append(buffer, size);
    const Head head = Look();
    if (head != Head::kPart) return head;
  }
}

Connection::Head Connection::Look() const {
  const std::string_view head = std::string_view(ahead_).substr(taken_);
  if (head.empty()) return Head::kPart;
  const size_t end = head.find(kEndOfHead);
  if (end != head.npos && end < kHeadMaxBytes) return Head::kWhole;
  const bool is_http = absl::ascii_isupper(static_cast<unsigned char>(head[0])) || head[0] == '\r';
  return is_http && head.size() < kHeadMaxBytes ? Head::kPart : Head::kBad;
}

ssize_t Connection::Read(char* to, size_t size, absl::Duration timeout) {
  if (taken_ < ahead_.size()) {
    const size_t part = std::min(size, ahead_.size() - taken_);
    std::memcpy(to, ahead_.data() + taken_, part);
    taken_ += part;
    if (taken_ == ahead_.size()) {
      ahead_.clear();
      taken_ = 0;
    }
    return static_cast<ssize_t>(part);
  }
  if (!WaitFor(socket_, POLLIN, timeout)) return -1;
  ssize_t got = 0;
  do {
    got = recv(socket_, to, size, 0);
  } while (got < 0 && errno == EINTR);
  return got;
}

ssize_t Connection::Write(const char* from, size_t size, absl::Duration timeout) {
  if (!WaitFor(socket_, POLLOUT, timeout)) return -1;
  ssize_t put = 0;
  do {
    put = send(socket_, from, size, MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (put < 0 && errno == EINTR);
  return put;
}

bool Connection::HasBytes(absl::Duration timeout) const {
  return taken_ < ahead_.size() || WaitFor(socket_, POLLIN, timeout);
}

bool Connection::IsWritable(absl::Duration timeout) const {
  if (!WaitFor(socket_, POLLOUT, timeout)) return false;
  if (!WaitFor(socket_, POLLIN, absl::ZeroDuration())) return true;
  char byte = 0;
  return recv(socket_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

bool ConnectionStream::is_readable() const {
  return connection_.HasBytes(deadline_ - clock_.Monotonic());
}

bool ConnectionStream::is_writable() const { return connection_.IsWritable(limits_.write); }

ssize_t ConnectionStream::read(char* to, size_t size) {
  return connection_.Read(to, size, deadline_ - clock_.Monotonic());
}

ssize_t ConnectionStream::write(const char* from, size_t size) {
  return connection_.Write(from, size, limits_.write);
}

void ConnectionStream::get_remote_ip_and_port(std::string& ip, int& port) const {
  AddressOf(connection_.socket(), getpeername, &ip, &port);
}

void ConnectionStream::get_local_ip_and_port(std::string& ip, int& port) const {
  AddressOf(connection_.socket(), getsockname, &ip, &port);
}

}  // namespace xp::http
