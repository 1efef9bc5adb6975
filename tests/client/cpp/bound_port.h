// A port where nobody is.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <string>

#include "client/cpp/file_descriptor.h"

namespace xp::client {

// A loopback port that is bound: the kernel gives it to nobody else. Connections are refused, or,
// once the socket listens, taken and never answered.
struct BoundPort {
  BoundPort() : socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address));
    socklen_t size = sizeof(address);
    ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size);
    port = ntohs(address.sin_port);
  }
  std::string address() const { return "127.0.0.1:" + std::to_string(port); }
  FileDescriptor socket;
  int port = 0;
};

}  // namespace xp::client
