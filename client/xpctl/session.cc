#include "client/xpctl/session.h"

#include <ostream>
#include <utility>

#include "client/cpp/channel.h"
#include "client/cpp/client.h"
#include "proto/status.h"

namespace xp::xpctl {
Session::Session(World& world, Settings settings) : world_(world), settings_(std::move(settings)) {}
Session::~Session() = default;

absl::StatusOr<client::ServerAddress> Session::Address() const {
  absl::StatusOr<client::ServerAddress> address = client::ParseAddress(settings_.server);
  if (!address.ok()) return Annotate(address.status(), settings_.server_from);
  return address;
}

absl::StatusOr<client::Client*> Session::Connect() {
  if (client_ != nullptr) return client_.get();
  XP_ASSIGN_OR_RETURN(const client::ServerAddress address, Address());
  const auto channel = client::MakeChannel(address);
  XP_RETURN_IF_ERROR(client::WaitForServer(*channel, address, settings_.server_from));
  client_ =
      std::make_unique<client::Client>(channel, client::Retrier({}, world_.retry_on(channel)));
  return client_.get();
}

void Session::Say(std::string_view line) { *world_.err << line << '\n' << std::flush; }

void Session::Print(const Report& report) {
  std::ostream& out = *world_.out;
  switch (settings_.output) {
    case OutputFormat::kJson:
      out << report.json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace)
          << '\n';
      break;
    case OutputFormat::kCsv:
      out << RenderCsv(report.csv.columns.empty() ? report.table : report.csv);
      for (const std::string& note : report.notes) Say(note);
      break;
    case OutputFormat::kMarkdown:
      out << RenderMarkdown(report.table);
      for (const std::string& note : report.notes) out << '\n' << Printable(note) << '\n';
      break;
    case OutputFormat::kTable:
      out << RenderText(report.table, world_.out_terminal);
      for (const std::string& note : report.notes) out << Printable(note) << '\n';
      break;
  }
  out << std::flush;
}

}  // namespace xp::xpctl
