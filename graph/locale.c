/*
 * The "C" locale: see locale.h. uselocale() changes only the calling thread, unlike setlocale().
 */
#include "locale.h"

yg_locale yg_locale_enter(void) {
    yg_locale locale = {.c = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0)};
    if (locale.c != (locale_t)0)
        locale.before = uselocale(locale.c);
    return locale;
}

void yg_locale_leave(yg_locale locale) {
    if (locale.c == (locale_t)0)
        return;
    uselocale(locale.before);
    freelocale(locale.c);
}
