/* Licensed under the Apache License, Version 2.0; see LICENSE. */

/* Preloaded, it records the calls that SQLite makes to write and flush the
 * files of one database: of all processes, in one order.  Edu::Power lays out
 * the record, named by EDU_POWER_TRACE, for the database named by
 * EDU_POWER_DATABASE, and rebuilds the files from it.
 *
 * A call is recorded before it is made, and marked when it is over: a process
 * may be killed anywhere between. */

#undef _FORTIFY_SOURCE
#undef _FILE_OFFSET_BITS
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SLOTS (1 << 20)

typedef enum file_e { DATABASE, LOG, JOURNAL, DIRECTORY, FILES, NONE } file_e;

static const char *const suffixes[] = { "", "-wal", "-journal" };

/* One call, as Edu::Power reads it. */
typedef struct slot_t {
    uint64_t what; /* a letter and, from bit 8 on, the file; 0: not yet */
    uint64_t over; /* how many slots were in use when it returned; 0: never */
    uint64_t at, size, data;
} slot_t;

typedef struct trace_t {
    uint64_t slots, bytes;       /* in use */
    uint64_t device, ids[FILES]; /* the files that names stand for; 0: none */
    slot_t slot[SLOTS];
    char data[];
} trace_t;

static trace_t *trace;
static uint64_t room;

__attribute__((constructor)) static void map_trace(void)
{
    const char *name = getenv("EDU_POWER_TRACE");
    int fd = name ? open(name, O_RDWR | O_CLOEXEC) : -1;
    struct stat is;

    if (fd >= 0 && fstat(fd, &is) == 0) {
        void *at =
            mmap(NULL, is.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

        room = is.st_size - sizeof(trace_t);
        trace = at == MAP_FAILED ? NULL : at;
    }
    if (fd >= 0) {
        close(fd);
    }
}

static uint64_t take(uint64_t *from, uint64_t n, uint64_t most)
{
    uint64_t at = __atomic_fetch_add(from, n, __ATOMIC_SEQ_CST);

    if (at + n > most) {
        abort();
    }
    return at;
}

static slot_t *begin(char what, file_e file, uint64_t at, const void *data,
                     uint64_t size)
{
    slot_t *slot;

    if (!trace || file == NONE) {
        return NULL;
    }
    slot = &trace->slot[take(&trace->slots, 1, SLOTS)];
    slot->at = at;
    slot->size = size;
    if (size) {
        slot->data = take(&trace->bytes, size, room);
        memcpy(trace->data + slot->data, data, size);
    }
    __atomic_store_n(&slot->what, what | (uint64_t)file << 8, __ATOMIC_SEQ_CST);
    return slot;
}

static void end(slot_t *slot)
{
    if (slot) {
        __atomic_store_n(&slot->over,
                         __atomic_load_n(&trace->slots, __ATOMIC_SEQ_CST),
                         __ATOMIC_SEQ_CST);
    }
}

static file_e file_of(int fd)
{
    struct stat is;
    int file = 0;

    if (!trace || fstat(fd, &is) || is.st_dev != trace->device) {
        return NONE;
    }
    while (file < FILES && trace->ids[file] != is.st_ino) {
        file++;
    }
    return file < FILES ? file : NONE;
}

static file_e file_named(const char *path)
{
    const char *database = getenv("EDU_POWER_DATABASE");
    size_t len = trace && database ? strlen(database) : 0;

    if (!len || strncmp(path, database, len) != 0) {
        return NONE;
    }
    for (int file = DATABASE; file <= JOURNAL; file++) {
        if (strcmp(path + len, suffixes[file]) == 0) {
            return file;
        }
    }
    return NONE;
}

/* A name stands for another file from now on. */
static void name(file_e file, char what, uint64_t id)
{
    if (__atomic_exchange_n(&trace->ids[file], id, __ATOMIC_SEQ_CST) != id) {
        end(begin(what, file, 0, NULL, 0));
    }
}

#define REAL(function) ((__typeof__(&function))dlsym(RTLD_NEXT, #function))

/* There is a mode only if a file may be made; none here is O_TMPFILE. */
#define OPEN(function)                                                         \
    int function(const char *path, int flags, ...)                             \
    {                                                                          \
        va_list args;                                                          \
        mode_t mode;                                                           \
        int fd;                                                                \
                                                                               \
        va_start(args, flags);                                                 \
        mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;                     \
        va_end(args);                                                          \
        fd = REAL(function)(path, flags, mode);                                \
        note_open(file_named(path), fd);                                       \
        return fd;                                                             \
    }

static void note_open(file_e file, int fd)
{
    struct stat is;
    int error = errno;

    if (file != NONE && fd >= 0 && fstat(fd, &is) == 0) {
        name(file, 'C', is.st_ino);
    }
    errno = error;
}

OPEN(open)
OPEN(open64)

int unlink(const char *path)
{
    file_e file = file_named(path);
    int rv = REAL(unlink)(path);

    if (file != NONE && rv == 0) {
        name(file, 'U', 0);
    }
    return rv;
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t at)
{
    slot_t *slot = begin('W', file_of(fd), at, data, size);
    ssize_t rv = REAL(pwrite)(fd, data, size, at);

    end(slot);
    return rv;
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at)
{
    return pwrite(fd, data, size, at);
}

int ftruncate(int fd, off_t size)
{
    slot_t *slot = begin('T', file_of(fd), size, NULL, 0);
    int rv = REAL(ftruncate)(fd, size);

    end(slot);
    return rv;
}

int ftruncate64(int fd, off64_t size)
{
    return ftruncate(fd, size);
}

/* A flush that fails counts as one that never returned. */
static int flush(int fd, int (*real)(int))
{
    slot_t *slot = begin('S', file_of(fd), 0, NULL, 0);
    int rv = real(fd);

    end(rv ? NULL : slot);
    return rv;
}

int fsync(int fd)
{
    return flush(fd, REAL(fsync));
}

int fdatasync(int fd)
{
    return flush(fd, REAL(fdatasync));
}
