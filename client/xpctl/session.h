// One run of xpctl: the options that every command has, the connection, and the ways out.
//
// Not thread safe. Lifetime: the World must outlive it.
#pragma once

#include <absl/status/statusor.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "client/cpp/address.h"
#include "client/xpctl/settings.h"
#include "client/xpctl/table.h"
#include "client/xpctl/world.h"

namespace xp::client {
class Client;
}

namespace xp::xpctl {

// What a command has to say, in every form that it may be asked for.
struct Report {
  Table table;
  Table csv;  // without columns: `table`
  nlohmann::ordered_json json;
  std::vector<std::string> notes;  // lines under the table; on stderr for CSV; part of `json`
};

class Session {
 public:
  Session(World& world, Settings settings);
  ~Session();

  World& world() { return world_; }
  OutputFormat format() const { return settings_.output; }

  // Connects at the first call. UNAVAILABLE within 3 s when no server is there: says where it
  // looked and how to start one.
  absl::StatusOr<client::Client*> Connect();
  // Where that is. INVALID_ARGUMENT when it is no address.
  absl::StatusOr<client::ServerAddress> Address() const;

  void Print(const Report& report);
  // One line for people on stderr.
  void Say(std::string_view line);

 private:
  World& world_;
  const Settings settings_;
  std::unique_ptr<client::Client> client_;
};

}  // namespace xp::xpctl
