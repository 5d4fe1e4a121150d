// The workload inside a sandbox. It obeys lines on stdin and answers each with a line:
//   prepare STEP COUNT   makes what the step needs
//   run                  does it; the answer is the time in nanoseconds
//   clean                removes everything
// A step works in the folder that is the program's argument, COUNT times or with COUNT files. It
// checks what it does; a failure ends the program with the reason on stderr.

#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FILES_PER_FOLDER 50
#define FILE_BYTES 4096

static const char* step_name = "start";

static void check(int done, const char* what) {
  if (done) return;
  fprintf(stderr, "step %s: %s: %s\n", step_name, what, strerror(errno));
  exit(1);
}

static const char* folder_name(const char* top, int number) {
  static char name[64];
  snprintf(name, sizeof(name), "%s/folder%d", top, number);
  return name;
}

static const char* file_name(const char* top, int number) {
  static char name[2][64];
  static int turn;
  turn = !turn;
  snprintf(name[turn], sizeof(name[turn]), "%s/folder%d/file%d", top,
           number / FILES_PER_FOLDER, number);
  return name[turn];
}

static void write_all(int fd, size_t bytes) {
  static const char content[FILE_BYTES] = "content";
  check(write(fd, content, bytes) == (ssize_t)bytes, "write");
}

static void make_file(const char* name, size_t bytes) {
  const int fd = open(name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);
  check(fd >= 0, name);
  write_all(fd, bytes);
  check(close(fd) == 0, "close");
}

static void make_folders(const char* top, int files) {
  check(mkdir(top, 0755) == 0, top);
  for (int n = 0; n * FILES_PER_FOLDER < files; ++n)
    check(mkdir(folder_name(top, n), 0755) == 0, "mkdir");
}

static void make_tree(int files) {
  make_folders("tree", files);
  for (int n = 0; n < files; ++n) make_file(file_name("tree", n), FILE_BYTES);
}

static void make_flat(int files) {
  char name[64];
  check(mkdir("flat", 0755) == 0, "flat");
  for (int n = 0; n < files; ++n) {
    snprintf(name, sizeof(name), "flat/file%d", n);
    make_file(name, 64);
  }
}

static void make_target(int files) { make_folders("target", files); }

static void make_both(int files) {
  make_tree(files);
  make_target(files);
}

static void nothing(int files) { (void)files; }

// The steps.

static void create_unlink(int count) {
  for (int n = 0; n < count; ++n) {
    make_file("one", 100);
    check(unlink("one") == 0, "unlink");
  }
}

// As git writes an object.
static void create_rename(int count) {
  struct stat info;
  for (int n = 0; n < count; ++n) {
    const char* name = file_name("target", n);
    check(lstat(name, &info) != 0 && errno == ENOENT, "lstat");
    const int fd = open("target/new", O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
    check(fd >= 0, "open");
    write_all(fd, 200);
    check(fchmod(fd, 0444) == 0, "fchmod");
    check(close(fd) == 0, "close");
    check(rename("target/new", name) == 0, "rename");
  }
}

static void stat_files(int count) {
  struct stat info;
  for (int n = 0; n < count; ++n) check(lstat(file_name("tree", n), &info) == 0, "lstat");
}

static void stat_missing(int count) {
  struct stat info;
  for (int n = 0; n < count; ++n)
    check(lstat(file_name("absent", n), &info) != 0 && errno == ENOENT, "lstat");
}

static void for_entries(const char* name, int open_flags, void (*visit)(int folder, const char*)) {
  const int fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | open_flags);
  check(fd >= 0, name);
  DIR* const folder = fdopendir(fd);
  const struct dirent* entry;
  while ((entry = readdir(folder)) != NULL)
    if (entry->d_name[0] != '.') visit(fd, entry->d_name);
  closedir(folder);
}

static void stat_entry(int folder, const char* name) {
  struct stat info;
  check(fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) == 0, name);
}

static void list_long(int count) {
  (void)count;
  for_entries("flat", 0, stat_entry);
}

static void read_entry(int folder, const char* name) {
  static char content[FILE_BYTES + 1];
  struct stat info;
  const int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
  check(fd >= 0, name);
  check(fstat(fd, &info) == 0, "fstat");
  check(read(fd, content, sizeof(content)) == FILE_BYTES, "read");
  check(read(fd, content, sizeof(content)) == 0, "read at the end");
  check(close(fd) == 0, "close");
}

static void read_tree(int count) {
  for (int n = 0; n * FILES_PER_FOLDER < count; ++n)
    for_entries(folder_name("tree", n), 0, read_entry);
}

