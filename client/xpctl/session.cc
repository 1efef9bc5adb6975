#include "client/xpctl/session.h"

#include <ostream>

#include "client/cpp/channel.h"
#include "client/cpp/client.h"
#include "proto/status.h"

namespace xp::xpctl {
namespace {

OutputFormat FormatOf(const std::string& name) {
  if (name == "json") return OutputFormat::kJson;
  if (name == "csv") return OutputFormat::kCsv;
  if (name == "markdown") return OutputFormat::kMarkdown;
  return OutputFormat::kTable;
}

}  // namespace

Session::Session(World& world, const GlobalOptions& options)
    : world_(world), options_(options), format_(FormatOf(options.output)) {}
Session::~Session() = default;

std::string Session::ServerText(std::string* from) const {
  if (!options_.server.empty()) {
    *from = "from --server";
    return options_.server;
  }
  const char* variable = world_.getenv("XP_SERVER");
  if (variable != nullptr && *variable != '\0') {
    *from = "from $XP_SERVER";
    return variable;
  }
  *from = "the default";
  return std::string(client::kDefaultServer);
}

absl::StatusOr<client::ServerAddress> Session::Address() const {
  std::string from;
  const std::string text = ServerText(&from);
  absl::StatusOr<client::ServerAddress> address = client::ParseAddress(text);
  if (!address.ok()) return Annotate(address.status(), from);
  return address;
}

absl::StatusOr<client::Client*> Session::Connect() {
  if (client_ != nullptr) return client_.get();
  std::string from;
  ServerText(&from);
  XP_ASSIGN_OR_RETURN(const client::ServerAddress address, Address());
  const auto channel = client::MakeChannel(address);
  XP_RETURN_IF_ERROR(client::WaitForServer(*channel, address, from));
  client_ = std::make_unique<client::Client>(channel, client::Retrier({}, world_.retry));
  return client_.get();
}

void Session::Say(std::string_view line) { *world_.err << line << '\n' << std::flush; }

void Session::Print(const Report& report) {
  std::ostream& out = *world_.out;
  switch (format_) {
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
