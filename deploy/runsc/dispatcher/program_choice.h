#ifndef DEPLOY_RUNSC_DISPATCHER_PROGRAM_CHOICE_H_
#define DEPLOY_RUNSC_DISPATCHER_PROGRAM_CHOICE_H_

namespace gofer::dispatcher {

enum class Program {
  kGofer,
  kSandbox,       // a runsc as it came, for `boot`
  kRunsc,         // as it came
  kPatchedRunsc,  // starts gofers through the dispatcher
};

// Which program a call of runsc by itself is for.
//
// runsc names its helpers in argv[0] ("runsc-gofer", "runsc-sandbox",
// "runsc-exec") and writes global flags as one word, --name=value; the first
// word without a dash is then the command. The gofer is ours. The other helpers
// must be the untouched program: the sandbox starts itself again where no
// dispatcher can be reached. What starts itself again passes on its flags, so a
// sandbox is changed once.
//
// A call without such a name is `runsc --rootless`, which repeats its own
// command line in a new user namespace. Its flags are as the user wrote them,
// perhaps in two words, so they are not looked at; it will start a gofer, so it
// is the patched program.
//
// Parameters: those of main; argv ends with a null pointer. Thread-safe.
Program ChooseProgram(const char* const* argv);

}  // namespace gofer::dispatcher

#endif  // DEPLOY_RUNSC_DISPATCHER_PROGRAM_CHOICE_H_
