// Waits on one thread until requests' heads have come: whoever connects and says nothing, or half
// of a head, or keeps a connection between two requests, costs a file descriptor and no thread, and
// nobody waits for them.
//
// Bounded: beyond `connections_max` the one that has been silent longest is closed for a new one;
// where all are being answered, the new one is closed.
#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/status/status.h>
#include <absl/time/time.h>

#include <functional>
#include <list>
#include <memory>
#include <thread>
#include <unordered_map>
#include <vector>

#include "proto/clock.h"
#include "proto/mutex.h"
#include "server/http/connection.h"

namespace xp::http {

class ConnectionWatch {
 public:
  struct Options {
    size_t connections_max = 512;  // open at once, those that are being answered included
    // From the connection's begin or its last answer until the next head is whole.
    absl::Duration head_timeout = absl::Seconds(10);
  };
  // Called on the watch's thread with a connection whose next request's head is whole; must not
  // block. The connection comes back through Return, or is destroyed and counted by Gone.
  using OnRequest = std::function<void(std::unique_ptr<Connection>)>;

  // `clock` must outlive this object. Owns `listener`, a socket that listens, from Start on.
  ConnectionWatch(Options options, Clock& clock, OnRequest on_request);
  ~ConnectionWatch();
  ConnectionWatch(const ConnectionWatch&) = delete;
  ConnectionWatch& operator=(const ConnectionWatch&) = delete;

  // UNAVAILABLE: the system has no descriptor or thread left.
  absl::Status Start(int listener);

  // Closes the listener and the connections that wait, and joins. Idempotent. From then on what is
  // returned is closed.
  void Stop();

  // Any thread: wait for its next request.
  void Return(std::unique_ptr<Connection> connection);
  // Any thread: a connection that was given to OnRequest is closed.
  void Gone();

 private:
  // Those that wait, the one that waits longest first: all have the same time.
  struct Waiting {
    std::unique_ptr<Connection> connection;
    absl::Duration deadline;
  };
  using WaitingList = std::list<Waiting>;
  enum class Accepting { kNow, kLater };

  void Run();
  void AcceptAll();
  void Accept(Accepting when);
  void TakeReturned();
  void CloseSilent();
  void Add(std::unique_ptr<Connection> connection);
  void Look(WaitingList::iterator at, Connection::Head head);
  void Remove(WaitingList::iterator at);
  void Wake();

  const Options options_;
  Clock& clock_;
  const OnRequest on_request_;

  // Set by Start, before the thread.
  int listener_ = -1;
  int epoll_ = -1;
  int wake_ = -1;

  // The thread's alone.
  Accepting accepting_ = Accepting::kNow;
  WaitingList waiting_;
  std::unordered_map<int, WaitingList::iterator> by_socket_;

  Mutex mutex_;
  std::vector<std::unique_ptr<Connection>> returned_ ABSL_GUARDED_BY(mutex_);
  size_t open_ ABSL_GUARDED_BY(mutex_) = 0;  // connections, wherever they are
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;

  std::thread thread_;
};

}  // namespace xp::http
