// Runs in containers and makes the system calls that busybox has no program for. Prints results
// and the names of errors, and does not fail, because errors are compared, too.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

static void Say(const char* what, long result) {
  if (result < 0) {
    printf("%s: %s\n", what, strerrorname_np(errno));
  } else {
    printf("%s: %ld\n", what, result);
  }
  fflush(stdout);
}

static int Compare(const void* a, const void* b) {
  return strcmp(*(const char* const*)a, *(const char* const*)b);
}

// The names are sorted, because each file system has an order of its own.
static void ListXattrs(const char* path) {
  char names[4096];
  ssize_t size = listxattr(path, names, sizeof(names));
  if (size < 0) {
    Say("listxattr", size);
    return;
  }
  const char* sorted[64];
  size_t count = 0;
  for (char* name = names; name < names + size && count < 64; name += strlen(name) + 1) {
    sorted[count++] = name;
  }
  qsort(sorted, count, sizeof(sorted[0]), Compare);
  printf("listxattr:");
  for (size_t i = 0; i < count; i++) printf(" %s", sorted[i]);
  printf("\n");
}

static int Xattr(char** words) {
  const char *path = words[0], *name = words[1], *value = words[2];
  ListXattrs(path);
  Say("setxattr", setxattr(path, name, value, strlen(value), 0));
  char buffer[256] = "";
  Say("getxattr", getxattr(path, name, buffer, sizeof(buffer) - 1));
  printf("value: %s\n", buffer);
  ListXattrs(path);
  Say("removexattr", removexattr(path, name));
  return 0;
}

static int MapFile(char** words) {
  int fd = open(words[0], O_RDWR | O_CREAT, 0644);
  Say("open", fd < 0 ? -1 : 0);
  Say("ftruncate", ftruncate(fd, 8192));
  char* memory = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) {
    Say("mmap", -1);
    return 0;
  }
  strcpy(memory + 4090, "across pages");
  Say("msync", msync(memory, 8192, MS_SYNC));
  char buffer[16] = "";
  Say("pread", pread(fd, buffer, 12, 4090));
  printf("%s\n", buffer);
  Say("pwrite", pwrite(fd, "W", 1, 4090));
  printf("mapped: %.12s\n", memory + 4090);
  return 0;
}

static int TryLock(const char* path, int kind) {
  int fd = open(path, O_RDWR);
  struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  return kind == 0 ? flock(fd, LOCK_EX | LOCK_NB) : fcntl(fd, F_SETLK, &all);
}

// A second process meets the first process's lock.
static int Lock(char** words) {
  static const char* const kinds[] = {"flock", "fcntl"};
  for (int kind = 0; kind < 2; kind++) {
    Say(kinds[kind], TryLock(words[0], kind));
    if (fork() == 0) {
      Say("second process", TryLock(words[0], kind));
      exit(0);
    }
    wait(NULL);
  }
  return 0;
}

static struct sockaddr_un Address(const char* path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
  return address;
}

static int Connect(char** words) {
  struct sockaddr_un address = Address(words[0]);
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  int result = connect(fd, (struct sockaddr*)&address, sizeof(address));
  Say("connect", result);
  if (result < 0) return 0;
  Say("write", write(fd, words[1], strlen(words[1])));
  shutdown(fd, SHUT_WR);
  char buffer[256];
  ssize_t size;
  while ((size = read(fd, buffer, sizeof(buffer))) > 0) {
    printf("%.*s", (int)size, buffer);
  }
  Say("\nread", size);
  return 0;
}

// Serves one client, from the container or from the host.
static int Listen(char** words) {
  struct sockaddr_un address = Address(words[0]);
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  int result = bind(fd, (struct sockaddr*)&address, sizeof(address));
  Say("bind", result);
  if (result < 0) return 0;
  Say("listen", listen(fd, 1));
  printf("ready\n");
  fflush(stdout);
  int client = accept(fd, NULL, NULL);
  Say("accept", client < 0 ? -1 : 0);
  char buffer[256];
  ssize_t size = read(client, buffer, sizeof(buffer));
  if (size > 0) {
    printf("%.*s\n", (int)size, buffer);
    Say("write", write(client, buffer, (size_t)size));
  }
  return 0;
}

// A file that was removed stays usable through its descriptor.
static int Unlinked(char** words) {
  int fd = open(words[0], O_RDWR | O_CREAT | O_TRUNC, 0640);
  Say("open", fd < 0 ? -1 : 0);
  Say("write", write(fd, "before", 6));
  Say("unlink", unlink(words[0]));
  Say("write", write(fd, " after", 6));
  char buffer[16] = "";
  Say("pread", pread(fd, buffer, 12, 0));
  struct stat info;
  Say("fstat", fstat(fd, &info));
  printf("%s, %ld links, %ld bytes\n", buffer, (long)info.st_nlink, (long)info.st_size);
  Say("fchmod", fchmod(fd, 0600));
  Say("ftruncate", ftruncate(fd, 3));
  Say("open again", open(words[0], O_RDONLY));
  return 0;
}

int main(int count, char** words) {
  static const struct {
    const char* name;
    int words;
    int (*function)(char**);
  } kCommands[] = {{"xattr", 3, Xattr},     {"mmap", 1, MapFile},  {"lock", 1, Lock},
                   {"connect", 2, Connect}, {"listen", 1, Listen}, {"unlinked", 1, Unlinked}};
  for (size_t i = 0; i < sizeof(kCommands) / sizeof(kCommands[0]); i++) {
    if (count == kCommands[i].words + 2 && strcmp(words[1], kCommands[i].name) == 0) {
      return kCommands[i].function(words + 2);
    }
  }
  fprintf(stderr, "probe: unknown command or a wrong number of words\n");
  return 2;
}
