/* A disk that fails: preloaded into a builder, it makes the n-th step below a folder fail, or be the last, and
   writes down every step. Steps are write, fsync, rename, mkdir, and opening a file to create it. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { KILL = -1 };

static char below[PATH_MAX];
static size_t below_length;
static int log_file = -1, fault;
static long step, fatal;

/* below_: steps on paths that begin so; log: a descriptor or -1; fatal_: 0 for none; fault_: an errno or KILL */
void shim_arm(const char *below_, int log, long fatal_, int fault_) {
    snprintf(below, sizeof below, "%s", below_);
    below_length = strlen(below);
    log_file = log;
    step = 0;
    fatal = fatal_;
    fault = fault_;
}

/* Whether the step fails, with errno set. */
static int at_step(const char *what, const char *path, const char *to) {
    if (!below_length || strncmp(path, below, below_length)) return 0;
    int fails = ++step == fatal;
    if (fails && fault == KILL) syscall(SYS_kill, getpid(), SIGKILL);
    if (log_file >= 0) {
        char line[3 * PATH_MAX];
        int n = snprintf(line, sizeof line, "%s%s\t%s\t%s\n", fails ? "failed " : "", what, path, to);
        syscall(SYS_write, log_file, line, n);
    }
    if (fails) errno = fault;
    return fails;
}

static const char *path_of(int fd, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, PATH_MAX - 1);
    path[n < 0 ? 0 : n] = 0;
    return path;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static char size_text[32];
static const char *sized(size_t n) { snprintf(size_text, sizeof size_text, "%zu", n); return size_text; }

ssize_t write(int fd, const void *data, size_t n) {
    char path[PATH_MAX];
    return at_step("write", path_of(fd, path), sized(n)) ? -1 : REAL(write)(fd, data, n);
}

ssize_t pwrite64(int fd, const void *data, size_t n, off64_t at) {
    char path[PATH_MAX];
    return at_step("write", path_of(fd, path), sized(n)) ? -1 : REAL(pwrite64)(fd, data, n, at);
}

ssize_t pwrite(int fd, const void *data, size_t n, off_t at) { return pwrite64(fd, data, n, at); }

int fsync(int fd) {
    char path[PATH_MAX];
    return at_step("fsync", path_of(fd, path), "") ? -1 : REAL(fsync)(fd);
}

int rename(const char *from, const char *to) {
    return at_step("rename", from, to) ? -1 : REAL(rename)(from, to);
}

int mkdir(const char *path, mode_t mode) {
    if (!access(path, F_OK)) return REAL(mkdir)(path, mode); /* no step: it is there */
    return at_step("mkdir", path, "") ? -1 : REAL(mkdir)(path, mode);
}

static int opened(const char *name, const char *path, int flags, mode_t mode) {
    if (flags & O_CREAT && at_step("create", path, "")) return -1;
    return ((int (*)(const char *, int, ...))dlsym(RTLD_NEXT, name))(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = va_arg(rest, mode_t);
    va_end(rest);
    return opened("open64", path, flags, mode);
}

int open(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = va_arg(rest, mode_t);
    va_end(rest);
    return opened("open", path, flags, mode);
}
