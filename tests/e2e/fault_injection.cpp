// Preloaded into zmfirewall by test_state_faults.py: the N-th operation that writes below a folder fails, or is the
// last that the process does.
//
//   FAULT_UNDER   the folder
//   FAULT_AT      N, from 1; 0: nothing fails
//   FAULT_KIND    kill: half of it is done, then SIGKILL; ENOSPC: it and all later ones fail; EIO: it alone fails
//   FAULT_COUNT   a file that gets the number of operations at the end
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

int g_count = 0;
bool g_ours[1024];

template <class Function>
Function real(const char* name) {
    return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

const char* setting(const char* name) {
    const char* value = getenv(name);
    return value == nullptr ? "" : value;
}

bool is_under(const char* path) {
    const char* folder = setting("FAULT_UNDER");
    return path != nullptr && *folder != '\0' && strncmp(path, folder, strlen(folder)) == 0;
}

bool is_ours(int fd) {
    return fd >= 0 && fd < 1024 && g_ours[fd];
}

void mark(int fd, bool ours) {
    if (fd >= 0 && fd < 1024) g_ours[fd] = ours;
}

enum class Fate { live, fail, die };

Fate fate() {
    ++g_count;
    const int at = atoi(setting("FAULT_AT"));
    if (at == 0 || g_count < at) return Fate::live;
    const char* kind = setting("FAULT_KIND");
    if (strcmp(kind, "kill") == 0) return Fate::die;
    errno = strcmp(kind, "ENOSPC") == 0 ? ENOSPC : EIO;
    return errno == ENOSPC || g_count == at ? Fate::fail : Fate::live;
}

void die() {
    kill(getpid(), SIGKILL);
}

struct AtEnd {
    ~AtEnd() {
        const char* path = setting("FAULT_COUNT");
        if (*path == '\0') return;
        FILE* file = fopen(path, "w");
        if (file == nullptr) return;
        fprintf(file, "%d\n", g_count);
        fclose(file);
    }
} g_at_end;

/// What is no write has no half: it happens, or it does not, and then the process is gone.
bool refused() {
    const auto what = fate();
    if (what == Fate::die) die();
    return what == Fate::fail;
}

int open_any(const char* name, const char* path, int flags, mode_t mode) {
    const bool ours = is_under(path) && (flags & O_ACCMODE) != O_RDONLY;
    if (ours && refused()) return -1;
    const int fd = real<int (*)(const char*, int, ...)>(name)(path, flags, mode);
    // Folders are opened to be synced.
    mark(fd, ours || (is_under(path) && (flags & O_DIRECTORY) != 0));
    return fd;
}

int temporary(const char* name, char* path, int flags) {
    const bool ours = is_under(path);
    if (ours && refused()) return -1;
    const int fd = real<int (*)(char*, int)>(name)(path, flags);
    mark(fd, ours);
    return fd;
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    const auto mode = (flags & O_CREAT) != 0 ? va_arg(more, mode_t) : 0;
    va_end(more);
    return open_any("open", path, flags, mode);
}

int open64(const char* path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    const auto mode = (flags & O_CREAT) != 0 ? va_arg(more, mode_t) : 0;
    va_end(more);
    return open_any("open64", path, flags, mode);
}

int mkostemp(char* path, int flags) {
    return temporary("mkostemp", path, flags);
}

int mkostemp64(char* path, int flags) {
    return temporary("mkostemp64", path, flags);
}

ssize_t write(int fd, const void* bytes, size_t size) {
    const auto real_write = real<ssize_t (*)(int, const void*, size_t)>("write");
    if (!is_ours(fd)) return real_write(fd, bytes, size);
    const auto what = fate();
    const int code = errno;
    if (what != Fate::live) static_cast<void>(!real_write(fd, bytes, size / 2));
    if (what == Fate::die) die();
    errno = code;
    return what == Fate::fail ? -1 : real_write(fd, bytes, size);
}

int fsync(int fd) {
    if (is_ours(fd) && refused()) return -1;
    return real<int (*)(int)>("fsync")(fd);
}

int close(int fd) {
    mark(fd, false);
    return real<int (*)(int)>("close")(fd);
}

int rename(const char* from, const char* to) {
    if (is_under(to) && refused()) return -1;
    return real<int (*)(const char*, const char*)>("rename")(from, to);
}

int mkdir(const char* path, mode_t mode) {
    if (is_under(path) && refused()) return -1;
    return real<int (*)(const char*, mode_t)>("mkdir")(path, mode);
}

int unlink(const char* path) {
    // What fails for want of space never fails to give some back.
    if (is_under(path) && strcmp(setting("FAULT_KIND"), "ENOSPC") != 0 && refused()) return -1;
    return real<int (*)(const char*)>("unlink")(path);
}
}