static void copy_file(const char* from, const char* to) {
  static char content[FILE_BYTES + 1];
  struct stat info;
  check(lstat(from, &info) == 0, from);
  check(lstat(to, &(struct stat){0}) != 0 && errno == ENOENT, to);
  const int in = open(from, O_RDONLY | O_CLOEXEC);
  check(in >= 0, from);
  check(fstat(in, &info) == 0, "fstat");
  const int out = open(to, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
  check(out >= 0, to);
  ssize_t got;
  while ((got = read(in, content, sizeof(content))) > 0)
    check(write(out, content, (size_t)got) == got, "write");
  check(got == 0, "read");
  check(fchmod(out, info.st_mode) == 0, "fchmod");
  check(futimens(out, (struct timespec[]){info.st_atim, info.st_mtim}) == 0, "futimens");
  check(close(in) == 0 && close(out) == 0, "close");
}

static void copy_tree(int count) {
  for (int n = 0; n < count; ++n) copy_file(file_name("tree", n), file_name("target", n));
}

// As tar does: whole folders, and the attributes after the content.
static void unpack(int count) {
  const struct timespec times[] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
  make_folders("unpacked", count);
  for (int n = 0; n < count; ++n) {
    const int fd = open(file_name("unpacked", n), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    check(fd >= 0, "open");
    write_all(fd, FILE_BYTES);
    check(futimens(fd, times) == 0, "futimens");
    check(fchown(fd, 1000, 1000) == 0, "fchown");
    check(fchmod(fd, 0640) == 0, "fchmod");
    check(close(fd) == 0, "close");
  }
}

static void mkdir_rmdir(int count) {
  for (int n = 0; n < count; ++n) {
    check(mkdir("folder", 0755) == 0, "mkdir");
    check(rmdir("folder") == 0, "rmdir");
  }
}

static void change_attributes(int count) {
  for (int n = 0; n < count; ++n) {
    check(chmod(file_name("tree", n), 0600) == 0, "chmod");
    check(utimensat(AT_FDCWD, file_name("tree", n), NULL, 0) == 0, "utimensat");
  }
}

static void link_symlink(int count) {
  char target[16];
  for (int n = 0; n < count; ++n) {
    check(symlink("somewhere", "link") == 0, "symlink");
    check(readlink("link", target, sizeof(target)) == 9, "readlink");
    check(unlink("link") == 0, "unlink");
  }
}

static int remove_one(const char* path, const struct stat* info, int kind, struct FTW* at) {
  (void)info;
  if (at->level > 0) check((kind == FTW_DP ? rmdir(path) : unlink(path)) == 0, path);
  return 0;
}

static void remove_all(int count) {
  (void)count;
  check(nftw(".", remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0, "nftw");
}

static void spawn(const char* const argv[]) {
  const pid_t child = fork();
  check(child >= 0, "fork");
  if (child == 0) {
    const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0) _exit(126);
    execvp(argv[0], (char* const*)argv);
    fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
    _exit(127);
  }
  int status = 0;
  check(waitpid(child, &status, 0) == child, "waitpid");
  errno = ECHILD;
  check(status == 0, argv[0]);
}

static void git_init(int count) {
  make_tree(count);
  spawn((const char*[]){"git", "init", "-q", ".", NULL});
}

static void git_commit(int count) {
  (void)count;
  spawn((const char*[]){"git", "add", "tree", NULL});
  spawn((const char*[]){"git", "-c", "user.name=bench", "-c", "user.email=bench@localhost",
                        "commit", "-q", "-m", "all", NULL});
}

static void git_status(int count) {
  (void)count;
  spawn((const char*[]){"git", "status", NULL});
}

static void git_init_and_commit(int count) {
  git_init(count);
  git_commit(count);
}

static void python_stat(int count) {
  (void)count;
  spawn((const char*[]){"python3", "-ISc",
                        "import os\n"
                        "for folder, _, files in os.walk('tree'):\n"
                        "    for name in files: os.stat(os.path.join(folder, name))",
                        NULL});
}

static void shell_copy(int count) {
  (void)count;
  spawn((const char*[]){"busybox", "cp", "-a", "tree", "copy", NULL});
}

static const struct step {
  const char* name;
  void (*prepare)(int);
  void (*run)(int);
} steps[] = {
    {"stat", make_tree, stat_files},
    {"stat-missing", nothing, stat_missing},
    {"list-long", make_flat, list_long},
    {"read-tree", make_tree, read_tree},
    {"create-unlink", nothing, create_unlink},
    {"create-rename", make_target, create_rename},
    {"copy-tree", make_both, copy_tree},
    {"unpack", nothing, unpack},
    {"remove-tree", make_tree, remove_all},
    {"mkdir-rmdir", nothing, mkdir_rmdir},
    {"attributes", make_tree, change_attributes},
    {"symlinks", nothing, link_symlink},
    {"cp", make_tree, shell_copy},
    {"python-stat", make_tree, python_stat},
    {"git-commit", git_init, git_commit},
    {"git-status", git_init_and_commit, git_status},
};

static const struct step* find_step(const char* name) {
  for (size_t n = 0; n < sizeof(steps) / sizeof(steps[0]); ++n)
    if (strcmp(steps[n].name, name) == 0) return &steps[n];
  fprintf(stderr, "no step %s\n", name);
  exit(1);
}

static long long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

int main(int argc, char** argv) {
  char line[128], name[64];
  const struct step* step = NULL;
  int count = 0;
  setvbuf(stdout, NULL, _IOLBF, 0);
  check(argc == 2 && chdir(argv[1]) == 0, "usage: steps FOLDER");
  puts("ready");
  while (fgets(line, sizeof(line), stdin) != NULL) {
    if (sscanf(line, "prepare %63s %d", name, &count) == 2) {
      step = find_step(name);
      step_name = step->name;
      step->prepare(count);
      puts("prepared");
    } else if (step != NULL && strcmp(line, "run\n") == 0) {
      const long long start = now();
      step->run(count);
      printf("%lld\n", now() - start);
    } else if (strcmp(line, "clean\n") == 0) {
      remove_all(0);
      puts("clean");
    } else {
      fprintf(stderr, "cannot obey: %s", line);
      return 1;
    }
  }
  return 0;
}
