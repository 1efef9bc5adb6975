#include "server/http/connection_watch.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <spdlog/spdlog.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "proto/status.h"

namespace xp::http {
namespace {

constexpr int kEventsAtOnce = 64;
// Where no descriptor is left for a connection that waits to be accepted, look again after this.
constexpr absl::Duration kAcceptAgain = absl::Milliseconds(100);

bool Watch(int epoll, int socket, uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.fd = socket;
  return epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event) == 0;
}

void CloseIfOpen(int& descriptor) {
  if (descriptor >= 0) close(descriptor);
  descriptor = -1;
}

}  // namespace

ConnectionWatch::ConnectionWatch(Options options, Clock& clock, OnRequest on_request)
    : options_(options), clock_(clock), on_request_(std::move(on_request)) {}

ConnectionWatch::~ConnectionWatch() { Stop(); }

absl::Status ConnectionWatch::Start(int listener) {
  listener_ = listener;
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  wake_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (epoll_ < 0 || wake_ < 0 || !Watch(epoll_, wake_, EPOLLIN) ||
      !Watch(epoll_, listener_, EPOLLIN)) {
    return absl::UnavailableError(
        absl::StrCat("http: cannot watch connections: ", std::strerror(errno)));
  }
  try {
    thread_ = std::thread([this] { Run(); });
  } catch (const std::system_error& error) {
    return absl::UnavailableError(absl::StrCat("http: no thread: ", error.what()));
  }
  return absl::OkStatus();
}

void ConnectionWatch::Stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
  }
  Wake();
  if (thread_.joinable()) thread_.join();
  waiting_.clear();
  by_socket_.clear();
  CloseIfOpen(listener_);
  MutexLock lock(mutex_);
  returned_.clear();
  CloseIfOpen(epoll_);
  CloseIfOpen(wake_);
}

void ConnectionWatch::Return(std::unique_ptr<Connection> connection) {
  MutexLock lock(mutex_);
  if (stopping_) return;
  returned_.push_back(std::move(connection));
  Wake();
}

void ConnectionWatch::Gone() {
  MutexLock lock(mutex_);
  --open_;
}

void ConnectionWatch::Wake() {
  const uint64_t one = 1;
  // A full counter wakes as well.
  if (wake_ >= 0 && write(wake_, &one, sizeof one) < 0) return;
}

void ConnectionWatch::Run() {
  while (true) {
    {
      MutexLock lock(mutex_);
      if (stopping_) return;
    }
    CloseSilent();
    absl::Duration wait = absl::Minutes(1);
    if (accepting_ == Accepting::kLater) wait = kAcceptAgain;
    if (!waiting_.empty()) {
      wait = std::min(wait, waiting_.front().deadline - clock_.Monotonic());
    }
    epoll_event events[kEventsAtOnce];
    const int count =
        epoll_wait(epoll_, events, kEventsAtOnce,
                   std::max(0, static_cast<int>(absl::ToInt64Milliseconds(wait)) + 1));
    if (accepting_ == Accepting::kLater) Accept(Accepting::kNow);
    for (int i = 0; i < count; ++i) {
      const int socket = events[i].data.fd;
      if (socket == listener_) {
        AcceptAll();
      } else if (socket == wake_) {
        TakeReturned();
      } else if (const auto found = by_socket_.find(socket); found != by_socket_.end()) {
        Look(found->second, found->second->connection->ReadAhead());
      }
    }
  }
}

void ConnectionWatch::AcceptAll() {
  // Not for ever: those who are there already have their turn as well.
  for (int i = 0; i < kEventsAtOnce; ++i) {
    const int socket = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) {
      if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
        spdlog::warn("http: no connection can be accepted: {}", std::strerror(errno));
        if (!waiting_.empty()) Remove(waiting_.begin());  // makes room
        Accept(Accepting::kLater);
      }
      return;
    }
    const int on = 1;  // without it an answer waits 40 ms for the caller's ack
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    auto connection = std::make_unique<Connection>(socket);
    bool full = false;
    {
      MutexLock lock(mutex_);
      full = open_ >= options_.connections_max;
      if (!full) ++open_;
    }
    if (full) {
      if (waiting_.empty()) continue;
      Remove(waiting_.begin());
      MutexLock lock(mutex_);
      ++open_;
    }
    Add(std::move(connection));
  }
}

void ConnectionWatch::Accept(Accepting when) {
  epoll_event event{};
  if (when == Accepting::kNow) event.events = EPOLLIN;
  event.data.fd = listener_;
  epoll_ctl(epoll_, EPOLL_CTL_MOD, listener_, &event);
  accepting_ = when;
}

void ConnectionWatch::TakeReturned() {
  uint64_t count = 0;
  if (read(wake_, &count, sizeof count) < 0) return;
  std::vector<std::unique_ptr<Connection>> returned;
  {
    MutexLock lock(mutex_);
    returned = std::exchange(returned_, {});
  }
  for (auto& connection : returned) Add(std::move(connection));
}

void ConnectionWatch::CloseSilent() {
  const absl::Duration now = clock_.Monotonic();
  while (!waiting_.empty() && waiting_.front().deadline <= now) Remove(waiting_.begin());
}

void ConnectionWatch::Add(std::unique_ptr<Connection> connection) {
  const int socket = connection->socket();
  waiting_.push_back({std::move(connection), clock_.Monotonic() + options_.head_timeout});
  const auto at = std::prev(waiting_.end());
  by_socket_[socket] = at;
  // Edge-triggered, as half of a head would make a level-triggered one spin; so watch first, then
  // read what is there.
  if (!Watch(epoll_, socket, EPOLLIN | EPOLLRDHUP | EPOLLET)) {
    Remove(at);
    return;
  }
  const Connection::Head head = at->connection->Look();
  Look(at, head == Connection::Head::kPart ? at->connection->ReadAhead() : head);
}

void ConnectionWatch::Look(WaitingList::iterator at, Connection::Head head) {
  if (head == Connection::Head::kPart) return;
  if (head != Connection::Head::kWhole) {
    Remove(at);
    return;
  }
  epoll_ctl(epoll_, EPOLL_CTL_DEL, at->connection->socket(), nullptr);
  by_socket_.erase(at->connection->socket());
  std::unique_ptr<Connection> connection = std::move(at->connection);
  waiting_.erase(at);
  on_request_(std::move(connection));
}

void ConnectionWatch::Remove(WaitingList::iterator at) {
  by_socket_.erase(at->connection->socket());
  waiting_.erase(at);  // closing it ends its watch
  Gone();
}

}  // namespace xp::http
