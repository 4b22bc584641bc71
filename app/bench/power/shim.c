/* Records what a process does to the files below $RECORD_ROOT, in one order, into $RECORD_JOURNAL.

   Preloaded into the process. A record is a header and a payload:
     u8 kind, u64 inode, u64 offset, u32 length, then `length` bytes (data, or paths with a zero between).
   Files whose name ends in "-shm" are memory that SQLite shares, nothing that has to last: not recorded.
   Writes to the file $RECORD_ACKS are kept as acknowledgements. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { CREATE = 'c', WRITE = 'w', TRUNCATE = 't', SYNC = 's', SYNC_FOLDER = 'd', RENAME = 'r', UNLINK = 'u',
       MKDIR = 'm', ACK = 'a' };
enum { MOST_FILES = 4096 };

static char kind_of_fd[MOST_FILES]; /* 0: not ours, 'f' file, 'd' folder, 'a' acknowledgements */
static int journal = -1;
static const char *root, *acks;
static pthread_mutex_t order = PTHREAD_MUTEX_INITIALIZER;

#define REAL(name) static __typeof__(name) *real; if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

static int begin(void) {
    if (journal >= 0) return 1;
    root = getenv("RECORD_ROOT");
    acks = getenv("RECORD_ACKS");
    const char *path = getenv("RECORD_JOURNAL");
    if (!root || !acks || !path) return 0;
    int (*real)(const char *, int, ...) = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open64");
    journal = real(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    return journal >= 0;
}

static int absolute(int folder, const char *path, char *into) {
    if (path[0] == '/') return snprintf(into, PATH_MAX, "%s", path) < PATH_MAX;
    char base[PATH_MAX];
    if (folder == AT_FDCWD) {
        if (!getcwd(base, sizeof base)) return 0;
    } else {
        char link[64];
        snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
        ssize_t length = readlink(link, base, sizeof base - 1);
        if (length < 0) return 0;
        base[length] = 0;
    }
    return snprintf(into, PATH_MAX, "%s/%s", base, path) < PATH_MAX;
}

static int is_ours(const char *path) {
    size_t length = strlen(root), whole = strlen(path);
    if (strncmp(path, root, length) || (path[length] && path[length] != '/')) return 0;
    return whole < 4 || strcmp(path + whole - 4, "-shm");
}

static void put(char kind, uint64_t inode, uint64_t offset, const void *data, uint32_t length) {
    static ssize_t (*real)(int, const struct iovec *, int);
    if (!real) real = (ssize_t (*)(int, const struct iovec *, int))dlsym(RTLD_NEXT, "writev");
    char head[21];
    head[0] = kind;
    memcpy(head + 1, &inode, 8);
    memcpy(head + 9, &offset, 8);
    memcpy(head + 17, &length, 4);
    struct iovec parts[2] = {{head, sizeof head}, {(void *)data, length}};
    if (real(journal, parts, 2) != (ssize_t)(sizeof head + length)) abort();
}

static uint64_t inode_of(int fd) {
    struct stat found;
    return fstat(fd, &found) ? 0 : found.st_ino;
}

static void opened(int fd, const char *path, int flags, int was_there) {
    if (fd < 0 || fd >= MOST_FILES || !begin()) return;
    kind_of_fd[fd] = 0;
    char whole[PATH_MAX];
    if (!absolute(AT_FDCWD, path, whole)) return;
    if (!strcmp(whole, acks)) { kind_of_fd[fd] = 'a'; return; }
    if (!is_ours(whole)) return;
    struct stat found;
    if (fstat(fd, &found)) return;
    kind_of_fd[fd] = S_ISDIR(found.st_mode) ? 'd' : 'f';
    if (kind_of_fd[fd] == 'f' && !was_there) put(CREATE, found.st_ino, 0, whole, strlen(whole));
    else if (flags & O_TRUNC) put(TRUNCATE, found.st_ino, 0, "", 0);
}

static int open_at(int folder, const char *path, int flags, mode_t mode) {
    REAL(openat64);
    char whole[PATH_MAX];
    if (!absolute(folder, path, whole)) return real(folder, path, flags, mode);
    pthread_mutex_lock(&order);
    int was_there = access(whole, F_OK) == 0;
    int fd = real(folder, path, flags, mode);
    int error = errno;
    opened(fd, whole, flags, was_there);
    pthread_mutex_unlock(&order);
    errno = error;
    return fd;
}

#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        va_list rest; va_start(rest, flags); \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
        va_end(rest); return open_at(AT_FDCWD, path, flags, mode); }
#define OPENAT(name) \
    int name(int folder, const char *path, int flags, ...) { \
        va_list rest; va_start(rest, flags); \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
        va_end(rest); return open_at(folder, path, flags, mode); }
