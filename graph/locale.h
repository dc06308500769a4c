/*
 * The "C" locale for the calling thread, so that a host's decimal comma is in no number that the
 * library reads or writes. The process keeps its own locale.
 */
#ifndef YG_GRAPH_LOCALE_H
#define YG_GRAPH_LOCALE_H

#include <locale.h>

typedef struct yg_locale {
    locale_t c, before;
} yg_locale;

/* Every enter needs its leave, in the same thread; they may be nested. */
yg_locale yg_locale_enter(void);
void yg_locale_leave(yg_locale locale);

#endif
