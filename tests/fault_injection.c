/*
 * Allocations that fail when a test says so: see fault_injection.h. The linker's --wrap=NAME sends
 * a call of NAME to __wrap_NAME, and __real_NAME to NAME.
 */
#include "fault_injection.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static atomic_bool is_counting;
static atomic_uint_fast64_t asked;
static atomic_int_fast64_t left;
static uint64_t failing_number;
static atomic_bool has_failed;

void fault_injection_begin(uint64_t failing) {
    failing_number = failing;
    atomic_store(&asked, 0);
    atomic_store(&left, 0);
    atomic_store(&has_failed, false);
    atomic_store(&is_counting, true);
}

uint64_t fault_injection_asked(void) {
    return atomic_load(&asked);
}

fault_report fault_injection_end(void) {
    atomic_store(&is_counting, false);
    return (fault_report){.asked = atomic_load(&asked),
                          .failed = atomic_load(&has_failed),
                          .left = atomic_load(&left)};
}

static bool must_fail(void) {
    if (!atomic_load(&is_counting) || atomic_fetch_add(&asked, 1) + 1 != failing_number)
        return false;
    atomic_store(&has_failed, true);
    errno = ENOMEM;
    return true;
}

static void *count(void *memory) {
    if (memory && atomic_load(&is_counting))
        atomic_fetch_add(&left, 1);
    return memory;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t size);
FILE *__real_open_memstream(char **text, size_t *size);
char *__real_json_dumps(const void *json, size_t flags);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*start)(void *), void *argument);
void __real_free(void *memory);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t size);
FILE *__wrap_open_memstream(char **text, size_t *size);
char *__wrap_json_dumps(const void *json, size_t flags);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*start)(void *), void *argument);
void __wrap_free(void *memory);

void *__wrap_malloc(size_t size) {
    return must_fail() ? NULL : count(__real_malloc(size));
}

void *__wrap_calloc(size_t elements, size_t size) {
    return must_fail() ? NULL : count(__real_calloc(elements, size));
}

void *__wrap_realloc(void *memory, size_t size) {
    if (must_fail())
        return NULL;
    void *moved = __real_realloc(memory, size);
    return memory ? moved : count(moved);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size) {
    return must_fail() ? NULL : count(__real_aligned_alloc(alignment, size));
}

char *__wrap_strdup(const char *text) {
    return must_fail() ? NULL : count(__real_strdup(text));
}

char *__wrap_strndup(const char *text, size_t size) {
    return must_fail() ? NULL : count(__real_strndup(text, size));
}

/* Counts as one allocation: the text, which the caller frees. */
FILE *__wrap_open_memstream(char **text, size_t *size) {
    return must_fail() ? NULL : count(__real_open_memstream(text, size));
}

/* The caller frees the text. What else jansson allocates, it frees itself. */
char *__wrap_json_dumps(const void *json, size_t flags) {
    return must_fail() ? NULL : count(__real_json_dumps(json, flags));
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*start)(void *), void *argument) {
    return must_fail() ? EAGAIN : __real_pthread_create(thread, attributes, start, argument);
}

void __wrap_free(void *memory) {
    if (memory && atomic_load(&is_counting))
        atomic_fetch_sub(&left, 1);
    __real_free(memory);
}
