// Stands for a runsc or a gofer: says on stdout how it was called. As
// "start-self NAME WORD..." it starts itself as runsc does, by the path that
// install-runsc replaces.

#include <dirent.h>
#include <sys/auxv.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <set>

namespace {

// Except those of stdio and of this function.
std::set<int> OpenDescriptors() {
  std::set<int> descriptors;
  DIR* directory = ::opendir("/proc/self/fd");
  while (const dirent* entry = ::readdir(directory)) {
    const int fd = std::atoi(entry->d_name);
    if (fd > STDERR_FILENO && fd != ::dirfd(directory)) {
      descriptors.insert(fd);
    }
  }
  ::closedir(directory);
  return descriptors;
}

void Report(char** argv) {
  const auto name = static_cast<std::uintptr_t>(::getauxval(AT_EXECFN));
  // The kernel gives the address of the name as a number.
  std::printf("program %s\n",
              reinterpret_cast<const char*>(name));  // NOLINT
  for (char** word = argv; *word != nullptr; ++word) {
    std::printf("word %s\n", *word);
  }
  for (char** variable = environ; *variable != nullptr; ++variable) {
    std::printf("environment %s\n", *variable);
  }
  for (const int fd : OpenDescriptors()) {
    std::printf("descriptor %d\n", fd);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 2 && std::strcmp(argv[1], "start-self") == 0) {
    ::execve("/proc/self/exe", argv + 2, environ);
    std::perror("reported_call");
    return EXIT_FAILURE;
  }
  Report(argv);
  return EXIT_SUCCESS;
}
