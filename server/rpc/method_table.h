// The methods of the API by path, as plain functions on messages: what gRPC serves
// (grpc_service.h) and what the HTTP side serves as JSON is this one table, so a method is written
// once and behaves the same on both.
//
// A table is filled before the server starts and only read afterwards: then it is safe from any
// thread. So must be the functions in it. Messages given to a function live for the call.
#pragma once

#include <absl/status/status.h>
#include <google/protobuf/message.h>

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace xp::rpc {

// What a method may know of the call that it answers. Used by the call's thread only.
class CallContext {
 public:
  virtual ~CallContext() = default;

  // The caller has gone away or the server is stopping; streams look here at each step. Cheap.
  virtual bool IsCancelled() const = 0;

  // Who calls, for the log: "ipv4:127.0.0.1:41234".
  virtual std::string_view peer() const = 0;
};

// Sends one message of a server stream. False when the caller is gone: return then.
using SendMessage = std::function<bool(const google::protobuf::Message&)>;

// One request, one response.
struct UnaryMethod {
  // Immutable; New() makes the messages of a call.
  const google::protobuf::Message* request_prototype = nullptr;
  const google::protobuf::Message* response_prototype = nullptr;
  // Fills `response` (which is empty) or returns why not: status codes as the .proto says, messages
  // that begin with the field's path.
  std::function<absl::Status(CallContext&, const google::protobuf::Message& request,
                             google::protobuf::Message* response)>
      call;
};

// One request, any number of responses. The function returns when all is sent, on an error, when
// `send` returns false, or soon after IsCancelled() (within a second).
struct ServerStreamMethod {
  const google::protobuf::Message* request_prototype = nullptr;
  const google::protobuf::Message* response_prototype = nullptr;
  std::function<absl::Status(CallContext&, const google::protobuf::Message& request,
                             const SendMessage& send)>
      call;
};

// Streams from the client (UploadBlobs, Work) are gRPC's alone and are not in the table.
class MethodTable {
 public:
  // Paths are "/xp.v1.Trials/GetTrial". Adding a path twice replaces the first.
  template <typename Request, typename Response>
  void AddUnary(std::string path,
                std::function<absl::Status(CallContext&, const Request&, Response*)> function) {
    UnaryMethod method{&Request::default_instance(), &Response::default_instance(), nullptr};
    method.call = [function = std::move(function)](CallContext& context,
                                                   const google::protobuf::Message& request,
                                                   google::protobuf::Message* response) {
      return function(context, static_cast<const Request&>(request),
                      static_cast<Response*>(response));
    };
    unary_[std::move(path)] = std::move(method);
  }

  template <typename Request, typename Response>
  void AddServerStream(std::string path,
                       std::function<absl::Status(CallContext&, const Request&,
                                                  const std::function<bool(const Response&)>& send)>
                           function) {
    ServerStreamMethod method{&Request::default_instance(), &Response::default_instance(), nullptr};
    method.call = [function = std::move(function)](CallContext& context,
                                                   const google::protobuf::Message& request,
                                                   const SendMessage& send) {
      return function(context, static_cast<const Request&>(request), send);
    };
    streams_[std::move(path)] = std::move(method);
  }

  // Null when there is none.
  const UnaryMethod* FindUnary(std::string_view path) const { return Find(unary_, path); }
  const ServerStreamMethod* FindServerStream(std::string_view path) const {
    return Find(streams_, path);
  }

  using UnaryMap = std::map<std::string, UnaryMethod, std::less<>>;
  using StreamMap = std::map<std::string, ServerStreamMethod, std::less<>>;
  UnaryMap& unary() { return unary_; }
  StreamMap& streams() { return streams_; }
  const UnaryMap& unary() const { return unary_; }
  const StreamMap& streams() const { return streams_; }

 private:
  template <typename Map>
  static const typename Map::mapped_type* Find(const Map& map, std::string_view path) {
    const auto found = map.find(path);
    return found == map.end() ? nullptr : &found->second;
  }

  UnaryMap unary_;
  StreamMap streams_;
};

}  // namespace xp::rpc
