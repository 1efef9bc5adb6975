#include "worker/trainer/cli/tuned_start.h"

#include <unistd.h>

#include <climits>
#include <string_view>
#include <vector>

namespace xp::trainer {
namespace {

// No initialiser has run yet, not even libc's: no getenv, no stream, no object of namespace scope.
// NAME=VALUE each.
constexpr const char* kWaitPolicy = "OMP_WAIT_POLICY=passive";
constexpr const char* kCapability = "ATEN_CPU_CAPABILITY=avx512";

bool IsSet(std::string_view setting, char** environment) {
  const std::string_view name = setting.substr(0, setting.find('=') + 1);
  for (; *environment != nullptr; ++environment) {
    if (std::string_view(*environment).starts_with(name)) return true;
  }
  return false;
}

bool HasAvx512() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
#else
  return false;
#endif
}

void Restart(char** argv, char** environment) {
  std::vector<const char*> settings;
  if (!IsSet(kWaitPolicy, environment)) settings.push_back(kWaitPolicy);
  if (!IsSet(kCapability, environment) && HasAvx512()) settings.push_back(kCapability);
  if (settings.empty()) return;
  for (; *environment != nullptr; ++environment) settings.push_back(*environment);
  settings.push_back(nullptr);
  char program[PATH_MAX] = "";  // by its name, so that process lists show it
  if (::readlink("/proc/self/exe", program, sizeof program - 1) <= 0) return;
  ::execve(program, argv, const_cast<char* const*>(settings.data()));
}

void BeginTuned(int argc, char** argv, char** environment) {
  std::string_view command;
  for (int i = 1; i < argc && command.empty(); ++i) {
    const std::string_view word = argv[i];
    if (word == "train" || word == "predict") command = word;
  }
  if (command.empty()) return;
  if (command == "train") {
    const sigset_t signals = StopSignals();
    ::sigprocmask(SIG_BLOCK, &signals, nullptr);  // there is one thread; exec keeps it
  }
  Restart(argv, environment);
}

[[gnu::section(".preinit_array"), gnu::used]] void (*const begin_tuned)(int, char**,
                                                                        char**) = BeginTuned;

}  // namespace

sigset_t StopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

}  // namespace xp::trainer
