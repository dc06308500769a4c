/*
 * Switches the calling thread to the "C" locale. A host program may have set a locale with a
 * decimal comma; the library must read and write numbers with a point all the same. Other threads
 * of the process keep their locale.
 */
#ifndef YG_GRAPH_LOCALE_H
#define YG_GRAPH_LOCALE_H

#include <locale.h>

typedef struct yg_locale {
    locale_t c, before;
} yg_locale;

/* Each yg_locale_enter() needs a yg_locale_leave() in the same thread. They may be nested. */
yg_locale yg_locale_enter(void);
void yg_locale_leave(yg_locale locale);

#endif
