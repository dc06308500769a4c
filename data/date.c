/*
 * The calendar, and dates as texts: see date.h.
 */
#include "date.h"

#include <math.h>
#include <string.h>
#include <strings.h>

/* -------------------------------------------------------------------------------- calendar --- */

bool yg_date_is_leap(int year) {
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int yg_date_month_days(int year, int month) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && yg_date_is_leap(year));
}

/* Days of the months before `month`. */
static int days_before(int year, int month) {
    int days = 0;
    for (int m = 1; m < month; m++)
        days += yg_date_month_days(year, m);
    return days;
}

/* Days of the years 1 to year - 1. */
static int64_t days_of_years(int year) {
    const int64_t before = year - 1;
    return 365 * before + before / 4 - before / 100 + before / 400;
}

enum { DAYS_TO_1970 = 719162 }; /* days_of_years(1970) */

int64_t yg_date_days(int year, int month, int day) {
    return days_of_years(year) + days_before(year, month) + day - 1 - DAYS_TO_1970;
}

double yg_date_day_part(const yg_date *date) {
    return ((date->hour * 60 + date->minute) * 60 + date->second) / 86400;
}

double yg_date_moment(const yg_date *date) {
    const double seconds = (date->hour * 60 + date->minute - date->offset) * 60 + date->second;
    return (double)yg_date_days(date->year, date->month, date->day) + seconds / 86400;
}

int yg_date_day_of_year(const yg_date *date) {
    return days_before(date->year, date->month) + date->day;
}

int yg_date_weekday(const yg_date *date) {
    /* 0001-01-01 was a Monday. */
    return (int)((yg_date_days(date->year, date->month, date->day) + DAYS_TO_1970) % 7);
}

/* Weeks of a year: 53 where January 1 is a Thursday, or a Wednesday of a leap year. */
static int weeks_of(int year) {
    const yg_date first = {.year = year, .month = 1, .day = 1};
    const int weekday = yg_date_weekday(&first);
    return 52 + (weekday == 3 || (weekday == 2 && yg_date_is_leap(year)));
}

int yg_date_week(const yg_date *date) {
    /* Week 1 holds the year's first Thursday. */
    const int week = (yg_date_day_of_year(date) - 1 - yg_date_weekday(date) + 10) / 7;
    if (week < 1)
        return date->year > 1 ? weeks_of(date->year - 1) : 52;
    return week > weeks_of(date->year) ? 1 : week;
}

static bool exists(const yg_date *d) {
    return d->year >= 1 && d->year <= 9999 && d->month >= 1 && d->month <= 12 && d->day >= 1 &&
           d->day <= yg_date_month_days(d->year, d->month) && d->hour >= 0 && d->hour <= 23 &&
           d->minute >= 0 && d->minute <= 59 && d->second >= 0 && d->second < 60 &&
           d->offset > -24 * 60 && d->offset < 24 * 60;
}

bool yg_date_from_seconds(double seconds, yg_date *date) {
    const double day = floor(seconds / 86400);
    if (!(day > -DAYS_TO_1970 - 1.0 && day < (double)yg_date_days(9999, 12, 31) + 1))
        return false;
    const int64_t days = (int64_t)day + DAYS_TO_1970;
    double rest = seconds - day * 86400;
    int year = (int)(days / 366) + 1, month = 1;
    while (year < 9999 && days_of_years(year + 1) <= days)
        year++;
    int left = (int)(days - days_of_years(year));
    for (; left >= yg_date_month_days(year, month); month++)
        left -= yg_date_month_days(year, month);
    rest = rest < 86400 ? rest : nextafter(86400, 0); /* the difference was rounded up */
    *date = (yg_date){.year = year, .month = month, .day = left + 1, .has_time = 1};
    date->hour = (int)(rest / 3600);
    date->minute = (int)((rest - date->hour * 3600) / 60);
    date->second = rest - date->hour * 3600 - date->minute * 60;
    return exists(date);
}

/* --------------------------------------------------------------------------------- reading --- */

/* What is left of a text. */
typedef struct rest {
    const char *at, *end;
} rest;

