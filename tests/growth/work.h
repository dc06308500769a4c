/*
 * How much work a piece of code does, as a number that is the same every time.
 *
 * The library and the command are built once more for this suite, with
 * -fsanitize-coverage=trace-pc: the compiler calls __sanitizer_cov_trace_pc() in every basic block,
 * and work.c counts the calls. A loop inside the C library has no such blocks. The linker therefore
 * sends strlen(), memcpy() and their kin through work.c (-Wl,--wrap), which counts the bytes that
 * they pass over. Loops inside libyaml and jansson are not counted.
 */
#ifndef YG_TESTS_GROWTH_WORK_H
#define YG_TESTS_GROWTH_WORK_H

#include <stdint.h>

/* The work of all threads since the last reset; shared with the children of fork(). No other thread
 * may be working. */
uint64_t work_done(void);
void work_reset(void);

#endif