OPEN(open)
OPEN(open64)
OPENAT(openat)

int close(int fd) {
    REAL(close);
    if (fd >= 0 && fd < MOST_FILES) kind_of_fd[fd] = 0;
    return real(fd);
}

static char kind(int fd) { return fd >= 0 && fd < MOST_FILES ? kind_of_fd[fd] : 0; }

static void written(int fd, const void *data, ssize_t length, off64_t offset) {
    if (length <= 0) return;
    if (kind(fd) == 'a') put(ACK, 0, 0, data, length);
    else put(WRITE, inode_of(fd), offset, data, length);
}

ssize_t write(int fd, const void *data, size_t length) {
    REAL(write);
    if (!kind(fd)) return real(fd, data, length);
    pthread_mutex_lock(&order);
    ssize_t done = real(fd, data, length);
    int error = errno;
    written(fd, data, done, kind(fd) == 'f' ? lseek64(fd, 0, SEEK_CUR) - done : 0);
    pthread_mutex_unlock(&order);
    errno = error;
    return done;
}

#define PWRITE(name, type) \
    ssize_t name(int fd, const void *data, size_t length, type offset) { \
        REAL(name); \
        if (!kind(fd)) return real(fd, data, length, offset); \
        pthread_mutex_lock(&order); \
        ssize_t done = real(fd, data, length, offset); \
        int error = errno; \
        written(fd, data, done, offset); \
        pthread_mutex_unlock(&order); \
        errno = error; return done; }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

#define TRUNCATE_TO(name, type) \
    int name(int fd, type length) { \
        REAL(name); \
        if (kind(fd) != 'f') return real(fd, length); \
        pthread_mutex_lock(&order); \
        int done = real(fd, length); \
        int error = errno; \
        if (!done) put(TRUNCATE, inode_of(fd), length, "", 0); \
        pthread_mutex_unlock(&order); \
        errno = error; return done; }
TRUNCATE_TO(ftruncate, off_t)
TRUNCATE_TO(ftruncate64, off64_t)

static void synced(int fd) {
    if (kind(fd) == 'd') {
        char link[64], path[PATH_MAX];
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        ssize_t length = readlink(link, path, sizeof path);
        if (length > 0) put(SYNC_FOLDER, 0, 0, path, length);
    } else put(SYNC, inode_of(fd), 0, "", 0);
}

#define SYNC_WITH(name) \
    int name(int fd) { \
        REAL(name); \
        if (!kind(fd) || kind(fd) == 'a') return real(fd); \
        pthread_mutex_lock(&order); \
        synced(fd); \
        pthread_mutex_unlock(&order); \
        return 0; }
SYNC_WITH(fsync)
SYNC_WITH(fdatasync)

static void put_paths(char what, const char *first, const char *second) {
    char both[2 * PATH_MAX + 1];
    size_t length = strlen(first), more = second ? strlen(second) : 0;
    memcpy(both, first, length);
    if (second) { both[length] = 0; memcpy(both + length + 1, second, more); length += 1 + more; }
    put(what, 0, 0, both, length);
}

int renameat(int from_folder, const char *from, int to_folder, const char *to) {
    REAL(renameat);
    char first[PATH_MAX], second[PATH_MAX];
    pthread_mutex_lock(&order);
    int is_known = begin() && absolute(from_folder, from, first) && absolute(to_folder, to, second);
    int done = real(from_folder, from, to_folder, to);
    int error = errno;
    if (!done && is_known && is_ours(second)) put_paths(RENAME, first, second);
    pthread_mutex_unlock(&order);
    errno = error;
    return done;
}

int rename(const char *from, const char *to) { return renameat(AT_FDCWD, from, AT_FDCWD, to); }

int unlinkat(int folder, const char *path, int flags) {
    REAL(unlinkat);
    char whole[PATH_MAX];
    pthread_mutex_lock(&order);
    int is_known = begin() && absolute(folder, path, whole);
    int done = real(folder, path, flags);
    int error = errno;
    if (!done && is_known && is_ours(whole)) put_paths(UNLINK, whole, NULL);
    pthread_mutex_unlock(&order);
    errno = error;
    return done;
}

int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }

int mkdir(const char *path, mode_t mode) {
    REAL(mkdir);
    char whole[PATH_MAX];
    pthread_mutex_lock(&order);
    int is_known = begin() && absolute(AT_FDCWD, path, whole);
    int done = real(path, mode);
    int error = errno;
    if (!done && is_known && is_ours(whole)) put_paths(MKDIR, whole, NULL);
    pthread_mutex_unlock(&order);
    errno = error;
    return done;
}
