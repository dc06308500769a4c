/*
 * Dates and times as texts: reading them, and counting days. Private to the library.
 *
 * The calendar is the Gregorian one, for all years from 1 to 9999, as ISO 8601 has it. Nothing
 * depends on the locale or the time zone of the machine.
 */
#ifndef YG_DATA_DATE_H
#define YG_DATA_DATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct yg_date {
    int year, month, day;  /* month and day from 1 */
    int hour, minute;      /* as they are written, in the zone that is written */
    double second;         /* with its fraction; 60 is not allowed */
    int offset;            /* of the zone, in minutes east of Greenwich; 0 where none is written */
    unsigned has_time : 1; /* the text had a time of day */
} yg_date;

/* Reads a date, or a date and a time, as ISO 8601 writes them: 2024-02-29, 20240229, 2024/02/29,
 * each followed by nothing or by T or a blank and 13:05, 13:05:59 or 13:05:59.25, then nothing, Z
 * or +01:00. False if the text is anything else, or a day that does not exist. */
bool yg_date_parse(const char *text, size_t size, yg_date *date);

/* Reads a date by a format, as strptime() in the C locale: %Y %y %m %d %j %b %B %a %A %H %I %p %M
 * %S %f %z %s %% and blanks; other characters stand for themselves. %f is a fraction of a second,
 * %z an offset or Z, %s seconds since 1970-01-01. */
bool yg_date_parse_format(const char *text, size_t size, const char *format, yg_date *date);
/* The first conversion of a format that is unknown; NULL: none is. */
const char *yg_date_unknown_conversion(const char *format);

/* Seconds since 1970-01-01 00:00 UTC as a date there. False outside the years 1 to 9999. */
bool yg_date_from_seconds(double seconds, yg_date *date);

/* Days from 1970-01-01 to a day; negative before it. */
int64_t yg_date_days(int year, int month, int day);
/* The same to a moment, with the part of the day, counted in UTC. */
double yg_date_moment(const yg_date *date);

bool yg_date_is_leap(int year);
int yg_date_month_days(int year, int month);
int yg_date_day_of_year(const yg_date *date); /* from 1 */
int yg_date_weekday(const yg_date *date);     /* 0 is Monday */
int yg_date_week(const yg_date *date);        /* ISO 8601's, from 1 to 53 */
double yg_date_day_part(const yg_date *date); /* of the day that is over, in [0, 1) */

#endif
