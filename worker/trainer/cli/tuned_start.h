// How `train` and `predict` begin, before a library of this program has run any code: LibTorch's
// 300 libraries read their settings, and make threads, while they are initialised, which takes
// longer than all that is done here. Whoever links tuned_start.cc has it done, in the program's
// .preinit_array; there is nothing to call.
//
// 1. For `train`, SIGTERM and SIGINT are held back until CatchStopSignals: a training that is asked
//    to end in its first moments ends as any other. Threads that libraries make inherit that, so
//    that none of them takes the signal.
// 2. The program starts again, in this process and once, with settings that are not set:
//    OMP_WAIT_POLICY=passive: waiting threads sleep (spinning cost two trials that share two
//    processors 34 s instead of 1.4 s for 30 small steps). ATEN_CPU_CAPABILITY=avx512 where the
//    processor has it: LibTorch 1.13 takes AVX2 by itself. If that fails it is only slower.
#pragma once

#include <csignal>

namespace xp::trainer {

sigset_t StopSignals();  // SIGTERM and SIGINT

}  // namespace xp::trainer
