// How `train` and `predict` begin, before a library of this program has run any code: LibTorch's
// 300 libraries read their settings, and make threads, while they are initialised, which takes
// longer than all that is done here. A program that has this file has it done, in its
// .preinit_array; there is nothing to call.
//
// 1. Where this process may not have kLeastAddresses more (ulimit -v, or vm.overcommit_memory is 2
//    and the machine's are committed) it says so and ends with kExitResources: the libraries would
//    abort while they are initialised, and OpenBLAS would ask for its 128 MiB for ever.
// 2. For `train`, SIGTERM and SIGINT are held back until CatchStopSignals: a training that is asked
//    to end in its first moments ends as any other. Threads that libraries make inherit that, so
//    that none of them takes the signal.
// 3. The program starts again, in this process and once, with settings that are not set:
//    OMP_WAIT_POLICY=passive: waiting threads sleep (spinning cost two trials that share two
//    processors 34 s instead of 1.4 s for 30 small steps). ATEN_CPU_CAPABILITY=avx512 where the
//    processor has it: LibTorch 1.13 takes AVX2 by itself. If that fails it is only slower.
#include "worker/trainer/cli/command.h"
#include "worker/trainer/cli/stop_signals.h"

#include <sys/mman.h>
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

constexpr size_t kLeastAddresses = size_t{1} << 30;
constexpr std::string_view kTooFew =
    "xptrain: the kernel refuses 1 GiB more of addresses, which LibTorch and its arrays need at "
    "least: raise the limit (ulimit -v; or, where the machine commits no more than it has, free "
    "memory)\n";

void EndWithoutAddresses() {
  void* const range = ::mmap(nullptr, kLeastAddresses, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (range != MAP_FAILED) {
    ::munmap(range, kLeastAddresses);
    return;
  }
  [[maybe_unused]] const ssize_t said = ::write(STDERR_FILENO, kTooFew.data(), kTooFew.size());
  ::_exit(kExitResources);
}

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
  EndWithoutAddresses();
  if (command == "train") {
    const sigset_t signals = StopSignals();
    ::sigprocmask(SIG_BLOCK, &signals, nullptr);  // there is one thread; exec keeps it
  }
  Restart(argv, environment);
}

[[gnu::section(".preinit_array"), gnu::used]] void (*const begin_tuned)(int, char**,
                                                                        char**) = BeginTuned;

}  // namespace
}  // namespace xp::trainer