static bool is_digit(const rest *r) {
    return r->at < r->end && *r->at >= '0' && *r->at <= '9';
}

/* Takes `most` digits at most and `least` at least. */
static bool take_number(rest *r, int least, int most, int *number) {
    int count = 0;
    *number = 0;
    for (; count < most && is_digit(r); count++)
        *number = 10 * *number + (*r->at++ - '0');
    return count >= least;
}

static bool take(rest *r, char c) {
    if (r->at == r->end || *r->at != c)
        return false;
    r->at++;
    return true;
}

/* Takes digits behind a decimal point. */
static bool take_fraction(rest *r, double *fraction) {
    double unit = 0.1;
    *fraction = 0;
    if (!is_digit(r))
        return false;
    for (; is_digit(r); unit /= 10)
        *fraction += unit * (*r->at++ - '0');
    *fraction = *fraction < 1 ? *fraction : nextafter(1, 0);
    return true;
}

/* "Z", "+01:00", "+0100" or "+01". */
static bool take_offset(rest *r, int *offset) {
    int hours, minutes = 0;
    *offset = 0;
    if (take(r, 'Z') || take(r, 'z'))
        return true;
    const int sign = take(r, '-') ? -1 : 1;
    if (sign > 0 && !take(r, '+'))
        return false;
    if (!take_number(r, 2, 2, &hours))
        return false;
    if ((take(r, ':') || is_digit(r)) && !take_number(r, 2, 2, &minutes))
        return false;
    *offset = sign * (60 * hours + minutes);
    return minutes < 60;
}

/* "13:05", "13:05:59", "13:05:59.25", and an offset where there is one. */
static bool take_time(rest *r, yg_date *date) {
    int second = 0;
    double fraction = 0;
    date->has_time = 1;
    if (!take_number(r, 2, 2, &date->hour) || !take(r, ':') || !take_number(r, 2, 2, &date->minute))
        return false;
    if (take(r, ':') && (!take_number(r, 2, 2, &second) ||
                         ((take(r, '.') || take(r, ',')) && !take_fraction(r, &fraction))))
        return false;
    date->second = second + fraction;
    return r->at == r->end || take_offset(r, &date->offset);
}

bool yg_date_parse(const char *text, size_t size, yg_date *date) {
    rest r = {text, text + size};
    *date = (yg_date){0};
    if (!take_number(&r, 4, 4, &date->year))
        return false;
    const char separator = r.at < r.end ? *r.at : '\0';
    const bool separated = separator == '-' || separator == '/';
    if ((separated && !take(&r, separator)) || !take_number(&r, 2, 2, &date->month) ||
        (separated && !take(&r, separator)) || !take_number(&r, 2, 2, &date->day))
        return false;
    if ((take(&r, 'T') || take(&r, ' ')) && !take_time(&r, date))
        return false;
    return r.at == r.end && exists(date);
}

/* --------------------------------------------------------------------------------- formats --- */

static const char *const months[] = {"January",   "February", "March",    "April",
                                     "May",       "June",     "July",     "August",
                                     "September", "October",  "November", "December"};
static const char *const weekdays[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                       "Friday", "Saturday", "Sunday"};

/* Takes a name, in full or its first three letters, in upper or lower case; its number from 1. */
static bool take_name(rest *r, const char *const *names, int count, int *number) {
    const size_t left = (size_t)(r->end - r->at);
    for (int i = 0; i < count; i++) {
        const size_t whole = strlen(names[i]);
        const size_t length = left >= whole && strncasecmp(r->at, names[i], whole) == 0 ? whole : 3;
        if (left >= length && strncasecmp(r->at, names[i], length) == 0) {
            r->at += length;
            *number = i + 1;
            return true;
        }
    }
    return false;
}

/* What a format has read beside a date. */
typedef struct reading {
    yg_date *date;
    double fraction;
    int afternoon;   /* 1: AM, 2: PM; 0: not said */
    int day_of_year; /* 0: not said */
    bool seconds;    /* %s has set all */
} reading;

