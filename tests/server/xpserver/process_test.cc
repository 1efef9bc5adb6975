// The real xpserver as a process: how it starts, what it refuses, how it ends.
#include <fcntl.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sqlite3.h>
#include <sys/inotify.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "server/config.h"
#include "tests/server/testing/temp_dir.h"
#include "xp/v1/admin.grpc.pb.h"

extern char** environ;

namespace xp {
namespace {

// One xpserver; killed with the object if it still runs.
class ServerProcess {
 public:
  ServerProcess(std::vector<std::string> arguments, const std::string& log_path)
      : log_path_(log_path) {
    arguments.insert(arguments.begin(), XPSERVER_PATH);
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log_path.c_str(),
                                     O_CREAT | O_WRONLY | O_TRUNC, 0600);
    EXPECT_EQ(posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environ), 0);
    posix_spawn_file_actions_destroy(&actions);
  }
  ~ServerProcess() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }

  // Its exit code; -1: ended by a signal.
  int Wait() {
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  int Terminate() {
    kill(pid_, SIGTERM);
    return Wait();
  }
  bool Runs() const {
    siginfo_t info{};
    return waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == 0;
  }
  std::string log() const {
    std::stringstream text;
    text << std::ifstream(log_path_).rdbuf();
    return text.str();
  }

 private:
  const std::string log_path_;
  pid_t pid_ = 0;
};

class XpserverTest : public ::testing::Test {
 protected:
  std::vector<std::string> Arguments() {
    return {"--data-dir", data_dir(),    "--listen",    "127.0.0.1:0",
            "--http",     "127.0.0.1:0", "--port-file", port_file()};
  }
  std::string data_dir() const { return dir_.path() + "/data"; }
  std::string port_file() const { return dir_.path() + "/ports"; }
  std::string log_file() { return dir_.path() + "/log" + std::to_string(logs_++); }

  // The gRPC address once the server has written it; empty when it ended instead.
  std::string WaitForAddress(const ServerProcess& server) {
    const int watch = inotify_init1(IN_CLOEXEC);
    inotify_add_watch(watch, dir_.path().c_str(), IN_MOVED_TO);
    std::string line;
    while (line.empty() && server.Runs()) {
      std::ifstream file(port_file());
      if (std::getline(file, line)) break;
      // Looks again when something was renamed into the folder, or may have ended.
      pollfd waiting{watch, POLLIN, 0};
      poll(&waiting, 1, 100);
    }
    close(watch);
    return line.substr(line.find('=') + 1);
  }

  testing::TempDir dir_;
  int logs_ = 0;
};

TEST_F(XpserverTest, ServesWithinASecondAndStopsCleanly) {
  const auto begin = std::chrono::steady_clock::now();
  ServerProcess server(Arguments(), log_file());
  const std::string address = WaitForAddress(server);
  ASSERT_FALSE(address.empty()) << server.log();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5))
      << "on a busy machine";
  const auto channel = grpc::CreateChannel(address, grpc::InsecureChannelCredentials());
  grpc::ClientContext context;
  v1::Stats stats;
  ASSERT_TRUE(v1::Admin::NewStub(channel)->GetStats(&context, v1::GetStatsRequest(), &stats).ok());
  EXPECT_FALSE(stats.store_id().empty());
  EXPECT_FALSE(stats.version().empty());
  EXPECT_EQ(server.Terminate(), kExitStopped) << server.log();
  EXPECT_EQ(server.log().find("{\"time\":"), 0u) << "JSON lines where there is no terminal";
}

TEST_F(XpserverTest, ASecondOneOnTheSameFolderRefuses) {
  ServerProcess first(Arguments(), log_file());
  ASSERT_FALSE(WaitForAddress(first).empty()) << first.log();
  ServerProcess second(Arguments(), log_file());
  EXPECT_EQ(second.Wait(), kExitData);
  EXPECT_NE(second.log().find(data_dir()), std::string::npos) << second.log();
  EXPECT_TRUE(first.Runs());
}

TEST_F(XpserverTest, ADatabaseOfANewerVersionIsRefused) {
  {
    ServerProcess server(Arguments(), log_file());
    ASSERT_FALSE(WaitForAddress(server).empty()) << server.log();
    ASSERT_EQ(server.Terminate(), kExitStopped);
  }
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open((data_dir() + "/xp.db").c_str(), &database), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(database, "PRAGMA user_version = 1000000", nullptr, nullptr, nullptr),
            SQLITE_OK);
  sqlite3_close(database);
  std::filesystem::remove(port_file());
  ServerProcess server(Arguments(), log_file());
  EXPECT_EQ(server.Wait(), kExitData);
  EXPECT_NE(server.log().find("newer"), std::string::npos) << server.log();
}

TEST_F(XpserverTest, AnAddressBeyondLoopbackIsRefusedWithItsRisk) {
  ServerProcess server({"--data-dir", data_dir(), "--listen", "0.0.0.0:0"}, log_file());
  EXPECT_EQ(server.Wait(), kExitUsage);
  EXPECT_NE(server.log().find("--insecure-listen"), std::string::npos) << server.log();
  EXPECT_FALSE(std::filesystem::exists(data_dir())) << "refused before anything was made";
}

TEST_F(XpserverTest, AnAddressInUseIsSaid) {
  ServerProcess first(Arguments(), log_file());
  const std::string address = WaitForAddress(first);
  ASSERT_FALSE(address.empty()) << first.log();
  ServerProcess second({"--data-dir", dir_.path() + "/other", "--listen", address}, log_file());
  EXPECT_EQ(second.Wait(), kExitListen);
  EXPECT_NE(second.log().find(address), std::string::npos) << second.log();
}

}  // namespace
}  // namespace xp
