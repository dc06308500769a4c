/*
 * See work.h. This file is built without coverage: it must not count itself.
 */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include "work.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define SLOTS 1024
#define BYTES_PER_UNIT                                                                             \
    8 /* that a function of the C library passes over in about one block's time */

/* A thread counts in a slot of its own: so no count is lost, and none costs an atomic addition. */
typedef struct slot {
    _Alignas(64) uint64_t count;
} slot;

typedef struct shared {
    slot slots[SLOTS];
    atomic_uint used;
} shared;

static shared *all; /* NULL until the constructor has run */
static _Thread_local slot *own;

static __attribute__((noinline)) slot *take_slot(void) {
    const unsigned index = atomic_fetch_add(&all->used, 1);
    if (index >= SLOTS)
        abort();
    return own = &all->slots[index];
}

/* The dynamic linker calls some functions before a thread has its own variables: they do not count.
 */
static inline void add(uint64_t units) {
    if (all)
        (own ? own : take_slot())->count += units;
}

static inline void add_bytes(size_t bytes) {
    add(1 + bytes / BYTES_PER_UNIT);
}

__attribute__((constructor)) static void begin(void) {
    void *memory =
        mmap(NULL, sizeof *all, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        abort();
    all = memory;
    take_slot();
}

uint64_t work_done(void) {
    uint64_t sum = 0;
    for (size_t i = 0; i < SLOTS; i++)
        sum += all->slots[i].count;
    return sum;
}

void work_reset(void) {
    for (size_t i = 0; i < SLOTS; i++)
        all->slots[i].count = 0;
    atomic_store(&all->used, 1);
}

void __sanitizer_cov_trace_pc(void);
void __sanitizer_cov_trace_pc(void) {
    add(1);
}

/* --------------------------------------------------------------------- the C library's loops -- */

/* WRAP(result, name, (parameters), (arguments), bytes): bytes are known before the call. */
#define WRAP(result, name, parameters, arguments, bytes)                                           \
    result __real_##name parameters;                                                               \
    result __wrap_##name parameters;                                                               \
    result __wrap_##name parameters {                                                              \
        add_bytes(bytes);                                                                          \
        return __real_##name arguments;                                                            \
    }

static size_t prefix(const char *a, const char *b, size_t most) {
    size_t n = 0;
    while (n < most && a[n] && a[n] == b[n])
        n++;
    return n;
}

size_t __real_strlen(const char *text);

WRAP(void *, calloc, (size_t count, size_t size), (count, size), count *size)
WRAP(int, memcmp, (const void *a, const void *b, size_t size), (a, b, size), size)
WRAP(void *, memcpy, (void *to, const void *from, size_t size), (to, from, size), size)
/* Pages that are not of a file are zeroed, as calloc()'s bytes are. */
WRAP(void *, mmap, (void *at, size_t size, int protection, int flags, int file, off_t offset),
     (at, size, protection, flags, file, offset), file < 0 ? size : 0)
WRAP(void *, memmove, (void *to, const void *from, size_t size), (to, from, size), size)
WRAP(void *, memset, (void *to, int byte, size_t size), (to, byte, size), size)
/* All that there is may be copied. */
WRAP(void *, realloc, (void *memory, size_t size), (memory, size), malloc_usable_size(memory))
WRAP(int, strcmp, (const char *a, const char *b), (a, b), prefix(a, b, SIZE_MAX))
WRAP(char *, strdup, (const char *text), (text), __real_strlen(text))
WRAP(size_t, strlen, (const char *text), (text), __real_strlen(text))
WRAP(int, strncmp, (const char *a, const char *b, size_t most), (a, b, most), prefix(a, b, most))
WRAP(char *, strrchr, (const char *text, int c), (text, c), __real_strlen(text))

/* These stop where they find something, so they count afterwards. */

void *__real_memchr(const void *from, int byte, size_t size);
void *__wrap_memchr(const void *from, int byte, size_t size);
void *__wrap_memchr(const void *from, int byte, size_t size) {
    const char *found = __real_memchr(from, byte, size);
    add_bytes(found ? (size_t)(found - (const char *)from) : size);
    return (void *)found;
}

char *__real_strchr(const char *text, int c);
char *__wrap_strchr(const char *text, int c);
char *__wrap_strchr(const char *text, int c) {
    char *found = __real_strchr(text, c);
    add_bytes(found ? (size_t)(found - text) : __real_strlen(text));
    return found;
}

char *__real_strstr(const char *text, const char *part);
char *__wrap_strstr(const char *text, const char *part);
char *__wrap_strstr(const char *text, const char *part) {
    char *found = __real_strstr(text, part);
    add_bytes(found ? (size_t)(found - text) : __real_strlen(text));
    return found;
}