static bool take_seconds(rest *r, reading *into) {
    const bool negative = take(r, '-');
    double seconds = 0, fraction = 0;
    if (!is_digit(r))
        return false;
    for (; is_digit(r); r->at++)
        seconds = 10 * seconds + (*r->at - '0');
    if (take(r, '.') && !take_fraction(r, &fraction))
        return false;
    seconds += fraction;
    into->seconds = true;
    return yg_date_from_seconds(negative ? -seconds : seconds, into->date);
}

static bool take_time_conversion(rest *r, char conversion, reading *into) {
    static const char *const halves[] = {"AM", "PM"};
    yg_date *date = into->date;
    int number;
    date->has_time = 1;
    switch (conversion) {
    case 'H':
    case 'I':
        return take_number(r, 1, 2, &date->hour) &&
               (conversion == 'H' || (date->hour >= 1 && date->hour <= 12));
    case 'M':
        return take_number(r, 1, 2, &date->minute);
    case 'S':
        if (!take_number(r, 1, 2, &number))
            return false;
        date->second = number;
        return true;
    case 'f':
        return take_fraction(r, &into->fraction);
    case 'z':
        return take_offset(r, &date->offset);
    case 's':
        return take_seconds(r, into);
    default: /* 'p' */
        for (int i = 0; i < 2; i++)
            if (r->end - r->at >= 2 && strncasecmp(r->at, halves[i], 2) == 0)
                into->afternoon = i + 1;
        r->at += into->afternoon ? 2 : 0;
        return into->afternoon != 0;
    }
}

static bool take_conversion(rest *r, char conversion, reading *into) {
    yg_date *date = into->date;
    int number;
    switch (conversion) {
    case 'Y':
        return take_number(r, 4, 4, &date->year);
    case 'y': /* as POSIX: 69 to 99 are of the last century */
        if (!take_number(r, 2, 2, &number))
            return false;
        date->year = number + (number < 69 ? 2000 : 1900);
        return true;
    case 'm':
        return take_number(r, 1, 2, &date->month);
    case 'd':
        return take_number(r, 1, 2, &date->day);
    case 'j':
        return take_number(r, 1, 3, &into->day_of_year) && into->day_of_year > 0;
    case 'b':
    case 'B':
        return take_name(r, months, 12, &date->month);
    case 'a':
    case 'A':
        return take_name(r, weekdays, 7, &number);
    case '%':
        return take(r, '%');
    default:
        return take_time_conversion(r, conversion, into);
    }
}

/* Puts together what the conversions have read. */
static bool finish(const reading *read) {
    yg_date *date = read->date;
    if (read->seconds)
        return true;
    if (read->afternoon) {
        if (date->hour < 1 || date->hour > 12)
            return false;
        date->hour = date->hour % 12 + (read->afternoon == 2 ? 12 : 0);
    }
    date->second += read->fraction;
    if (read->day_of_year && date->year >= 1) {
        int left = read->day_of_year;
        if (left > 365 + yg_date_is_leap(date->year))
            return false;
        for (date->month = 1; left > yg_date_month_days(date->year, date->month); date->month++)
            left -= yg_date_month_days(date->year, date->month);
        date->day = left;
    }
    return exists(date);
}

bool yg_date_parse_format(const char *text, size_t size, const char *format, yg_date *date) {
    rest r = {text, text + size};
    reading read = {.date = date};
    *date = (yg_date){.day = 1, .month = 1};
    for (const char *f = format; *f; f++) {
        if (*f == ' ') {
            while (r.at < r.end && *r.at == ' ')
                r.at++;
        } else if (*f == '%') {
            f++;
            if (!take_conversion(&r, *f, &read))
                return false;
        } else if (!take(&r, *f)) {
            return false;
        }
    }
    return r.at == r.end && finish(&read);
}

const char *yg_date_unknown_conversion(const char *format) {
    for (const char *f = strchr(format, '%'); f; f = strchr(f + 2, '%'))
        if (!f[1] || !strchr("YymdjbBaAHIpMSfzs%", f[1]))
            return f;
    return NULL;
}
