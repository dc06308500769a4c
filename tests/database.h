/*
 * Makes SQLite databases.
 */
#ifndef YG_TESTS_DATABASE_H
#define YG_TESTS_DATABASE_H

#include <stdbool.h>

/* Whether there is SQLite here. */
bool database_can_be_made(void);

/* Makes the file by statements of SQL, which are separated by semicolons. Aborts on a failure. */
void database_make(const char *path, const char *sql);

#endif
